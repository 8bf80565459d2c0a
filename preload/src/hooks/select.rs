//! poll(2) and select(2): waiting for any of many descriptors.
//!
//! A select is a poll here, as it is in the kernel (`fs/select.c`): its sets say which events to ask of which number,
//! and the answer is written back into them at the end. Each attempt is a poll without a wait.
//!
//! What libc itself has to wait for goes to libc, under handoff: other signal masks than the thread's own, and
//! descriptors that epoll does not watch.

pub mod limit;
pub mod set;

pub use super::epoll::{epoll_create, epoll_create1, epoll_ctl, epoll_pwait, epoll_pwait2, epoll_wait};

use crate::export::{Family, real};
use crate::fd;
use crate::guard::{self, Task};
use crate::wait::{self, Deadline};
use libc::*;
use limit::Limit;
use set::Set;
use std::ptr::{from_ref, null};

/// After so many wakes in one wait that led to nothing, libc waits: the reactor tells a hang-up, and the end of a stream
/// whose data nobody reads, as readiness of every kind, again and again, where these calls tell them apart.
const PATIENCE: u32 = 64;

/// An attempt's result once the patience is at its end. No call of libc has it.
const ENOUGH: c_int = c_int::MIN;

/// The calling coroutine, if it waits cooperatively.
pub(super) fn waiter(limit: Limit) -> Option<&'static Task> {
    guard::coroutine().filter(|_| !matches!(limit, Limit::AtOnce))
}

/// Whether `mask` is another signal mask than the coroutine's own. Not compared: what can't be blocked, and what glibc
/// keeps from the program.
///
/// # Safety
/// `mask` is null or a signal set.
pub(super) unsafe fn changes_mask(task: &Task, mask: *const sigset_t) -> bool {
    const SIGCANCEL: c_int = 32;
    const SIGSETXID: c_int = 33;
    const FREE: u64 = !(1 << (SIGKILL - 1) | 1 << (SIGSTOP - 1) | 1 << (SIGCANCEL - 1) | 1 << (SIGSETXID - 1));
    // SAFETY: the caller's promise; the kernel's mask is the first word of glibc's.
    unsafe { mask.cast::<u64>().as_ref() }.is_some_and(|mask| (mask ^ task.mask.get()) & FREE != 0)
}

/// Polls what is asked, without a wait; `count` makes the result of it.
fn attempts(count: impl Fn(&[pollfd]) -> c_int) -> impl FnMut(&mut [pollfd]) -> c_int {
    let mut patience = PATIENCE;
    move |asked| {
        if patience == 0 {
            return ENOUGH;
        }
        patience -= 1;
        // SAFETY: a slice of ours.
        match unsafe { real::poll(asked.as_mut_ptr(), asked.len() as nfds_t, 0) } {
            none_or_error @ ..=0 => none_or_error,
            _ => count(asked),
        }
    }
}

/// Libc's own call, given the time that is left.
fn natively(deadline: Option<Deadline>, call: impl FnOnce(*const timespec) -> c_int) -> c_int {
    let left = deadline.map(|deadline| wait::timespec_of(limit::left(deadline)));
    wait::detach_at_once(|| call(left.as_ref().map_or(null(), from_ref)))
}

/// poll(2) by a coroutine. The first try is on the program's own array: it finds every error.
#[inline]
unsafe fn poll_as(task: &'static Task, family: Family, fds: *mut pollfd, n: nfds_t, limit: Limit) -> c_int {
    // SAFETY: the program's arguments.
    match unsafe { real::poll(fds, n, 0) } {
        0 => unsafe { wait_polled(task, family, fds, n as usize, limit.deadline()) },
        result => result,
    }
}

