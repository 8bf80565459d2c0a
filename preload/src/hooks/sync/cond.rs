//! Condition variables, on a sequence number.
//!
//! A waiter reads the sequence while it holds the mutex, unlocks, and parks if the sequence is still the same; a signal
//! moves the sequence on and then wakes one. So a signal that comes between the unlock and the park is not lost: the
//! waiter finds another number and returns. Every waiter that a signal could mean either sees the new number or is
//! parked, and in front of those who came after the signal, since the lot is a queue.
//!
//! `__wrefs` counts waiters as glibc's does. It makes a signal without waiters one load, and lets `pthread_cond_destroy`
//! wait for the woken ones, which say goodbye before they ask for the mutex: so the destroyer may hold it.
//!
//! A broadcast wakes all. Moving the waiters to the mutex's queue instead, as glibc did before 2.25, saves a futex call
//! per native waiter, but a moved waiter's time-out then comes after its wake, and it cannot tell.
//!
//! A process-shared condition variable with a mutex that libc understands is libc's. With a private mutex, only threads
//! of this process can be meant: they park here (`shared_cond.rs`), and signals of this process reach both.
//! Source: `nptl/pthread_cond_{wait,signal,broadcast,destroy}.c`.

use super::mutex;
use super::shared_cond::{self, Waiter};
use crate::abi::sync::*;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::{self, Deadline, Wake};
use libc::*;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// # Safety
/// `cond` is an initialised condition variable that outlives the use of the result.
unsafe fn view<'a>(cond: *const pthread_cond_t) -> &'a Cond {
    // SAFETY: `Cond` has the layout of `pthread_cond_t`, and all its fields that we use are atomic.
    unsafe { &*cond.cast::<Cond>() }
}

impl Cond {
    fn is_shared(&self) -> bool {
        self.waiters.load(Relaxed) & COND_SHARED != 0
    }

    fn clock(&self) -> clockid_t {
        if self.waiters.load(Relaxed) & COND_MONOTONIC != 0 { CLOCK_MONOTONIC } else { CLOCK_REALTIME }
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn enter(&self) {
        self.waiters.fetch_add(COND_WAITER, Relaxed);
    }

    /// The last to leave wakes the destroyer. The object may be gone after the subtraction.
    fn leave(&self) {
        let destroyer = self.waiters.as_ptr().addr();
        if self.waiters.fetch_sub(COND_WAITER, Release) & !COND_MONOTONIC == COND_WAITER | COND_DESTROYING {
            wait::unpark(destroyer, usize::MAX);
        }
    }

    /// Sleeps while nobody has signalled since `sequence`. Signal handlers do not end the wait, cancellation does.
    fn sleep(&self, sequence: u64, deadline: Option<Deadline>) -> Wake {
        loop {
            let validate = || self.sequence.load(Acquire) == sequence;
            match wait::park(Family::Cond, self.address(), validate, deadline) {
                Wake::Interrupted if !wait::cancel_requested() => {}
                wake => return wake,
            }
        }
    }

    /// Moves the sequence on and wakes up to `n`.
    fn signal(&self, n: usize) {
        let address = self.address();
        self.sequence.fetch_add(1, Release);
        wait::unpark(address, n);
    }

    fn has_waiters(&self) -> bool {
        self.waiters.load(Relaxed) >= COND_WAITER
    }
}

/// Is the pair libc's to wait on?
///
/// # Safety
/// As for `pthread_cond_wait`.
unsafe fn is_foreign(cond: *const pthread_cond_t, mutex: *const pthread_mutex_t) -> bool {
    // SAFETY: the caller's.
    unsafe { view(cond).is_shared() && mutex::is_foreign(mutex) }
}

/// The mutex is held again on return, and when the cancelled caller unwinds.
///
/// # Safety
/// As for `pthread_cond_wait`.
unsafe fn wait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t, deadline: Option<Deadline>) -> c_int {
    wait::testcancel();
    // SAFETY: the caller's.
    let cond = unsafe { view(cond) };
    // SAFETY: the caller's.
    let waited =
        unsafe { if cond.is_shared() { wait_shared(cond, mutex, deadline) } else { wait_own(cond, mutex, deadline) } };
    let wake = match waited {
        Ok(wake) => wake,
        Err(error) => return error,
    };
    // SAFETY: the caller's.
    let error = unsafe { mutex::lock_after_wait(mutex) };
    match wake {
        _ if error != 0 => return error,
        Wake::TimedOut => return ETIMEDOUT,
        Wake::Interrupted => wait::testcancel(),
        Wake::Unparked | Wake::NotEqual => {}
    }
    0
}

