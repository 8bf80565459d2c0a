//! poll(2) and select(2): waiting for any of many descriptors.
//!
//! A select is a poll here, as it is in the kernel (`fs/select.c`): its sets say which events to ask of which number,
//! and the answer is written back into them at the end. Each attempt is a poll without a wait.
//!
//! What libc itself has to wait for goes to libc, under handoff: descriptors that epoll does not watch.

use super::limit::{self, Limit};
use super::set::Set;
use super::sets::{Sets, count_bits};
use crate::signals::mask_of;
use crate::sys::errno;
use crate::sys::kernel;
use crate::sys::memory;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::guard::{self, Task};
use crate::wait::{self, Deadline, Entry};
use libc::*;
use std::ptr::{from_ref, null};

/// After so many wakes in one wait that led to nothing, libc waits: the reactor tells a hang-up, and the end of a stream
/// whose data nobody reads, as readiness of every kind, again and again, where these calls tell them apart.
const PATIENCE: u32 = 64;

/// An attempt's result once the patience is at its end. No call of libc has it.
const ENOUGH: c_int = c_int::MIN;

/// The calling coroutine, if it waits cooperatively; else libc's own call is the answer, as it is to a mask that can't be
/// read. One that does not wait may still let signals in, some of which only we know.
pub(in crate::hooks) fn waiter(limit: Limit, mask: *const sigset_t) -> Option<&'static Task> {
    let waits = match limit {
        Limit::Invalid => false,
        Limit::AtOnce => !mask.is_null(),
        Limit::For(_) | Limit::Forever => true,
    };
    guard::coroutine().filter(|_| waits && memory::is_readable_or_null(mask.cast::<u64>()))
}

/// Polls what is asked, without a wait; `count` makes the result of it, and is told whether it is the first attempt.
///
/// The program's numbers are asked, even of a file that was closed in the wait and goes on under another: Linux waits on
/// the open files, but looks at the numbers anew whenever one of those wakes it.
fn attempts(count: impl Fn(&[pollfd], bool) -> c_int) -> impl FnMut(&mut [pollfd], &mut [Entry]) -> c_int {
    let mut patience = PATIENCE;
    move |asked, entries| {
        entries.iter_mut().for_each(Entry::go_home);
        if patience == 0 {
            return ENOUGH;
        }
        let first = patience == PATIENCE;
        patience -= 1;
        match kernel::poll(asked.as_mut_ptr(), asked.len() as nfds_t) {
            none_or_error @ ..=0 => none_or_error,
            _ => count(asked, first),
        }
    }
}

/// Libc's own call, given the time that is left and the mask to wait with.
fn natively(
    task: &'static Task,
    deadline: Option<Deadline>,
    call: impl Fn(*const timespec, *const sigset_t) -> c_int,
) -> c_int {
    wait::natively(task, |mask| {
        let left = deadline.map(|deadline| wait::timespec_of(limit::left(deadline)));
        call(left.as_ref().map_or(null(), from_ref), mask)
    })
}

/// poll(2) by a coroutine. The first try is on the program's own array: it finds every error.
#[inline]
unsafe fn poll_as(
    task: &'static Task,
    family: Family,
    fds: *mut pollfd,
    n: nfds_t,
    limit: Limit,
    mask: Option<u64>,
) -> c_int {
    wait::testcancel();
    match kernel::poll(fds, n) {
        0 => wait::with_mask(task, mask, || unsafe { wait_polled(task, family, fds, n as usize, limit.deadline()) }),
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
    let ready = |asked: &[pollfd], _| asked.iter().filter(|asked| asked.revents != 0).count() as c_int;
    Set::with(n, |set| {
        fds.iter().filter(|one| one.fd >= 0).for_each(|one| set.add(one.fd, one.events));
        match set.wait(task, family, deadline, attempts(ready)) {
            // SAFETY: as above.
            None | Some(ENOUGH) => {
                let array = fds.as_mut_ptr();
                natively(task, deadline, |left, mask| unsafe { real::ppoll(array, n as nfds_t, left, mask) })
            }
            Some(result) => {
                let asked = fds.iter_mut().filter(|one| one.fd >= 0);
                asked.zip(set.told()).for_each(|(one, told)| one.revents = told.revents);
                result
            }
        }
    })
}

/// select(2) by a coroutine. `call` is libc's own, given the time that is left and the mask to wait with.
unsafe fn wait_selected(
    task: &'static Task,
    sets: Sets,
    deadline: Option<Deadline>,
    call: impl Fn(*const timespec, *const sigset_t) -> c_int,
) -> c_int {
    if !sets.are_whole() {
        wait::begin();
        return natively(task, deadline, call);
    }
    // SAFETY: whole, as was just seen, and the program's.
    let members = || unsafe { sets.members() };
    Set::with(members().count(), |set| {
        members().for_each(|(number, events)| set.add(number, events));
        match set.wait(task, Family::Select, deadline, attempts(count_bits)) {
            None | Some(ENOUGH) => natively(task, deadline, call),
            Some(-1) => -1,
            Some(_) if !sets.are_writable() => errno::fail(EFAULT) as c_int,
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
pub(in crate::hooks) unsafe fn poll_for(family: Family, fds: *mut pollfd, n: nfds_t, timeout: c_int) -> c_int {
    let limit = Limit::milliseconds(timeout);
    match waiter(limit, null()) {
        // SAFETY: the program's.
        Some(task) => unsafe { poll_as(task, family, fds, n, limit, None) },
        // SAFETY: the program's.
        None => unsafe { real::poll(fds, n, timeout) },
    }
}

/// As [`ppoll`], counted for `family`.
///
/// # Safety
/// As for ppoll(2).
pub(in crate::hooks) unsafe fn ppoll_for(
    family: Family,
    fds: *mut pollfd,
    n: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY, here and below: the program's.
    let limit = unsafe { Limit::timespec(timeout) };
    match waiter(limit, mask) {
        Some(task) => unsafe { poll_as(task, family, fds, n, limit, mask_of(mask)) },
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
    let (limit, sets) = (unsafe { Limit::timeval(timeout) }, Sets::within_table(n, [read, write, except]));
    let n = sets.count();
    let Some(task) = waiter(limit, null()) else { return unsafe { real::select(n, read, write, except, timeout) } };
    wait::testcancel();
    let deadline = limit.deadline();
    let call = |left, mask| unsafe { real::pselect(n, read, write, except, left, mask) };
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
    let (limit, sets) = (unsafe { Limit::timespec(timeout) }, Sets::within_table(n, [read, write, except]));
    let call = |left, mask| unsafe { real::pselect(sets.count(), read, write, except, left, mask) };
    match waiter(limit, mask) {
        Some(task) => {
            wait::testcancel();
            wait::with_mask(task, unsafe { mask_of(mask) }, || unsafe {
                wait_selected(task, sets, limit.deadline(), call)
            })
        }
        None => call(timeout, mask),
    }
}
