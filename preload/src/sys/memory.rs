//! Memory at an address that the program has given to a system call, and that may be none of its: the kernel answers
//! EFAULT there. So a hook that reads or writes in the kernel's place asks first, and leaves the call to the kernel where
//! the answer is no.
//!
//! The question is rt_sigprocmask(2), the cheapest call that tells (85 ns), and allowed in every sandbox. The caller's own
//! stack, where most of these arguments lie, needs none. What glibc itself reads before the kernel does (the time of a
//! select, an action) is not asked about: there the program dies natively, too.

use iopatch_runtime::{arch, task};
use libc::SYS_rt_sigprocmask;

/// What the question copies.
const WORD: usize = size_of::<u64>();
const PAGE: usize = 4096;

/// Whether the kernel faults on the aligned word at `set`, which it reads, or `old`, which it writes; of none at 0.
fn faults(set: usize, old: usize) -> bool {
    const EFAULT: isize = -(libc::EFAULT as isize);
    // Nothing is to be done with the set, so it is read, and refused; without one, the mask is told.
    let how = if set == 0 { 0 } else { usize::MAX };
    // SAFETY: the kernel checks the addresses; what it writes is the caller's to lose.
    unsafe { arch::syscall(SYS_rt_sigprocmask as usize, [how, set, old, WORD, 0, 0]) == EFAULT }
}

/// Whether these bytes lie in the stack of the calling coroutine.
fn is_own_stack(at: usize, bytes: usize) -> bool {
    let end = at.saturating_add(bytes);
    task::own().is_some_and(|task| task.slot.stack_low <= at && end <= task.slot.stack_high)
}

/// Whether the kernel could read these bytes.
pub fn is_readable(at: usize, bytes: usize) -> bool {
    if bytes == 0 || is_own_stack(at, bytes) {
        return true;
    }
    let Some(last) = at.checked_add(bytes - 1).filter(|_| at >= PAGE) else { return false };
    let pages = (at / PAGE + 1..=last / PAGE).map(|page| page * PAGE);
    std::iter::once(at & !(WORD - 1)).chain(pages).all(|word| !faults(word, 0))
}

/// Whether the kernel could write these bytes, a word at least; some are lost: the caller writes them all next.
pub fn is_writable(at: usize, bytes: usize) -> bool {
    if is_own_stack(at, bytes) {
        return true;
    }
    let Some(last) = at.checked_add(bytes - WORD).filter(|_| at >= PAGE) else { return false };
    let pages = (at / PAGE + 1..=last / PAGE).map(|page| page * PAGE);
    [at, last].into_iter().chain(pages).all(|word| !faults(0, word))
}

/// The value at `at`; `None`: the kernel could not read it.
pub fn read<T: Copy>(at: *const T) -> Option<T> {
    // SAFETY: readable just now; a program that unmaps it meanwhile breaks its own call.
    is_readable(at.addr(), size_of::<T>()).then(|| unsafe { at.read_unaligned() })
}

/// Whether a value could be read at `at`, or that is null.
pub fn is_readable_or_null<T>(at: *const T) -> bool {
    at.is_null() || is_readable(at.addr(), size_of::<T>())
}

/// Stores `value`, of a word at least, at `at`; false: the kernel could not write it.
pub fn write<T: Copy>(at: *mut T, value: T) -> bool {
    let writable = is_writable(at.addr(), size_of::<T>());
    if writable {
        // SAFETY: writable just now, as above.
        unsafe { at.write_unaligned(value) };
    }
    writable
}