/// The mutex is not held on return, unless it could not be unlocked.
///
/// # Safety
/// As for `pthread_cond_wait`.
unsafe fn wait_own(cond: &Cond, mutex: *mut pthread_mutex_t, deadline: Option<Deadline>) -> Result<Wake, c_int> {
    let sequence = cond.sequence.load(Relaxed);
    cond.enter();
    // SAFETY: the caller's.
    let error = unsafe { mutex::unlock_to_wait(mutex) };
    if error != 0 {
        cond.leave();
        return Err(error);
    }
    let wake = cond.sleep(sequence, deadline);
    cond.leave();
    Ok(wake)
}

/// As [`wait_own`]. A signal counts, even if it comes together with the time-out or the cancellation.
///
/// # Safety
/// As for `pthread_cond_wait`.
unsafe fn wait_shared(cond: &Cond, mutex: *mut pthread_mutex_t, deadline: Option<Deadline>) -> Result<Wake, c_int> {
    let waiter = Waiter::new(cond.address());
    waiter.enter();
    // SAFETY: the caller's.
    let error = unsafe { mutex::unlock_to_wait(mutex) };
    let wake = if error == 0 { waiter.sleep(deadline) } else { Wake::NotEqual };
    let signalled = waiter.leave();
    match (error, signalled) {
        (0, true) => Ok(Wake::Unparked),
        (0, false) => Ok(wake),
        _ => Err(error),
    }
}

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn pthread_cond_init(cond: *mut pthread_cond_t, attr: *const pthread_condattr_t) -> c_int {
    unsafe { real::pthread_cond_init(cond, attr) }
}

pub unsafe fn pthread_cond_destroy(cond: *mut pthread_cond_t) -> c_int {
    let view = unsafe { view(cond) };
    if view.is_shared() {
        return wait::may_block(|| unsafe { real::pthread_cond_destroy(cond) });
    }
    view.waiters.fetch_or(COND_DESTROYING, Relaxed);
    let occupied = || view.waiters.load(Acquire) >= COND_WAITER;
    while occupied() {
        wait::park(Family::Cond, view.waiters.as_ptr().addr(), occupied, None);
    }
    0
}

pub unsafe fn pthread_cond_wait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t) -> c_int {
    if unsafe { is_foreign(cond, mutex) } {
        return wait::may_block(|| unsafe { real::pthread_cond_wait(cond, mutex) });
    }
    unsafe { wait(cond, mutex, None) }
}

pub unsafe fn pthread_cond_timedwait(
    cond: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
    time: *const timespec,
) -> c_int {
    if unsafe { is_foreign(cond, mutex) } {
        return wait::may_block(|| unsafe { real::pthread_cond_timedwait(cond, mutex, time) });
    }
    match unsafe { mutex::deadline(view(cond).clock(), time) } {
        Ok(deadline) => unsafe { wait(cond, mutex, Some(deadline)) },
        Err(error) => error,
    }
}

pub unsafe fn pthread_cond_clockwait(
    cond: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    time: *const timespec,
) -> c_int {
    if unsafe { is_foreign(cond, mutex) } {
        return wait::may_block(|| unsafe { real::pthread_cond_clockwait(cond, mutex, clock, time) });
    }
    match mutex::deadline(clock, time) {
        Ok(deadline) => unsafe { wait(cond, mutex, Some(deadline)) },
        Err(error) => error,
    }
}

pub unsafe fn pthread_cond_signal(cond: *mut pthread_cond_t) -> c_int {
    let view = unsafe { view(cond) };
    if view.is_shared() {
        if !shared_cond::signal(view.address()) {
            return wait::may_block(|| unsafe { real::pthread_cond_signal(cond) });
        }
    } else if view.has_waiters() {
        view.signal(1);
    }
    0
}

pub unsafe fn pthread_cond_broadcast(cond: *mut pthread_cond_t) -> c_int {
    let view = unsafe { view(cond) };
    if view.is_shared() {
        shared_cond::broadcast(view.address());
        return wait::may_block(|| unsafe { real::pthread_cond_broadcast(cond) });
    }
    if view.has_waiters() {
        view.signal(usize::MAX);
    }
    0
}
