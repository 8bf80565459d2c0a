//! The word that the kernel clears at a thread's end.
//!
//! CLONE_CHILD_CLEARTID and set_tid_address(2) name a word: when the thread ends, the kernel stores 0 there and wakes one
//! who waits on it, without FUTEX_PRIVATE_FLAG. It knows nobody in the lot; so waits on such a word are the kernel's, from
//! when it is named.
//!
//! A coroutine ends without the kernel: what it has named is cleared for it ([`clear`]).

use super::words::Words;
use crate::table::real;
use crate::wait;
use libc::{FUTEX_OP_CMP_LT, FUTEX_OP_SET, FUTEX_WAKE_OP, SYS_futex};

/// The words that were named.
static NAMED: Words = Words::new();

/// Whether the kernel itself may wake those who wait on this word.
#[inline]
pub fn is_named(word: usize) -> bool {
    NAMED.has(word)
}

/// A thread of the kernel's has named `word`.
pub fn add(word: usize) {
    NAMED.add(word);
}

/// The thread that named `word` has ended: as the kernel does it, without a fault where it can't be written.
pub fn clear(word: usize) {
    // FUTEX_WAKE_OP: stores 0, wakes one, and another one if the old value was less than -2048, which it can't be.
    let set_to_zero = (FUTEX_OP_SET << 28 | FUTEX_OP_CMP_LT << 24 | 0x800) as usize;
    // SAFETY: the kernel checks the address.
    let woken = unsafe { real::syscall(SYS_futex, word, FUTEX_WAKE_OP as usize, 1, 0, word, set_to_zero) };
    if woken == 0 {
        wait::unpark(word, 1);
    }
}
