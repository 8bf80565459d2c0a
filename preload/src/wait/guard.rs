//! Who calls: a coroutine that may park, or a thread that acts natively.

use crate::abi::Tcb;
pub use iopatch_runtime::local::id;
use iopatch_runtime::task;
pub use iopatch_runtime::task::{Task, current as coroutine};

/// The caller's coroutine, even while it is bound to an OS thread and acts natively; `None`: a thread of the kernel's.
pub fn self_task() -> Option<&'static Task> {
    task::own()
}

/// The coroutine that `thread` is; `None`: a thread of the kernel's, libc knows it.
///
/// # Safety
/// `thread` is a thread that is alive or can be joined, as POSIX demands of the program.
pub unsafe fn task_of(thread: libc::pthread_t) -> Option<&'static Task> {
    // SAFETY: the caller's promise: the descriptor exists.
    unsafe { task::of_thread(thread as usize) }
}

/// The coroutine's descriptor.
#[inline]
pub fn tcb(task: &Task) -> Tcb {
    // SAFETY: a task that is in use has one, until the thread was joined, or has ended detached; then nobody has the task.
    unsafe { Tcb::at(task.thread_pointer() as *mut u8) }
}
