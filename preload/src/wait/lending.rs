//! Open files that are lent: for the length of a call that takes microseconds they are not as the program has made them
//! (`fd::while_nonblocking`). Who has the file, too, would see that: another process, or another number.
//!
//! So none is lent while files are being shared, by a fork or what is like it, and who shares waits first for those that
//! are. One word decides who comes first, so that a file which is made between the wait and the fork is no exception. Who
//! may not lend does without, and only pays more; so nothing is lost where a handler that does not return leaves a
//! sharing without an end.

use iopatch_runtime::sys::futex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// How many files are lent, in the lower half; how many threads share files, in the upper one.
static WORD: AtomicU32 = AtomicU32::new(0);
const SHARING: u32 = 1 << 16;
const LENT: u32 = SHARING - 1;

/// Makes `call`, for whose length a file is lent. It neither waits nor is a cancellation point, and the caller is in a
/// section. `None`: files are being shared.
pub fn lend<R>(call: impl FnOnce() -> R) -> Option<R> {
    WORD.fetch_update(AcqRel, Acquire, |word| (word < SHARING).then_some(word + 1)).ok()?;
    let result = call();
    if WORD.fetch_sub(1, AcqRel) > SHARING {
        futex::wake(&WORD, i32::MAX as u32);
    }
    Some(result)
}

/// From here on no file is lent, until [`end_sharing`].
pub fn begin_sharing() {
    let mut word = WORD.fetch_add(SHARING, AcqRel) + SHARING;
    while word & LENT != 0 {
        let _ = futex::wait(&WORD, word, None);
        word = WORD.load(Acquire);
    }
}

pub fn end_sharing() {
    WORD.fetch_sub(SHARING, AcqRel);
}

/// In the child of a fork: those who lent and shared are not in this process.
pub fn forget() {
    WORD.store(0, Relaxed);
}
