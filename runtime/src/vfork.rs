//! vfork(2): the child runs with the caller's storage and on its stack; the caller sleeps in the kernel until the child has
//! ended or has another program.
//!
//! What the runtime keeps in that storage is the parent's, and so are the descriptors, masks and handlers that it knows:
//! [`is_vfork_child`](crate::local::is_vfork_child) tells the child, which acts natively. A handler that ran in the
//! parent while it is told so would be taken for the child's: so every signal is blocked around the system call.

use crate::local::{Local, Opaque};
use crate::sched;
use crate::section;
use crate::sync::Relaxed;
use crate::sys::signal;
use crate::task;
use core::ptr::null_mut;

/// What the parent is to be again.
#[repr(C)]
pub struct Parent {
    mask: u64,
    /// The coroutine, if it may park.
    task: *mut Opaque,
}

/// The caller is about to make the system call.
pub fn begin() -> Parent {
    if let Some(task) = task::current() {
        sched::hand_over(task);
    }
    let (mine, mask) = (Local::mine(), signal::block_all());
    mine.vforks.fetch_add(1, Relaxed);
    Parent { mask, task: mine.current.swap(null_mut(), Relaxed) }
}

/// In the child.
pub fn begin_child(parent: &Parent) {
    signal::restore(parent.mask);
}

/// In the parent, when the child is gone, or there is none.
pub fn end(parent: &Parent) {
    let mine = Local::mine();
    mine.current.store(parent.task, Relaxed);
    mine.vforks.fetch_sub(1, Relaxed);
    signal::restore(parent.mask);
    // What came meanwhile the child may have looked away from.
    section::look();
}
