//! clone(2), and the word that the kernel clears at a thread's end.
//!
//! CLONE_CHILD_CLEARTID and set_tid_address(2) name a word: when the thread ends, the kernel stores 0 there and wakes one
//! who waits on it, without FUTEX_PRIVATE_FLAG. It knows nobody in the lot; so waits on such a word are the kernel's, from
//! when it is named.
//!
//! A coroutine ends without the kernel: what it has named is cleared for it ([`clear`]).

use super::words::Words;
use crate::export::real;
use crate::guard;
use crate::wait;
use libc::*;

/// The words that were named.
static NAMED: Words = Words::new();

/// Whether the kernel itself may wake those who wait on this word.
#[inline]
pub fn is_named(word: usize) -> bool {
    NAMED.has(word)
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

// SAFETY, of the functions below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn clone(
    start: usize,
    stack: usize,
    flags: c_int,
    arg: usize,
    parent_tid: usize,
    tls: usize,
    child_tid: usize,
) -> c_int {
    if flags & CLONE_CHILD_CLEARTID != 0 {
        NAMED.add(child_tid);
    }
    unsafe { real::clone(start, stack, flags, arg, parent_tid, tls, child_tid) }
}

/// Answers with the thread's id.
pub unsafe fn set_tid_address(number: c_long, word: usize) -> c_int {
    if let Some(task) = guard::self_task() {
        task.clear_at_end.set(word);
        return task.id() as c_int;
    }
    NAMED.add(word);
    unsafe { real::syscall(number, word, 0, 0, 0, 0, 0) as c_int }
}
