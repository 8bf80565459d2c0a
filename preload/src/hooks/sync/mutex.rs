//! Mutexes: glibc's object and its results, waiting in the lot.
//!
//! | `__lock`    | meaning                                                              | taken by |
//! | ----------- | -------------------------------------------------------------------- | -------- |
//! | `FREE`      | nobody holds it                                                      | anyone   |
//! | `LOCKED`    | held, and nobody waits                                               |          |
//! | `CONTENDED` | held, and somebody may be parked: the unlocker wakes one             |          |
//! | `STARVING`  | as `CONTENDED`, and one of those has been woken in vain too often    |          |
//! | `RESERVED`  | nobody holds it; it was unlocked while starving                      | anyone, but a newcomer gives way first |
//!
//! The first three are glibc's `lll_lock`. An unlock frees the lock and wakes one, who competes with newcomers: handing
//! the lock over would make each contended unlock wait for a switch. But where coroutines share a worker, a loop of
//! lock, I/O, unlock wins that race every time, for the woken one runs only while the loop parks in its I/O, with the
//! lock held. Hence the last two. A newcomer gives way a bounded number of times, so that a lock reserved for a waiter
//! who has meanwhile timed out is simply free, and the unlocker never touches a mutex that it has let go of: the next
//! owner may already have destroyed it.
//!
//! Whoever has parked and then takes the lock marks it `CONTENDED`, as others may still be parked, or `STARVING` if it was
//! reserved: then the queue is served in order until it is empty or a newcomer has given way in vain. Were the lock
//! reserved once only, two loops would take turns while a third thread is woken at each unlock that is not reserved.
//!
//! Robust, priority and process-shared mutexes are libc's. Where other processes or the kernel read the owner's thread id,
//! the caller is bound to its OS thread first. Source: `nptl/pthread_mutex_{lock,trylock,timedlock,unlock}.c`.

use crate::abi::sync::*;
use crate::os_thread;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::guard;
use crate::wait::{self, Deadline, Wake};
use libc::*;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const FREE: u32 = 0;
const LOCKED: u32 = 1;
const CONTENDED: u32 = 2;
const STARVING: u32 = 3;
const RESERVED: u32 = 4;

/// How often a waiter may be woken and find the lock taken before it asks for the lock to be reserved.
const LOSSES: u32 = 2;
/// How often a newcomer gives way to those who were woken before it came.
pub(in crate::hooks) const PATIENCE: u32 = 4;
/// How often an adaptive mutex looks before it parks (glibc's `DEFAULT_ADAPTIVE_COUNT`).
const SPINS: u32 = 100;

/// Until when to wait. The time is looked at only by those who must wait, as in glibc.
#[derive(Clone, Copy)]
enum Limit {
    Never,
    At(clockid_t, *const timespec),
}

impl Limit {
    /// # Safety
    /// The `timespec` is readable.
    unsafe fn deadline(self) -> Result<Option<Deadline>, c_int> {
        match self {
            Limit::Never => Ok(None),
            Limit::At(clock, time) => wait::deadline(clock, time).map(Some),
        }
    }
}

/// The absolute time on one of the two clocks that glibc's locks know, or EINVAL.
pub(in crate::hooks) fn deadline(clock: clockid_t, time: *const timespec) -> Result<Deadline, c_int> {
    if has_locks(clock) { wait::deadline(clock, time) } else { Err(EINVAL) }
}

fn has_locks(clock: clockid_t) -> bool {
    clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC
}

/// # Safety
/// `mutex` is an initialised mutex that outlives the use of the result, as POSIX demands of the caller.
unsafe fn view<'a>(mutex: *const pthread_mutex_t) -> (&'a Mutex, u32) {
    // SAFETY: `Mutex` has the layout of `pthread_mutex_t`, and all its fields that are shared are atomic.
    let view = unsafe { &*mutex.cast::<Mutex>() };
    (view, view.kind.load(Relaxed) & MUTEX_KIND_MASK)
}

/// Is the mutex private to the process and of one of the four plain types?
const fn is_ours(kind: u32) -> bool {
    kind <= MUTEX_ADAPTIVE
}

