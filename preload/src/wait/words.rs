//! Futex words whose waiters are in the kernel, where otherwise they would be in the lot.
//!
//! Kept for good, as bits of a filter: a word that is taken for one of them by mistake only costs its waiters an OS thread.

use crate::wait;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicU64, fence};

const BITS: usize = 4096;

/// A bit for each word, by a hash of its address.
pub struct Words([AtomicU64; BITS / 64]);

impl Words {
    pub const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; BITS / 64])
    }

    /// The part of the filter for a word, and its bit there.
    fn place(&self, word: usize) -> (&AtomicU64, u64) {
        // Knuth's multiplicative hash; the upper bits are the best mixed.
        let hash = (word as u64 >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
        let bit = hash as usize % BITS;
        (&self.0[bit / 64], 1 << (bit % 64))
    }

    /// Whether the word is one of them. A waker that has changed the word before sees it if the waiter, which adds the word
    /// before it looks at the value, has not seen the change.
    #[inline]
    pub fn has(&self, word: usize) -> bool {
        let (part, bit) = self.place(word);
        fence(SeqCst);
        part.load(SeqCst) & bit != 0
    }

    /// From here on it is. Who waits in the lot already is woken, to go to the kernel.
    pub fn add(&self, word: usize) {
        let (part, bit) = self.place(word);
        part.fetch_or(bit, SeqCst);
        wait::unpark(word, usize::MAX);
    }
}
