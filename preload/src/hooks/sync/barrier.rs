//! Barriers. One 64-bit word holds the number of the round and how many have arrived in it: the last to arrive starts
//! the next round in the same step, so the barrier can be used again at once, by more threads than it counts, too.
//!
//! `out` counts those who have not returned yet. The serial thread may destroy the barrier while the others are still on
//! their way out; `pthread_barrier_destroy` waits for them, as glibc's does. Process-shared barriers are libc's.
//! Source: `nptl/pthread_barrier_wait.c`.

use crate::abi::sync::Barrier;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait;
use libc::*;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// In `out`: somebody waits in `pthread_barrier_destroy`.
const DESTROYING: u32 = 1 << 31;
const ARRIVED: u64 = u32::MAX as u64;

/// # Safety
/// `barrier` is an initialised barrier that outlives the use of the result.
unsafe fn view<'a>(barrier: *const pthread_barrier_t) -> &'a Barrier {
    // SAFETY: `Barrier` has the layout of `pthread_barrier_t`, and all its fields that we use are atomic.
    unsafe { &*barrier.cast::<Barrier>() }
}

impl Barrier {
    fn is_shared(&self) -> bool {
        self.shared.load(Relaxed) != 0
    }

    /// Counts the caller in: the word as it found it, and whether it was the last of its round.
    fn arrive(&self) -> (u64, bool) {
        let count = u64::from(self.count.load(Relaxed));
        let is_last = |word| (word & ARRIVED) + 1 == count;
        let step = |word: u64| Some(if is_last(word) { (word & !ARRIVED).wrapping_add(ARRIVED + 1) } else { word + 1 });
        let found = self.round.fetch_update(AcqRel, Relaxed, step).unwrap_or_else(|word| word);
        (found, is_last(found))
    }

    fn wait(&self) -> c_int {
        self.inside.fetch_add(1, Relaxed);
        let address = self.round.as_ptr().addr();
        let (found, is_last) = self.arrive();
        if is_last {
            wait::unpark(address, usize::MAX);
        } else {
            let same_round = || self.round.load(Acquire) >> 32 == found >> 32;
            while same_round() {
                wait::park(Family::Barrier, address, same_round, None);
            }
        }
        self.leave();
        if is_last { PTHREAD_BARRIER_SERIAL_THREAD } else { 0 }
    }

    /// The last to leave wakes the destroyer. The barrier may be gone after the subtraction.
    fn leave(&self) {
        let destroyer = self.inside.as_ptr().addr();
        if self.inside.fetch_sub(1, Release) == DESTROYING + 1 {
            wait::unpark(destroyer, usize::MAX);
        }
    }
}

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn pthread_barrier_init(
    barrier: *mut pthread_barrier_t,
    attr: *const pthread_barrierattr_t,
    n: c_uint,
) -> c_int {
    unsafe { real::pthread_barrier_init(barrier, attr, n) }
}

pub unsafe fn pthread_barrier_wait(barrier: *mut pthread_barrier_t) -> c_int {
    let view = unsafe { view(barrier) };
    if view.is_shared() {
        return wait::may_block(|| unsafe { real::pthread_barrier_wait(barrier) });
    }
    view.wait()
}

pub unsafe fn pthread_barrier_destroy(barrier: *mut pthread_barrier_t) -> c_int {
    let view = unsafe { view(barrier) };
    if view.is_shared() {
        return wait::may_block(|| unsafe { real::pthread_barrier_destroy(barrier) });
    }
    view.inside.fetch_or(DESTROYING, Relaxed);
    let occupied = || view.inside.load(Acquire) != DESTROYING;
    while occupied() {
        wait::park(Family::Barrier, view.inside.as_ptr().addr(), occupied, None);
    }
    0
}
