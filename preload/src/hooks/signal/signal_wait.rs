//! Waiting for signals.
//!
//! sigsuspend(2) and pause(2) park: a handler that has run ends them. sigwait(3) and its like are the kernel's, under
//! handoff, since only there is a signal to the process taken by exactly one of those who wait for it. What was sent to
//! the coroutine itself is in its queue, and a marked signal of that number ends the kernel's wait.

use crate::hooks::select::limit::is_time;
use crate::signals::{bits, mask_of};
use crate::sys::errno;
use crate::sys::memory;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::guard::{self, Task};
use crate::wait::{self, Deadline};
use iopatch_runtime::now;
use iopatch_runtime::signals::{self, Info, Number, SI_TKILL};
use iopatch_runtime::sys::signal;
use libc::*;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

/// Waits until a handler has run, with `mask` as the coroutine's.
pub(in crate::hooks) fn suspend(task: &'static Task, mask: u64) -> c_int {
    wait::testcancel();
    wait::with_mask(task, Some(mask), || {
        let nobody = 0u8;
        loop {
            wait::let_handlers_run(task);
            if wait::is_interrupted(false) {
                return errno::fail(EINTR) as c_int;
            }
            wait::park(Family::Signal, (&raw const nobody).addr(), || true, None);
        }
    })
}

/// Takes a signal of `wanted`, waiting until `deadline` for one. Its number, or -1 with EAGAIN or EINTR.
pub(in crate::hooks) fn take(task: &'static Task, wanted: u64, info: &mut Info, deadline: Option<Deadline>) -> c_int {
    wait::begin();
    task.set_awaited(wanted);
    let result = loop {
        // From here on a nudge is kept: one that comes before the wait ends it.
        signal::block_nudges();
        let result = match signals::take(task, wanted) {
            Some((number, told)) => {
                *info = told;
                number.0 as isize
            }
            None if wait::cancel_requested() => -(EINTR as isize),
            None => wait_in_kernel(wanted, info, deadline),
        };
        signal::unblock_nudges();
        match Number::new(result.max(0) as u32) {
            Some(Number::NUDGE) => answer(info),
            Some(number) => break number.0 as c_int,
            None if result == -(EINTR as isize) && (wait::cancel_requested() || !wait::is_interrupted(false)) => {}
            None => break errno::fail(-result as c_int) as c_int,
        }
        wait::testcancel();
    };
    task.set_awaited(0);
    result
}

fn wait_in_kernel(wanted: u64, info: &mut Info, deadline: Option<Deadline>) -> isize {
    let left = deadline.map(|Deadline(at)| {
        let left = at.saturating_sub(now());
        [left / 1_000_000_000, left % 1_000_000_000]
    });
    wait::block(|| signal::wait_for(wanted | Number::NUDGE.bit(), info, left))
}

/// The wait has taken the signal by which threads are nudged: not ours to keep if it is glibc's.
fn answer(info: &Info) {
    if !info.is_mark() {
        signal::send_to_self(Number::NUDGE, info);
    }
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn sigsuspend(mask: *const sigset_t) -> c_int {
    match guard::self_task().filter(|_| memory::is_readable(mask.addr(), size_of::<u64>())) {
        Some(task) => suspend(task, unsafe { mask_of(mask) }.unwrap_or(0)),
        None => unsafe { real::sigsuspend(mask) },
    }
}

pub unsafe fn pause() -> c_int {
    match guard::self_task() {
        Some(task) => suspend(task, task.mask()),
        None => unsafe { real::pause() },
    }
}

/// BSD's mask has the first 32 signals.
pub unsafe fn sigpause(mask: c_int) -> c_int {
    match guard::self_task() {
        Some(task) => suspend(task, u64::from(mask as u32)),
        None => unsafe { real::sigpause(mask) },
    }
}

/// Unblocks one signal for the length of the wait.
pub unsafe fn __xpg_sigpause(signum: c_int) -> c_int {
    match (guard::self_task(), Number::new(signum as u32)) {
        (Some(task), Some(number)) => suspend(task, task.mask() & !number.bit()),
        _ => unsafe { real::__xpg_sigpause(signum) },
    }
}

pub unsafe fn sigtimedwait(set: *const sigset_t, info: *mut siginfo_t, timeout: *const timespec) -> c_int {
    let readable = memory::is_readable(set.addr(), size_of::<u64>()) && memory::is_readable_or_null(timeout);
    let Some(task) = guard::self_task().filter(|_| readable) else {
        return unsafe { real::sigtimedwait(set, info, timeout) };
    };
    wait::testcancel();
    let time = unsafe { timeout.as_ref() };
    if time.is_some_and(|time| !is_time(time)) {
        return errno::fail(EINVAL) as c_int;
    }
    let mut told = MaybeUninit::<Info>::zeroed();
    let told = unsafe { told.assume_init_mut() };
    let deadline = time.map(|time| Deadline::after(wait::nanoseconds(time)));
    let number = take(task, unsafe { bits(set) }, told, deadline);
    if number > 0 && !info.is_null() {
        // glibc tells of a signal by tgkill(2) as of one by kill(2), here alone (`sigtimedwait.c`).
        if told.code == SI_TKILL {
            told.code = SI_USER;
        }
        if !memory::write(info.cast::<Info>(), *told) {
            return errno::fail(EFAULT) as c_int;
        }
    }
    number
}

pub unsafe fn sigwaitinfo(set: *const sigset_t, info: *mut siginfo_t) -> c_int {
    unsafe { sigtimedwait(set, info, null()) }
}

/// A handler does not end it (glibc `sigwait.c`).
pub unsafe fn sigwait(set: *const sigset_t, signum: *mut c_int) -> c_int {
    if guard::self_task().is_none() {
        return unsafe { real::sigwait(set, signum) };
    }
    loop {
        match unsafe { sigtimedwait(set, null_mut(), null()) } {
            -1 if errno::get() == EINTR => {}
            -1 => return errno::get(),
            number => {
                unsafe { signum.write(number) };
                return 0;
            }
        }
    }
}
