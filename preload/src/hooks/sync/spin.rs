//! Spin locks. The holder may be a coroutine that waits for the very worker on which the caller spins, so the caller lets
//! others run after a while. Words as in glibc on x86 (`sysdeps/x86_64/nptl/pthread_spin_*.S`), process-shared or not.

use crate::abi::sync::{SPIN_FREE, SPIN_HELD, Spin};
use crate::table::real;
use crate::wait;
use libc::*;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Looks between two yields: about as long as a short critical section of another processor.
const SPINS: u32 = 100;

/// # Safety
/// `lock` is an initialised spin lock that outlives the use of the result.
unsafe fn view<'a>(lock: *mut pthread_spinlock_t) -> &'a Spin {
    // SAFETY: `Spin` has the layout of `pthread_spinlock_t`, and is atomic.
    unsafe { &*lock.cast::<Spin>() }
}

impl Spin {
    #[inline]
    fn try_take(&self) -> bool {
        self.word.compare_exchange(SPIN_FREE, SPIN_HELD, Acquire, Relaxed).is_ok()
    }

    /// glibc's own lockers, in another process, count a held lock down: any value below `SPIN_FREE` is held.
    fn is_free(&self) -> bool {
        self.word.load(Relaxed) >= SPIN_FREE
    }

    #[cold]
    fn take_waiting(&self) {
        while !self.is_free() || !self.try_take() {
            let seen = (0..SPINS).any(|_| {
                std::hint::spin_loop();
                self.is_free()
            });
            if !seen {
                wait::yield_now();
            }
        }
    }
}

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn pthread_spin_init(lock: *mut pthread_spinlock_t, shared: c_int) -> c_int {
    unsafe { real::pthread_spin_init(lock, shared) }
}

pub unsafe fn pthread_spin_destroy(lock: *mut pthread_spinlock_t) -> c_int {
    unsafe { real::pthread_spin_destroy(lock) }
}

pub unsafe fn pthread_spin_lock(lock: *mut pthread_spinlock_t) -> c_int {
    let lock = unsafe { view(lock) };
    if !lock.try_take() {
        lock.take_waiting();
    }
    0
}

pub unsafe fn pthread_spin_trylock(lock: *mut pthread_spinlock_t) -> c_int {
    if unsafe { view(lock) }.try_take() { 0 } else { EBUSY }
}

pub unsafe fn pthread_spin_unlock(lock: *mut pthread_spinlock_t) -> c_int {
    unsafe { view(lock) }.word.store(SPIN_FREE, Release);
    0
}
