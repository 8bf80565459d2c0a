//! The wait family: a coroutine that waits for one given child to end parks, as `iopatch_runtime::children` has it.
//!
//! Whatever else may end a wait is told to nobody but those who wait in the kernel: any child or one of a group, stops
//! and continuations, clones. Such waits are libc's own, under handoff, once a look has found nothing. A traced child
//! is the exception: its stops end every wait of its tracer, so a parked one looks again from time to time.

use crate::export::{Family, real};
use crate::fd;
use crate::guard;
use crate::wait::{self, Call, Deadline, Interest, Wake};
use iopatch_runtime::children;
use libc::*;
use std::ptr::null_mut;
use std::sync::atomic::Ordering::Acquire;

/// Between two looks at a child that may be traced.
const LOOK: u64 = 100_000_000;
/// How often a waiter that was woken has looked in vain before it waits natively.
const PATIENCE: u32 = 16;

/// Waits for `pid`: `attempt` looks, and returns 0 for "not yet". The last resort is `native`.
fn until_ended(pid: pid_t, attempt: impl Fn() -> c_int, native: impl FnOnce() -> c_int) -> c_int {
    let word = children::word(pid);
    let mut asked = None;
    wait::begin();
    for _ in 0..PATIENCE {
        let seen = word.load(Acquire);
        match attempt() {
            0 => {}
            result => return result,
        }
        if asked != Some(seen) && !children::watch(pid) {
            break;
        }
        asked = Some(seen);
        while word.load(Acquire) == seen {
            let look = Some(Deadline::after(LOOK));
            match wait::park(Family::Os, word.as_ptr().addr(), || word.load(Acquire) == seen, look) {
                Wake::TimedOut => match attempt() {
                    0 => {}
                    result => return result,
                },
                Wake::Interrupted if wait::is_interrupted(true) || wait::cancel_requested() => {
                    wait::testcancel();
                    return fd::fail(EINTR) as c_int;
                }
                _ => {}
            }
        }
    }
    wait::detach_at_once(native)
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn wait4(pid: pid_t, status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t {
    let native = || unsafe { real::wait4(pid, status, options, usage) };
    if guard::coroutine().is_none() || options & WNOHANG != 0 {
        return native();
    }
    let attempt = || unsafe { real::wait4(pid, status, options | WNOHANG, usage) };
    match attempt() {
        0 if pid > 0 && options & !__WALL == 0 => until_ended(pid, attempt, native),
        0 => wait::detach_at_once(native),
        result => result,
    }
}

pub unsafe fn waitpid(pid: pid_t, status: *mut c_int, options: c_int) -> pid_t {
    unsafe { wait4(pid, status, options, null_mut()) }
}

pub unsafe fn wait(status: *mut c_int) -> pid_t {
    unsafe { wait4(-1, status, 0, null_mut()) }
}

pub unsafe fn wait3(status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t {
    unsafe { wait4(-1, status, options, usage) }
}

pub unsafe fn waitid(kind: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int {
    let native = || unsafe { real::waitid(kind, id, info, options) };
    if guard::coroutine().is_none() || options & WNOHANG != 0 || options & WEXITED == 0 {
        return native();
    }
    // Where the program wants no answer, the look still does.
    let mut own: siginfo_t = unsafe { std::mem::zeroed() };
    let answer = if info.is_null() { &raw mut own } else { info };
    let look = |id| match unsafe { real::waitid(kind, id, answer, options | WNOHANG) } {
        0 if unsafe { (*answer).si_pid() } == 0 => 0,
        0 => 1,
        error => error,
    };
    let done = match look(id) {
        0 if options & !(WEXITED | WNOWAIT | __WALL) != 0 => wait::detach_at_once(native),
        0 if kind == P_PID => until_ended(id as pid_t, || look(id), native),
        0 if kind == P_PIDFD => until_readable(id as c_int, look),
        0 => wait::detach_at_once(native),
        result => result,
    };
    done.min(0)
}

/// waitid(P_PIDFD), on a descriptor of the program's.
fn until_readable(pidfd: c_int, look: impl Fn(id_t) -> c_int) -> c_int {
    let call = Call::new(Family::Os, pidfd, Interest::READ);
    let attempt = |fd, _| match look(fd as id_t) {
        0 => fd::fail(EAGAIN),
        result => result as ssize_t,
    };
    wait::retry(call, attempt) as c_int
}