#[inline(never)]
unsafe fn wait_polled(
    task: &'static Task,
    family: Family,
    fds: *mut pollfd,
    n: usize,
    deadline: Option<Deadline>,
) -> c_int {
    // SAFETY: the kernel has just read and written the program's array.
    let fds: &mut [pollfd] = if n == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(fds, n) } };
    let ready = |asked: &[pollfd]| asked.iter().filter(|asked| asked.revents != 0).count() as c_int;
    Set::with(n, |set| {
        fds.iter().filter(|one| one.fd >= 0).for_each(|one| set.add(one.fd, one.events));
        match set.wait(task, family, deadline, attempts(ready)) {
            // SAFETY: as above.
            None | Some(ENOUGH) => {
                natively(deadline, |left| unsafe { real::ppoll(fds.as_mut_ptr(), n as nfds_t, left, null()) })
            }
            Some(result) => {
                let asked = fds.iter_mut().filter(|one| one.fd >= 0);
                asked.zip(set.told()).for_each(|(one, (_, told))| one.revents = told.revents);
                result
            }
        }
    })
}

/// What a set asks of poll, and what of the answer counts (`fs/select.c`: POLLIN_SET and so on).
const KINDS: [(c_short, c_short); 3] = [
    (POLLIN | POLLRDNORM | POLLRDBAND, POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR),
    (POLLOUT | POLLWRNORM | POLLWRBAND, POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR),
    (POLLPRI, POLLPRI),
];

/// The sets of a select: for reading, for writing, for exceptions.
#[derive(Clone, Copy)]
struct Sets {
    /// How many numbers the sets speak of, from 0.
    n: c_int,
    words: [*mut u64; 3],
}

impl Sets {
    fn new(n: c_int, sets: [*mut fd_set; 3]) -> Sets {
        Sets { n, words: sets.map(<*mut fd_set>::cast) }
    }

    /// Whether the kernel reads all of the sets: it stops at the end of its table of descriptors, where the program's
    /// memory may end, too. A negative `n` is an error.
    fn are_whole(self) -> bool {
        (0..=FD_SETSIZE as c_int).contains(&self.n) || self.n > 0 && fd::is_open(self.n - 1)
    }

    /// # Safety
    /// `set` is one of `words`, and the sets are whole.
    unsafe fn word(self, set: usize, index: usize) -> u64 {
        // SAFETY: the caller's promise.
        unsafe { self.words[set].wrapping_add(index).as_ref() }.filter(|_| !self.words[set].is_null()).map_or(0, |w| *w)
    }

    fn word_count(self) -> usize {
        (self.n as usize).div_ceil(64)
    }

    /// The numbers that are in any set, each with the events to ask.
    ///
    /// # Safety
    /// The sets are whole.
    unsafe fn members(self) -> impl Iterator<Item = (c_int, c_short)> {
        let numbers = (0..self.word_count()).flat_map(move |index| {
            // SAFETY: the caller's promise.
            let words = [0, 1, 2].map(|set| unsafe { self.word(set, index) });
            ones(words[0] | words[1] | words[2]).map(move |bit| {
                let kinds = KINDS.iter().zip(words).filter(move |(_, word)| word >> bit & 1 == 1);
                ((index * 64) as c_int + bit, kinds.fold(0, |all, ((asks, _), _)| all | asks))
            })
        });
        numbers.take_while(move |&(number, _)| number < self.n)
    }

    /// Replaces the members by those that are ready. Whole words are written, as by the kernel.
    ///
    /// # Safety
    /// The sets are whole and writable.
    unsafe fn answer(self, set: &Set) {
        for (words, kind) in self.words.into_iter().zip(KINDS).filter(|(words, _)| !words.is_null()) {
            // SAFETY: the caller's promise; the numbers are members of the sets.
            unsafe {
                words.write_bytes(0, self.word_count());
                for (number, _) in set.told().filter(|(_, told)| is_ready(told, kind)) {
                    *words.add(number as usize / 64) |= 1 << (number % 64);
                }
            }
        }
    }
}

/// The positions of the bits that are set.
fn ones(mut word: u64) -> impl Iterator<Item = c_int> {
    std::iter::from_fn(move || {
        let lowest = word.trailing_zeros();
        word &= word.checked_sub(1)?;
        Some(lowest as c_int)
    })
}

/// Whether `one` is a member of the set of this kind in the answer.
fn is_ready(one: &pollfd, (asks, tells): (c_short, c_short)) -> bool {
    one.events & asks != 0 && one.revents & tells != 0
}

