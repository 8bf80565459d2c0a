//! The only source of atomics and locks in this crate: `core`'s in a build, loom's in a model.

#[cfg(not(loom))]
pub use core::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, fence,
};
#[cfg(loom)]
pub use loom::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, fence,
};

pub use core::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

#[cfg(loom)]
pub use loom::thread::yield_now;
#[cfg(loom)]
pub use model::{Guard, Lock};
#[cfg(not(loom))]
pub use native::{Guard, Lock, yield_now};

#[cfg(not(loom))]
mod native {
    use super::{Acquire, AtomicU32, Relaxed, Release};
    use crate::sys::futex;
    use core::cell::UnsafeCell;
    use core::ops::{Deref, DerefMut};

    const FREE: u32 = 0;
    const HELD: u32 = 1;
    const CONTENDED: u32 = 2;

    /// How often a contender looks again before it sleeps. A section is some ten nanoseconds long,
    /// so a holder that is on a CPU is done within these; one that is not has been preempted, and
    /// only sleeping lets it run.
    const SPINS: u32 = 100;

    /// Lets another OS thread run (sched_yield(2)).
    pub fn yield_now() {
        rustix::thread::sched_yield();
    }

    /// A mutual exclusion lock of four bytes for sections that never block: the three-state futex
    /// lock of Drepper's "Futexes Are Tricky".
    ///
    /// It is not a mutex of the program: the contender's OS thread sleeps, not its coroutine, since
    /// the scheduler itself is built on it.
    pub struct Lock<T> {
        word: AtomicU32,
        data: UnsafeCell<T>,
    }

    // SAFETY: the data is reached only through a `Guard`, of which one exists at a time.
    unsafe impl<T: Send> Sync for Lock<T> {}
    // SAFETY: moving the lock moves the data that it owns.
    unsafe impl<T: Send> Send for Lock<T> {}

    impl<T> Lock<T> {
        pub const fn new(data: T) -> Self {
            Self { word: AtomicU32::new(FREE), data: UnsafeCell::new(data) }
        }

        #[inline]
        pub fn lock(&self) -> Guard<'_, T> {
            if self.word.compare_exchange(FREE, HELD, Acquire, Relaxed).is_err() {
                self.contend();
            }
            Guard { lock: self }
        }

        /// Frees the lock in the child of a fork, where its holder, if any, is not.
        ///
        /// # Safety
        /// No other thread of this process exists.
        pub unsafe fn forget_holder(&self) {
            self.word.store(FREE, Relaxed);
        }

        #[cold]
        fn contend(&self) {
            for _ in 0..SPINS {
                core::hint::spin_loop();
                if self.word.load(Relaxed) == FREE && self.word.compare_exchange(FREE, HELD, Acquire, Relaxed).is_ok() {
                    return;
                }
            }
            while self.word.swap(CONTENDED, Acquire) != FREE {
                futex::wait(&self.word, CONTENDED, None);
            }
        }
    }

    /// The right to the data; gives the lock back when dropped.
    pub struct Guard<'a, T> {
        lock: &'a Lock<T>,
    }

    impl<T> Deref for Guard<'_, T> {
        type Target = T;
        #[inline]
        fn deref(&self) -> &T {
            // SAFETY: a guard exists only while its lock is held, by it alone.
            unsafe { &*self.lock.data.get() }
        }
    }

    impl<T> DerefMut for Guard<'_, T> {
        #[inline]
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: a guard exists only while its lock is held, by it alone.
            unsafe { &mut *self.lock.data.get() }
        }
    }

    impl<T> Drop for Guard<'_, T> {
        #[inline]
        fn drop(&mut self) {
            if self.lock.word.swap(FREE, Release) == CONTENDED {
                futex::wake(&self.lock.word, 1);
            }
        }
    }
}

#[cfg(loom)]
mod model {
    /// The same contract as the native lock, on loom's mutex.
    #[derive(Default)]
    pub struct Lock<T>(loom::sync::Mutex<T>);
    pub type Guard<'a, T> = loom::sync::MutexGuard<'a, T>;

    impl<T> Lock<T> {
        pub fn new(data: T) -> Self {
            Self(loom::sync::Mutex::new(data))
        }

        pub fn lock(&self) -> Guard<'_, T> {
            self.0.lock().expect("a model does not poison")
        }
    }
}
