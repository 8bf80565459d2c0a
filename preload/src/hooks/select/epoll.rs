//! epoll(7) of the program's own. An epoll descriptor can itself be watched: it is readable while it has an event to
//! tell, so waiting for events is waiting for a descriptor. See [`epoll_ctl`] for those that can't.

use super::limit::{self, Limit};
use super::polls::waiter;
use super::set::Set;
use crate::signals::mask_of;
use crate::sys::errno;
use crate::sys::kernel;
use crate::sys::memory;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::fd;
use crate::wait::guard::Task;
use crate::wait::{self, Entry};
use iopatch_runtime::sys::descriptor;
use libc::*;
use std::ptr::null;

/// epoll_wait(2) by a coroutine. The set's first attempt finds every error.
#[inline(never)]
unsafe fn wait_events(task: &'static Task, fd: c_int, events: *mut epoll_event, n: c_int, limit: Limit) -> c_int {
    let deadline = limit.deadline();
    Set::with(1, |set| {
        set.add(fd, POLLIN);
        let take = |_: &mut [pollfd], entries: &mut [Entry]| kernel::epoll_wait(entries[0].fd(), events, n);
        set.wait(task, Family::Select, deadline, take).unwrap_or_else(|| {
            wait::natively(task, |mask| {
                // Rounded up: a wait must not end before its time.
                let ms = |end| limit::left(end).div_ceil(1_000_000).min(c_int::MAX as u64) as c_int;
                // SAFETY: the program's arguments.
                unsafe { real::epoll_pwait(fd, events, n, deadline.map_or(-1, ms), mask) }
            })
        })
    })
}

/// Waits as the mask demands; `call` is libc's own. One that does not wait lets no signal in, unlike a poll.
unsafe fn wait_masked(
    fd: c_int,
    events: *mut epoll_event,
    n: c_int,
    limit: Limit,
    mask: *const sigset_t,
    call: impl FnOnce() -> c_int,
) -> c_int {
    match waiter(limit, mask).filter(|_| !matches!(limit, Limit::AtOnce)) {
        Some(task) => {
            wait::testcancel();
            // SAFETY: the program's arguments.
            unsafe { wait::with_mask(task, mask_of(mask), || wait_events(task, fd, events, n, limit)) }
        }
        None => call(),
    }
}

fn born(fd: c_int) -> c_int {
    if fd >= 0 { fd::born(fd, false) } else { fd }
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn epoll_wait(fd: c_int, events: *mut epoll_event, n: c_int, timeout: c_int) -> c_int {
    let call = || unsafe { real::epoll_wait(fd, events, n, timeout) };
    unsafe { wait_masked(fd, events, n, Limit::milliseconds(timeout), null(), call) }
}

pub unsafe fn epoll_pwait(
    fd: c_int,
    events: *mut epoll_event,
    n: c_int,
    timeout: c_int,
    mask: *const sigset_t,
) -> c_int {
    let call = || unsafe { real::epoll_pwait(fd, events, n, timeout, mask) };
    unsafe { wait_masked(fd, events, n, Limit::milliseconds(timeout), mask, call) }
}

pub unsafe fn epoll_pwait2(
    fd: c_int,
    events: *mut epoll_event,
    n: c_int,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    let call = || unsafe { real::epoll_pwait2(fd, events, n, timeout, mask) };
    if !memory::is_readable_or_null(timeout) {
        return call();
    }
    unsafe { wait_masked(fd, events, n, Limit::timespec(timeout), mask, call) }
}

pub unsafe fn epoll_create(size: c_int) -> c_int {
    born(unsafe { real::epoll_create(size) })
}

pub unsafe fn epoll_create1(flags: c_int) -> c_int {
    born(unsafe { real::epoll_create1(flags) })
}

/// A set that nobody but its user may look at, since that takes events of its members, is waited for in the kernel. So is
/// one whose growth the kernel refuses, since it counts ours among the sets that a file is in.
pub unsafe fn epoll_ctl(fd: c_int, op: c_int, target: c_int, event: *mut epoll_event) -> c_int {
    if descriptor::is_hidden(fd) || descriptor::is_hidden(target) {
        return errno::fail(EBADF) as c_int;
    }
    let call = || unsafe { real::epoll_ctl(fd, op, target, event) };
    if op != EPOLL_CTL_ADD {
        return call();
    }
    if fd::is_taken_by_poll(target) {
        return fd::unwatched(fd, call);
    }
    let errno = errno::get();
    let done = call();
    if done == 0 || !matches!(errno::get(), EINVAL | ELOOP) || !fd::is_watched(fd) {
        return done;
    }
    let again = fd::unwatched(fd, call);
    if again == 0 {
        errno::set(errno);
    }
    again
}