/// Is the mutex one of those that libc alone understands?
///
/// # Safety
/// As for `pthread_mutex_lock`.
pub(in crate::hooks) unsafe fn is_foreign(mutex: *const pthread_mutex_t) -> bool {
    // SAFETY: the caller's.
    !is_ours(unsafe { view(mutex) }.1)
}

/// Takes the lock if it is free for a newcomer.
#[inline]
fn take_free(word: &AtomicU32) -> bool {
    word.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_ok()
}

/// Takes the lock if nobody holds it: who only tries cannot give way.
#[inline]
fn try_take(word: &AtomicU32) -> bool {
    take_free(word) || word.compare_exchange(RESERVED, LOCKED, Acquire, Relaxed).is_ok()
}

/// Takes the lock, waiting as long as `limit` allows. 0, ETIMEDOUT or EINVAL.
///
/// # Safety
/// The limit's `timespec` is readable.
#[cold]
unsafe fn take_waiting(word: &AtomicU32, limit: Limit) -> c_int {
    // SAFETY: the caller's.
    let deadline = match unsafe { limit.deadline() } {
        Ok(deadline) => deadline,
        Err(error) => return error,
    };
    let (mut patience, mut losses, mut parked) = (PATIENCE, 0, false);
    loop {
        match word.load(Relaxed) {
            RESERVED if patience > 0 => {
                patience -= 1;
                wait::yield_now();
            }
            free @ (FREE | RESERVED) => {
                let taken = match free {
                    _ if !parked => LOCKED,
                    FREE => CONTENDED,
                    _ => STARVING,
                };
                if word.compare_exchange_weak(free, taken, Acquire, Relaxed).is_ok() {
                    return 0;
                }
            }
            _ => {
                let mark = if losses < LOSSES { CONTENDED } else { STARVING };
                let validate = || announce(word, mark);
                match wait::park(Family::Mutex, word.as_ptr().addr(), validate, deadline) {
                    Wake::TimedOut => return ETIMEDOUT,
                    Wake::Unparked => (patience, losses) = (0, losses + 1),
                    Wake::Interrupted | Wake::NotEqual => {}
                }
                parked = true;
            }
        }
    }
}

/// Tells the holder that somebody parks. False if there is no holder any more.
fn announce(word: &AtomicU32, mark: u32) -> bool {
    let raise = |state| (state != FREE && state != RESERVED).then_some(mark.max(state));
    word.fetch_update(Relaxed, Relaxed, raise).is_ok()
}

/// Frees the lock; the mutex is not touched after that.
#[inline]
fn release(word: &AtomicU32) {
    if word.compare_exchange(LOCKED, FREE, Release, Relaxed).is_err() {
        release_contended(word);
    }
}

#[cold]
fn release_contended(word: &AtomicU32) {
    let address = word.as_ptr().addr();
    let freed = if word.load(Relaxed) == STARVING { RESERVED } else { FREE };
    if matches!(word.swap(freed, Release), CONTENDED | STARVING) {
        wait::unpark(address, 1);
    }
}

/// A lock by its holder, of the types that notice: their result, or None if it must wait like anyone.
#[inline]
fn relock(mutex: &Mutex, kind: u32) -> Option<c_int> {
    if kind == MUTEX_NORMAL || kind == MUTEX_ADAPTIVE || mutex.owner.load(Relaxed) != guard::id() {
        return None;
    }
    if kind == MUTEX_ERRORCHECK {
        return Some(EDEADLK);
    }
    match mutex.count.load(Relaxed).checked_add(1) {
        Some(count) => mutex.count.store(count, Relaxed),
        None => return Some(EAGAIN),
    }
    Some(0)
}

/// Counts those of whom `pthread_mutex_destroy` is to know. Not an atomic step: the lock protects it.
#[inline]
fn add_users(mutex: &Mutex, users: u32) {
    mutex.nusers.store(mutex.nusers.load(Relaxed).wrapping_add(users), Relaxed);
}

/// Records the new holder. Not atomic steps, as above.
#[inline]
fn record(mutex: &Mutex, kind: u32, users: u32) {
    mutex.owner.store(guard::id(), Relaxed);
    add_users(mutex, users);
    if kind == MUTEX_RECURSIVE {
        mutex.count.store(1, Relaxed);
    }
}

