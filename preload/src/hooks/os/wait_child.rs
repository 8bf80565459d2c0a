//! The wait family: a coroutine that waits for a child to end, a given one or any, parks, as `iopatch_runtime::children`
//! has it.
//!
//! Whatever else may end a wait is told to nobody but those who wait in the kernel: one of a group, stops and
//! continuations, clones. Such waits are libc's own, under handoff, once a look has found nothing. A traced child is the
//! exception: its stops end every wait of its tracer, so who waits for a given child looks again from time to time.

use crate::sys::errno;
use crate::sys::memory;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::guard;
use crate::wait::{self, Call, Deadline, Interest, Wake};
use iopatch_runtime::children;
use libc::*;
use std::ptr::null_mut;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Acquire;

/// Between two looks at a given child, which may be traced.
const LOOK: u64 = 100_000_000;
/// How often one who waits for a given child has looked in vain before it waits natively: its word is others', too.
const PATIENCE: u32 = 16;

/// The bytes of a siginfo_t that waitid(2) writes in any case, up to who the child is.
const TOLD: usize = 24;

/// What tells that a wait may be over.
struct Watch<F> {
    /// Changes then.
    word: &'static AtomicU32,
    /// Has the word changed when the time has come; false where nothing can.
    ask: F,
    /// Between two looks regardless, in nanoseconds.
    look: Option<u64>,
    patience: u32,
}

fn of_child(pid: pid_t) -> Watch<impl Fn() -> bool> {
    Watch { word: children::word(pid), ask: move || children::watch(pid), look: Some(LOOK), patience: PATIENCE }
}

fn of_any() -> Watch<impl Fn() -> bool> {
    Watch { word: children::any::word(), ask: children::any::watch, look: None, patience: u32::MAX }
}

/// Waits until `attempt`, which looks, has a result other than 0, "not yet". The last resort is `native`.
fn until_told<F: Fn() -> bool>(watch: Watch<F>, attempt: impl Fn() -> c_int, native: impl FnOnce() -> c_int) -> c_int {
    let word = watch.word;
    let mut asked = None;
    wait::begin();
    for _ in 0..watch.patience {
        let seen = word.load(Acquire);
        match attempt() {
            0 => {}
            result => return result,
        }
        if asked != Some(seen) && !(watch.ask)() {
            break;
        }
        asked = Some(seen);
        while word.load(Acquire) == seen {
            let look = watch.look.map(Deadline::after);
            match wait::park(Family::Os, word.as_ptr().addr(), || word.load(Acquire) == seen, look) {
                Wake::TimedOut => match attempt() {
                    0 => {}
                    result => return result,
                },
                Wake::Interrupted if wait::is_interrupted(true) || wait::cancel_requested() => {
                    wait::testcancel();
                    return errno::fail(EINTR) as c_int;
                }
                _ => {}
            }
        }
    }
    wait::block(native)
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn wait4(pid: pid_t, status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t {
    let native = || unsafe { real::wait4(pid, status, options, usage) };
    if guard::coroutine().is_none() || options & WNOHANG != 0 {
        return native();
    }
    let attempt = || unsafe { real::wait4(pid, status, options | WNOHANG, usage) };
    match attempt() {
        0 if pid > 0 && options & !__WALL == 0 => until_told(of_child(pid), attempt, native),
        0 if pid == -1 && options == 0 => until_told(of_any(), attempt, native),
        0 => wait::block(native),
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
    let is_told = || info.is_null() || memory::is_writable(info.addr(), TOLD);
    if guard::coroutine().is_none() || options & WNOHANG != 0 || options & WEXITED == 0 || !is_told() {
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
        0 if options & !(WEXITED | WNOWAIT | __WALL) != 0 => wait::block(native),
        0 if kind == P_PID => until_told(of_child(id as pid_t), || look(id), native),
        0 if kind == P_ALL && options & __WALL == 0 => until_told(of_any(), || look(id), native),
        0 if kind == P_PIDFD => until_readable(id as c_int, look),
        0 => wait::block(native),
        result => result,
    };
    done.min(0)
}

/// waitid(P_PIDFD), on a descriptor of the program's.
fn until_readable(pidfd: c_int, look: impl Fn(id_t) -> c_int) -> c_int {
    let call = Call::new(Family::Os, pidfd, Interest::READ);
    let attempt = |fd, _| match look(fd as id_t) {
        0 => errno::fail(EAGAIN),
        result => result as ssize_t,
    };
    wait::retry(call, attempt) as c_int
}