/// How many bits of the answer will be set; EBADF for a number that is not open.
fn count_bits(asked: &[pollfd]) -> c_int {
    if asked.iter().any(|one| one.revents & POLLNVAL != 0) {
        return fd::fail(EBADF) as c_int;
    }
    let bits = |one: &pollfd| KINDS.into_iter().filter(|&kind| is_ready(one, kind)).count();
    asked.iter().map(bits).sum::<usize>() as c_int
}

/// select(2) by a coroutine. `call` is libc's own, given the time that is left.
unsafe fn wait_selected(
    task: &'static Task,
    sets: Sets,
    deadline: Option<Deadline>,
    call: impl Fn(*const timespec) -> c_int,
) -> c_int {
    if !sets.are_whole() {
        return natively(deadline, call);
    }
    wait::testcancel();
    // SAFETY: whole, as was just seen, and the program's.
    let members = || unsafe { sets.members() };
    Set::with(members().count(), |set| {
        members().for_each(|(number, events)| set.add(number, events));
        match set.wait(task, Family::Select, deadline, attempts(count_bits)) {
            None | Some(ENOUGH) => natively(deadline, call),
            Some(-1) => -1,
            Some(bits) => {
                // SAFETY: as above.
                unsafe { sets.answer(set) };
                bits
            }
        }
    })
}

/// As [`poll`], counted for `family`: the fortified name comes here, too.
///
/// # Safety
/// As for poll(2).
pub(super) unsafe fn poll_for(family: Family, fds: *mut pollfd, n: nfds_t, timeout: c_int) -> c_int {
    let limit = Limit::milliseconds(timeout);
    match waiter(limit) {
        // SAFETY: the program's.
        Some(task) => unsafe { poll_as(task, family, fds, n, limit) },
        // SAFETY: the program's.
        None => unsafe { real::poll(fds, n, timeout) },
    }
}

/// As [`ppoll`], counted for `family`.
///
/// # Safety
/// As for ppoll(2).
pub(super) unsafe fn ppoll_for(
    family: Family,
    fds: *mut pollfd,
    n: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY, here and below: the program's.
    let limit = unsafe { Limit::timespec(timeout) };
    match waiter(limit) {
        Some(task) if unsafe { changes_mask(task, mask) } => {
            wait::detach_at_once(|| unsafe { real::ppoll(fds, n, timeout, mask) })
        }
        Some(task) => unsafe { poll_as(task, family, fds, n, limit) },
        None => unsafe { real::ppoll(fds, n, timeout, mask) },
    }
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn poll(fds: *mut pollfd, n: nfds_t, timeout: c_int) -> c_int {
    unsafe { poll_for(Family::Select, fds, n, timeout) }
}

pub unsafe fn ppoll(fds: *mut pollfd, n: nfds_t, timeout: *const timespec, mask: *const sigset_t) -> c_int {
    unsafe { ppoll_for(Family::Select, fds, n, timeout, mask) }
}

/// Linux writes the time that is left, whatever the result.
pub unsafe fn select(
    n: c_int,
    read: *mut fd_set,
    write: *mut fd_set,
    except: *mut fd_set,
    timeout: *mut timeval,
) -> c_int {
    let limit = unsafe { Limit::timeval(timeout) };
    let Some(task) = waiter(limit) else { return unsafe { real::select(n, read, write, except, timeout) } };
    let (sets, deadline) = (Sets::new(n, [read, write, except]), limit.deadline());
    let call = |left: *const timespec| unsafe { real::pselect(n, read, write, except, left, null()) };
    let result = unsafe { wait_selected(task, sets, deadline, call) };
    if let Some(deadline) = deadline {
        unsafe { timeout.write(limit::left_timeval(deadline)) };
    }
    result
}

pub unsafe fn pselect(
    n: c_int,
    read: *mut fd_set,
    write: *mut fd_set,
    except: *mut fd_set,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    let call = |left, mask| unsafe { real::pselect(n, read, write, except, left, mask) };
    let limit = unsafe { Limit::timespec(timeout) };
    match waiter(limit) {
        Some(task) if unsafe { changes_mask(task, mask) } => wait::detach_at_once(|| call(timeout, mask)),
        Some(task) => {
            let sets = Sets::new(n, [read, write, except]);
            unsafe { wait_selected(task, sets, limit.deadline(), |left| call(left, null())) }
        }
        None => call(timeout, mask),
    }
}
