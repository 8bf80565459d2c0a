//! Which signals to the process main leaves to the coroutines.
//!
//! The kernel gives a signal to main if main does not block it, else to another OS thread that does not. Which signals main
//! blocks and some coroutine does not ([`wanted`], see `signals/process.rs`) is kept up to date by counting. Nearly all coroutines
//! have one mask, the one that main had at the start: that one is only counted.

use crate::sync::{AtomicU32, AtomicU64, Lock, Relaxed, SeqCst};
use crate::sys::signal;

/// The mask that most coroutines have.
static COMMON: AtomicU64 = AtomicU64::new(signal::ALL);
/// How many have it.
static COMMON_COUNT: AtomicU32 = AtomicU32::new(0);
/// What coroutines with other masks leave open.
static OTHERS: AtomicU64 = AtomicU64::new(0);
/// How many coroutines with other masks leave each signal open.
static COUNTS: Lock<[u32; 64]> = Lock::new([0; 64]);
/// What main blocks.
static MAIN: AtomicU64 = AtomicU64::new(0);
/// What main blocks and a coroutine does not, as of the last change.
static WANTED: AtomicU64 = AtomicU64::new(0);

/// Main has `mask` now.
pub fn set_main(mask: u64) {
    MAIN.store(mask, SeqCst);
}

/// At the start of the runtime: the mask that new threads inherit.
pub(crate) fn begin(common: u64) {
    COMMON.store(common, Relaxed);
    COMMON_COUNT.store(0, Relaxed);
    OTHERS.store(0, Relaxed);
    WANTED.store(0, Relaxed);
    // SAFETY: no coroutine exists yet, and in a forked child no other thread.
    unsafe { COUNTS.forget_holder() };
    *COUNTS.lock() = [0; 64];
}

/// The signals that a coroutine does not block.
fn open() -> u64 {
    let common = if COMMON_COUNT.load(SeqCst) > 0 { !COMMON.load(Relaxed) } else { 0 };
    common | OTHERS.load(SeqCst)
}

/// The signals that main blocks and a coroutine does not: nearly always none.
#[inline]
pub(crate) fn wanted() -> u64 {
    WANTED.load(SeqCst)
}

/// Brings [`wanted`] up to date after a change of a mask, and says whether it was another.
pub(crate) fn update() -> bool {
    let wanted = || open() & MAIN.load(SeqCst) & signal::ALL;
    let before = WANTED.load(SeqCst);
    loop {
        // Two may be here at once: whoever stores last looks once more, and sees what both have changed.
        let now = wanted();
        WANTED.store(now, SeqCst);
        if wanted() == now {
            return now != before;
        }
    }
}

/// The signals that a thread of the program would take.
pub(crate) fn allowed() -> u64 {
    open() | !MAIN.load(SeqCst)
}

/// A coroutine begins with `mask`.
pub(crate) fn add(mask: u64) {
    if mask == COMMON.load(Relaxed) {
        COMMON_COUNT.fetch_add(1, SeqCst);
    } else {
        count(mask, |n| n + 1);
    }
}

/// A coroutine that had `mask` ends, or has another one. False: others leave open what it did.
pub(crate) fn remove(mask: u64) -> bool {
    if mask == COMMON.load(Relaxed) {
        return COMMON_COUNT.fetch_sub(1, SeqCst) == 1;
    }
    count(mask, |n| n - 1);
    true
}

fn count(mask: u64, change: impl Fn(u32) -> u32) {
    let mut counts = COUNTS.lock();
    let mut open = 0;
    for (bit, n) in counts.iter_mut().enumerate() {
        if mask & 1 << bit == 0 {
            *n = change(*n);
        }
        open |= u64::from(*n > 0) << bit;
    }
    OTHERS.store(open, SeqCst);
}
