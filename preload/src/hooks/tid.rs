//! Thread ids.

use crate::export::real;
use crate::guard;
use libc::pid_t;

/// A coroutine's own id: unique in the process, the same for its whole life, whatever OS thread runs it.
pub unsafe fn gettid() -> pid_t {
    match guard::self_task() {
        Some(task) => task.id as pid_t,
        // SAFETY: it has no precondition.
        None => unsafe { real::gettid() },
    }
}