/// A plain mutex that is free is taken here, in the caller's own frame: what most locks are.
///
/// # Safety
/// As for `pthread_mutex_lock`.
#[inline]
unsafe fn take_at_once(mutex: *mut pthread_mutex_t) -> bool {
    // SAFETY: the caller's.
    let (view, kind) = unsafe { view(mutex) };
    let taken = kind == MUTEX_NORMAL && take_free(&view.lock);
    if taken {
        record(view, kind, 1);
    }
    taken
}

/// `users` is 0 when a condition variable's waiter comes back, who has counted as a user all the time.
///
/// # Safety
/// As for `pthread_mutex_timedlock`.
#[inline(never)]
unsafe fn lock(mutex: *mut pthread_mutex_t, limit: Limit, users: u32) -> c_int {
    // SAFETY: the caller's.
    let (view, kind) = unsafe { view(mutex) };
    if !is_ours(kind) {
        // SAFETY: the caller's.
        let result = unsafe { lock_foreign(mutex, kind, limit) };
        // libc has counted one user.
        if users == 0 && matches!(result, 0 | EOWNERDEAD) {
            add_users(view, u32::MAX);
        }
        return result;
    }
    if let Some(result) = relock(view, kind) {
        return result;
    }
    let taken = take_free(&view.lock) || (kind == MUTEX_ADAPTIVE && spin(&view.lock));
    if !taken {
        // SAFETY: the caller's.
        let error = unsafe { take_waiting(&view.lock, limit) };
        if error != 0 {
            return error;
        }
    }
    record(view, kind, users);
    0
}

#[cold]
fn spin(word: &AtomicU32) -> bool {
    (0..SPINS).any(|_| {
        std::hint::spin_loop();
        word.load(Relaxed) == FREE && take_free(word)
    })
}

/// `users` is 0 when the caller goes to wait on a condition variable, and stays a user.
///
/// # Safety
/// As for `pthread_mutex_unlock`.
#[inline]
unsafe fn unlock(mutex: *mut pthread_mutex_t, users: u32) -> c_int {
    // SAFETY: the caller's.
    let (view, kind) = unsafe { view(mutex) };
    if kind != MUTEX_NORMAL {
        // SAFETY: the caller's.
        return unsafe { unlock_other(mutex, users) };
    }
    disown(view, users);
    0
}

/// As [`unlock`], of a mutex that is not of the plain type.
///
/// # Safety
/// As for `pthread_mutex_unlock`.
#[inline(never)]
unsafe fn unlock_other(mutex: *mut pthread_mutex_t, users: u32) -> c_int {
    // SAFETY: the caller's.
    let (view, kind) = unsafe { view(mutex) };
    if !is_ours(kind) {
        // libc counts one user less.
        if users == 0 {
            add_users(view, 1);
        }
        // SAFETY: the caller's.
        let error = unsafe { real::pthread_mutex_unlock(mutex) };
        if users == 0 && error != 0 {
            add_users(view, u32::MAX);
        }
        return error;
    }
    if kind != MUTEX_ADAPTIVE {
        let free = matches!(view.lock.load(Relaxed), FREE | RESERVED);
        if view.owner.load(Relaxed) != guard::id() || (kind == MUTEX_ERRORCHECK && free) {
            return EPERM;
        }
        if kind == MUTEX_RECURSIVE {
            let count = view.count.load(Relaxed).wrapping_sub(1);
            view.count.store(count, Relaxed);
            if count != 0 {
                return 0;
            }
        }
    }
    disown(view, users);
    0
}

/// The holder lets go of the lock, and of the mutex.
#[inline]
fn disown(mutex: &Mutex, users: u32) {
    mutex.owner.store(0, Relaxed);
    add_users(mutex, users.wrapping_neg());
    release(&mutex.lock);
}

/// Before libc's code takes a mutex whose owner's thread id matters to others than us.
fn pin_owner(kind: u32) {
    let recorded = kind & (MUTEX_ROBUST | MUTEX_PRIO_INHERIT | MUTEX_PRIO_PROTECT) != 0;
    let compared = matches!(kind & MUTEX_ADAPTIVE, MUTEX_RECURSIVE | MUTEX_ERRORCHECK);
    // A destroyed mutex has all bits set: libc says EINVAL.
    if kind != MUTEX_KIND_MASK && !is_ours(kind) && (recorded || compared) {
        os_thread::bind("a mutex that the kernel or other processes know records its OS thread");
    }
}

