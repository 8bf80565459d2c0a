//! The signals of one coroutine: those that were sent to it, and that it has not taken yet (`signals/queue.rs`).

use crate::sync::{AtomicU32, AtomicU64};
use crate::sys::signal::{Info, Number};
use core::cell::Cell;
use core::ptr::null_mut;

/// One signal in a queue.
pub(crate) struct Entry {
    pub info: Info,
    pub number: Number,
    /// It was sent to the process, which may have to take it back.
    pub passed_on: bool,
    pub next: *mut Entry,
}

/// See the module.
pub(crate) struct Inbox {
    /// The first of them. Under the lock of all inboxes.
    pub first: Cell<*mut Entry>,
    /// Counts those that were taken.
    pub taken: AtomicU32,
    /// The signals that the thread waits for although it blocks them (sigwait(3)).
    pub awaited: AtomicU64,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { first: Cell::new(null_mut()), taken: AtomicU32::new(0), awaited: AtomicU64::new(0) }
    }
}
