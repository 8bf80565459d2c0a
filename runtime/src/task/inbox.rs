//! The signals of one coroutine: those that were sent to it, and that it has not taken yet (`signals/queue.rs`).

use crate::sys::signal::{Info, Number};

/// One signal in a queue.
pub(crate) struct Entry {
    pub info: Info,
    pub number: Number,
    /// It was sent to the process, which may have to take it back.
    pub passed_on: bool,
    pub next: *mut Entry,
}
