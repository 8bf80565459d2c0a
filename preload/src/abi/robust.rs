//! What the kernel does for a dying thread's robust mutexes (Linux `kernel/futex/core.c`, `exit_robust_list`), done
//! for a coroutine, whose death the kernel does not see.

use super::base::Wake;
use super::descriptor::{robust_head, tid};
use core::sync::atomic::{AtomicU32, Ordering};

/// `struct robust_list_head` (set_robust_list(2)).
#[repr(C)]
pub struct Head {
    list: usize,
    futex_offset: isize,
    pending: usize,
}

// Futex words (<linux/futex.h>).
const WAITERS: u32 = 0x8000_0000;
const OWNER_DIED: u32 = 0x4000_0000;
const TID_MASK: u32 = 0x3fff_ffff;
/// The kernel's bound, which ends a walk over a list that the program has made circular.
const ROBUST_LIST_LIMIT: usize = 2048;

/// Marks every robust mutex that the ending thread `t` still owns with OWNER_DIED, so that its next locker gets
/// EOWNERDEAD, and calls `wake` on the futex word of each that has waiters (it wakes one).
///
/// # Safety
/// FS is `t`, or nobody runs on `t`.
pub(super) unsafe fn release(t: *mut u8, wake: Wake) {
    let head = robust_head(t);
    // SAFETY: the list is glibc's, kept for the kernel to read at any moment; its nodes are mutexes that `t` has locked,
    // and a mutex that is unmapped while locked would fault here, where the kernel would stop.
    unsafe {
        let end = head as usize;
        let (mut entry, pending, offset) = ((*head).list, (*head).pending, (*head).futex_offset);
        for _ in 0..ROBUST_LIST_LIMIT {
            if entry & !1 == end || entry & !1 == 0 {
                break;
            }
            // Read on before the next locker may take the mutex and relink it.
            let next = *((entry & !1) as *const usize);
            if entry != pending {
                die(entry, offset, tid(t), false, wake);
            }
            entry = next;
        }
        if pending & !1 != 0 {
            die(pending, offset, tid(t), true, wake);
        }
        (*head).list = end;
        (*head).pending = 0;
    }
}

/// One mutex. Bit 0 of `entry` says that it is priority-inheriting: those waiters are the kernel's to wake.
unsafe fn die(entry: usize, offset: isize, owner: u32, pending: bool, wake: Wake) {
    let inheriting = entry & 1 != 0;
    let word = (entry & !1).wrapping_add_signed(offset) as *const u32;
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
