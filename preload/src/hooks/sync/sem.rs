//! Semaphores, in glibc's word: the value in the low half, the number of waiters in the high half.
//!
//! A post adds its token and reads the number of waiters in one step, and touches the semaphore no more: whoever takes
//! the token may destroy it. A wait that parks counts as a waiter until it has a token or gives up.
//!
//! Process-shared and named semaphores (`sem_open` marks them alike) have the same word, but their sleepers are the
//! kernel's: where one waits or is to be woken, the call is libc's. Source: `nptl/sem_waitcommon.c`, `sem_post.c`.

use super::mutex::{PATIENCE, deadline};
use crate::abi::sync::Sem;
use crate::sys::errno;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::{self, Deadline, Wake};
use libc::*;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const VALUE: u64 = u32::MAX as u64;
const WAITER: u64 = 1 << 32;
/// `SEM_VALUE_MAX`.
const MAX: u64 = i32::MAX as u64;

/// # Safety
/// `sem` is an initialised semaphore that outlives the use of the result.
unsafe fn view<'a>(sem: *const sem_t) -> &'a Sem {
    // SAFETY: `Sem` has the layout of `sem_t`, and all its fields that are shared are atomic.
    unsafe { &*sem.cast::<Sem>() }
}

impl Sem {
    fn is_shared(&self) -> bool {
        self.shared.load(Relaxed) != 0
    }

    fn is_empty(&self) -> bool {
        self.data.load(Relaxed) & VALUE == 0
    }

    /// Takes a token that nobody was woken for. Who was, and does not run yet, is still counted as a waiter: the caller
    /// gives way, a bounded number of times (`mutex.rs` says why).
    #[inline]
    fn take_in_turn(&self) -> bool {
        let mut patience = PATIENCE;
        while patience > 0 && self.data.load(Relaxed) >= WAITER && !self.is_empty() {
            patience -= 1;
            wait::yield_now();
        }
        self.take(0)
    }

    /// Takes a token, and `also` from the number of waiters. False if there is none.
    fn take(&self, also: u64) -> bool {
        let less = |data| (data & VALUE != 0).then(|| data - 1 - also);
        self.data.fetch_update(Acquire, Relaxed, less).is_ok()
    }
}

fn fail(error: c_int) -> c_int {
    errno::fail(error) as c_int
}

/// Waits for a token after a look has found none. -1 with EINTR or ETIMEDOUT.
#[cold]
fn wait(sem: &Sem, deadline: Option<Deadline>) -> c_int {
    wait::testcancel();
    wait::begin();
    sem.data.fetch_add(WAITER, Relaxed);
    let address = sem.data.as_ptr().addr();
    while !sem.take(WAITER) {
        let error = match wait::park(Family::Sem, address, || sem.is_empty(), deadline) {
            Wake::Unparked | Wake::NotEqual => continue,
            Wake::TimedOut => ETIMEDOUT,
            // futex(2) restarts a wait without a time-out.
            Wake::Interrupted if wait::is_interrupted(deadline.is_none()) || wait::cancel_requested() => EINTR,
            Wake::Interrupted => continue,
        };
        sem.data.fetch_sub(WAITER, Relaxed);
        wait::testcancel();
        return fail(error);
    }
    0
}

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn sem_init(sem: *mut sem_t, shared: c_int, value: c_uint) -> c_int {
    unsafe { real::sem_init(sem, shared, value) }
}

pub unsafe fn sem_destroy(sem: *mut sem_t) -> c_int {
    unsafe { real::sem_destroy(sem) }
}

pub unsafe fn sem_wait(sem: *mut sem_t) -> c_int {
    wait::testcancel();
    let view = unsafe { view(sem) };
    match view.take_in_turn() {
        true => 0,
        false if view.is_shared() => wait::may_block(|| unsafe { real::sem_wait(sem) }),
        false => wait(view, None),
    }
}

pub unsafe fn sem_trywait(sem: *mut sem_t) -> c_int {
    if unsafe { view(sem) }.take(0) { 0 } else { fail(EAGAIN) }
}

/// glibc looks at the time even if there is a token.
pub unsafe fn sem_timedwait(sem: *mut sem_t, time: *const timespec) -> c_int {
    let at = match deadline(CLOCK_REALTIME, time) {
        Ok(at) => at,
        Err(error) => return fail(error),
    };
    wait::testcancel();
    let view = unsafe { view(sem) };
    match view.take_in_turn() {
        true => 0,
        false if view.is_shared() => wait::may_block(|| unsafe { real::sem_timedwait(sem, time) }),
        false => wait(view, Some(at)),
    }
}

/// Unlike `sem_timedwait`, glibc's is a cancellation point only where it waits.
pub unsafe fn sem_clockwait(sem: *mut sem_t, clock: clockid_t, time: *const timespec) -> c_int {
    let at = match deadline(clock, time) {
        Ok(at) => at,
        Err(error) => return fail(error),
    };
    let view = unsafe { view(sem) };
    match view.take_in_turn() {
        true => 0,
        false if view.is_shared() => wait::may_block(|| unsafe { real::sem_clockwait(sem, clock, time) }),
        false => wait(view, Some(at)),
    }
}

pub unsafe fn sem_post(sem: *mut sem_t) -> c_int {
    let view = unsafe { view(sem) };
    if view.is_shared() {
        return unsafe { real::sem_post(sem) };
    }
    let address = view.data.as_ptr().addr();
    let more = |data| (data & VALUE < MAX).then(|| data + 1);
    match view.data.fetch_update(Release, Relaxed, more) {
        Ok(data) if data >= WAITER => wait::unpark(address, 1),
        Ok(_) => 0,
        Err(_) => return fail(EOVERFLOW),
    };
    0
}

pub unsafe fn sem_getvalue(sem: *mut sem_t, value: *mut c_int) -> c_int {
    unsafe { real::sem_getvalue(sem, value) }
}
