//! What outlives a thread descriptor: its DTV, and malloc's words of libc's TLS (its cache, its arena).
//!
//! Natively a thread gives these back at its end, by a function that libc does not export. Here the next descriptor goes on
//! with them, so that there is no more of them than there were threads at a time. Meanwhile the DTV has the words in its own
//! entries, and is in a list with others: memory goes on a carrier, which must not call the program's malloc.

use super::layout::{KEPT, measured};
use super::raw::Dtv;
use super::tls;
use iopatch_runtime::signals;
use iopatch_runtime::sync::Lock;
use std::ptr::null_mut;

struct List(*mut Dtv);
// SAFETY: the DTVs in the list are nobody's; it is reached under its lock.
unsafe impl Send for List {}

static LIST: Lock<List> = Lock::new(List(null_mut()));

/// Saves what the descriptor `t` holds, before its memory goes; of zeroes, nothing.
///
/// # Safety
/// `t` is a descriptor whose [`run`](super::run) is over, and nobody runs on it, or zeroes that [`create`](super::create)
/// has refused.
pub unsafe fn set_aside(t: *mut u8) {
    // SAFETY: the caller's promise; malloc's words lie in libc's static TLS.
    unsafe {
        let dtv = tls::dtv(t);
        if dtv.is_null() {
            return;
        }
        for (index, &at) in measured().malloc().iter().enumerate() {
            (*dtv.add(1 + index)).value = t.offset(at).cast::<usize>().read();
        }
        signals::section(|| {
            let mut list = LIST.lock();
            (*dtv).value = list.0 as usize;
            list.0 = dtv;
        });
    }
}

/// Gives the zeroed descriptor `t` what another one has left, if there is something.
///
/// # Safety
/// `t` is not in use, and `tls_size` bytes below it are ours.
pub(super) unsafe fn take(t: *mut u8) -> bool {
    let dtv = signals::section(|| {
        let mut list = LIST.lock();
        let first = list.0;
        if !first.is_null() {
            // SAFETY: a DTV in the list is nobody's.
            list.0 = unsafe { (*first).value } as *mut Dtv;
        }
        first
    });
    if dtv.is_null() {
        return false;
    }
    // SAFETY: the caller's promise; malloc's words lie in libc's static TLS.
    unsafe {
        tls::set_dtv(t, dtv);
        for (index, &at) in measured().malloc().iter().enumerate() {
            t.offset(at).cast::<usize>().write((*dtv.add(1 + index)).value);
        }
        tls::renew(t, measured().malloc());
    }
    true
}

/// In the child of a fork: who held the list is not in this process.
///
/// # Safety
/// No other thread of this process exists.
pub unsafe fn forget() {
    // SAFETY: the caller's promise.
    unsafe { LIST.forget_holder() };
    LIST.lock().0 = null_mut();
}

/// A DTV has more entries than this (glibc: DTV_SURPLUS is 14).
const _: () = assert!(KEPT < 14);