/// # Safety
/// As for `pthread_mutex_timedlock`.
#[cold]
unsafe fn lock_foreign(mutex: *mut pthread_mutex_t, kind: u32, limit: Limit) -> c_int {
    pin_owner(kind);
    // A try first, as long as it changes nothing: glibc's leaves a robust mutex that is not recoverable locked.
    if kind & MUTEX_ROBUST == 0 {
        // SAFETY: the caller's.
        match unsafe { real::pthread_mutex_trylock(mutex) } {
            EBUSY => {}
            result => return result,
        }
    }
    // SAFETY: the caller's.
    wait::may_block(|| unsafe {
        match limit {
            Limit::Never => real::pthread_mutex_lock(mutex),
            Limit::At(clock, time) => real::pthread_mutex_clocklock(mutex, clock, time),
        }
    })
}

/// Unlocks for a wait on a condition variable: `pthread_mutex_destroy` still sees a user.
///
/// # Safety
/// As for `pthread_mutex_unlock`.
pub(in crate::hooks) unsafe fn unlock_to_wait(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the caller's.
    unsafe { unlock(mutex, 0) }
}

/// Locks again after [`unlock_to_wait`].
///
/// # Safety
/// As for `pthread_mutex_lock`.
pub(in crate::hooks) unsafe fn lock_after_wait(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the caller's.
    unsafe { lock(mutex, Limit::Never, 0) }
}

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn pthread_mutex_init(mutex: *mut pthread_mutex_t, attr: *const pthread_mutexattr_t) -> c_int {
    unsafe { real::pthread_mutex_init(mutex, attr) }
}

pub unsafe fn pthread_mutex_destroy(mutex: *mut pthread_mutex_t) -> c_int {
    unsafe { real::pthread_mutex_destroy(mutex) }
}

pub unsafe fn pthread_mutex_lock(mutex: *mut pthread_mutex_t) -> c_int {
    unsafe { if take_at_once(mutex) { 0 } else { lock(mutex, Limit::Never, 1) } }
}

pub unsafe fn pthread_mutex_trylock(mutex: *mut pthread_mutex_t) -> c_int {
    let (view, kind) = unsafe { view(mutex) };
    if !is_ours(kind) {
        pin_owner(kind);
        return unsafe { real::pthread_mutex_trylock(mutex) };
    }
    if kind == MUTEX_RECURSIVE
        && let Some(result) = relock(view, kind)
    {
        return result;
    }
    if !try_take(&view.lock) {
        return EBUSY;
    }
    record(view, kind, 1);
    0
}

pub unsafe fn pthread_mutex_timedlock(mutex: *mut pthread_mutex_t, deadline: *const timespec) -> c_int {
    unsafe { lock(mutex, Limit::At(CLOCK_REALTIME, deadline), 1) }
}

pub unsafe fn pthread_mutex_clocklock(
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    deadline: *const timespec,
) -> c_int {
    if !has_locks(clock) {
        return EINVAL;
    }
    unsafe { lock(mutex, Limit::At(clock, deadline), 1) }
}

pub unsafe fn pthread_mutex_unlock(mutex: *mut pthread_mutex_t) -> c_int {
    unsafe { unlock(mutex, 1) }
}

pub unsafe fn pthread_mutex_consistent(mutex: *mut pthread_mutex_t) -> c_int {
    unsafe { real::pthread_mutex_consistent(mutex) }
}

pub unsafe fn pthread_mutex_getprioceiling(mutex: *const pthread_mutex_t, ceiling: *mut c_int) -> c_int {
    unsafe { real::pthread_mutex_getprioceiling(mutex, ceiling) }
}

pub unsafe fn pthread_mutex_setprioceiling(mutex: *mut pthread_mutex_t, ceiling: c_int, old: *mut c_int) -> c_int {
    pin_owner(unsafe { view(mutex) }.1);
    wait::may_block(|| unsafe { real::pthread_mutex_setprioceiling(mutex, ceiling, old) })
}
