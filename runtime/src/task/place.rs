//! A place that somebody may be found in, by strangers, until he leaves it.
//!
//! One word decides: it says whether somebody is there, and counts those who have looked and are not done with him. Who
//! looks counts himself and learns in the same step whether somebody is there; who leaves says so, and learns in the same
//! step whether he is in use. Then he waits until nobody is counted.

use crate::sync::{AcqRel, Acquire, AtomicPtr, AtomicU32, Relaxed, Release};
use crate::sys::futex;

/// Somebody is there.
const PRESENT: u32 = 1 << 30;
/// He who leaves sleeps until nobody is counted.
const AWAITED: u32 = 1 << 31;
const USERS: u32 = PRESENT - 1;

/// All-zero is a place where nobody is.
#[derive(Default)]
pub struct Place<T> {
    word: AtomicU32,
    holder: AtomicPtr<T>,
}

impl<T> Place<T> {
    /// `holder` can be found from here on.
    pub fn enter(&self, holder: *mut T) {
        self.holder.store(holder, Relaxed);
        self.word.fetch_or(PRESENT, Release);
    }

    /// Nobody finds the holder any more, and when this returns nobody uses him.
    pub fn leave(&self) {
        if self.word.fetch_and(!PRESENT, AcqRel) & USERS != 0 {
            self.wait_for_users();
        }
    }

    #[cold]
    fn wait_for_users(&self) {
        loop {
            let word = self.word.fetch_or(AWAITED, AcqRel) | AWAITED;
            if word & USERS == 0 {
                break;
            }
            futex::wait(&self.word, word, None);
        }
        self.word.fetch_and(!AWAITED, Relaxed);
    }

    /// Calls `found` with the holder, if there is one; meanwhile he can't leave.
    pub fn with<R>(&self, found: impl FnOnce(*mut T) -> R) -> Option<R> {
        let there = self.word.fetch_add(1, Acquire) & PRESENT != 0;
        let result = there.then(|| found(self.holder.load(Relaxed)));
        let last = self.word.fetch_sub(1, Release);
        if last & AWAITED != 0 && last & USERS == 1 {
            futex::wake(&self.word, 1);
        }
        result
    }
}
