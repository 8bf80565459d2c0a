//! Signal masks: a thread's own, so a coroutine's.

use super::thread::pthread_sigmask;
use crate::fd;
use libc::{c_int, sigset_t};

/// sigprocmask(2) of a process with threads is pthread_sigmask(3), as glibc has it, but for the error.
pub unsafe fn sigprocmask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int {
    // SAFETY: the program's: both take the same arguments.
    match unsafe { pthread_sigmask(how, set, old) } {
        0 => 0,
        error => fd::fail(error) as c_int,
    }
}
