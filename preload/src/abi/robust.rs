//! What the kernel does for a dying thread's robust mutexes (Linux `kernel/futex/core.c`, `exit_robust_list`), done
//! for a coroutine, whose death the kernel does not see.

use super::descriptor::{Head, Tcb};
use core::sync::atomic::{AtomicU32, Ordering};

// Futex words (<linux/futex.h>).
const WAITERS: u32 = 0x8000_0000;
const OWNER_DIED: u32 = 0x4000_0000;
const TID_MASK: u32 = 0x3fff_ffff;
/// The bit in a node's address.
const INHERITING: usize = 1;
/// The kernel's bound, which ends a walk over a list that the program has made circular.
const ROBUST_LIST_LIMIT: usize = 2048;

/// Wakes one waiter of a futex word, wherever it waits.
pub type Wake = unsafe extern "C" fn(*const u32);

/// The nodes of a list, each with bit 0 set if its mutex is priority-inheriting. The next one is read before one is given
/// out, since its next locker may relink that.
struct Nodes {
    next: usize,
    end: usize,
    left: usize,
}

impl Nodes {
    /// # Safety
    /// The list is glibc's, kept for the kernel to read at any moment, and stays as it is.
    unsafe fn of(head: *const Head) -> Self {
        // SAFETY: the caller's promise.
        Self { next: unsafe { (*head).list }, end: head as usize, left: ROBUST_LIST_LIMIT }
    }
}

impl Iterator for Nodes {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let node = self.next;
        if node & !INHERITING == self.end || node & !INHERITING == 0 || self.left == 0 {
            return None;
        }
        // SAFETY: the promise of `of`; a mutex that is unmapped while locked would fault here, where the kernel would stop.
        self.next = unsafe { *((node & !INHERITING) as *const usize) };
        self.left -= 1;
        Some(node)
    }
}

/// Whether the ending thread `t` still owns a mutex whose waiters only the kernel can wake: that is done by the end of the
/// OS thread.
///
/// # Safety
/// FS is `t`, or nobody runs on `t`.
pub unsafe fn kernel_inherits(t: Tcb) -> bool {
    // SAFETY: the caller's promise.
    unsafe { Nodes::of(t.robust_head()) }.any(|node| node & INHERITING != 0)
}

/// Releases what the ending thread `t` still owns, unless the kernel is to.
///
/// # Safety
/// FS is `t`.
pub(super) unsafe fn release_unless_inherited(t: Tcb, wake: Wake) {
    // SAFETY: the caller's promise.
    unsafe {
        if !kernel_inherits(t) {
            release(t, wake);
        }
    }
}

/// Marks every robust mutex that the ending thread `t` still owns with OWNER_DIED, so that its next locker gets
/// EOWNERDEAD, and calls `wake` on the futex word of each that has waiters (it wakes one).
///
/// # Safety
/// FS is `t`, or nobody runs on `t`.
unsafe fn release(t: Tcb, wake: Wake) {
    let head = t.robust_head();
    // SAFETY: the caller's promise; the nodes are mutexes that `t` has locked.
    unsafe {
        let (pending, offset) = ((*head).pending, (*head).futex_offset);
        for node in Nodes::of(head).filter(|&node| node != pending) {
            die(node, offset, t.tid(), false, wake);
        }
        if pending & !INHERITING != 0 {
            die(pending, offset, t.tid(), true, wake);
        }
        (*head).list = head as usize;
        (*head).pending = 0;
    }
}

/// One mutex.
unsafe fn die(node: usize, offset: isize, owner: u32, pending: bool, wake: Wake) {
    let inheriting = node & INHERITING != 0;
    let word = (node & !INHERITING).wrapping_add_signed(offset) as *const u32;
    // SAFETY: the caller's: the word is the lock of a mutex on the list.
    let lock = unsafe { &*word.cast::<AtomicU32>() };
    let mut seen = lock.load(Ordering::Relaxed);
    // Released or being taken, but the wake-up may not have been sent.
    if pending && !inheriting && seen & TID_MASK == 0 {
        // SAFETY: the futex word of a mutex, which `wake` only passes on.
        return unsafe { wake(word) };
    }
    while seen & TID_MASK == owner {
        let dead = seen & WAITERS | OWNER_DIED;
        match lock.compare_exchange(seen, dead, Ordering::Release, Ordering::Relaxed) {
            // SAFETY: as above.
            Ok(_) if seen & WAITERS != 0 && !inheriting => return unsafe { wake(word) },
            Ok(_) => return,
            Err(now) => seen = now,
        }
    }
}
