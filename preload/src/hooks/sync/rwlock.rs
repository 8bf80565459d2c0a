//! Read-write locks, in glibc's object and with its results and preferences.
//!
//! `__readers` is the lock: a bit for the writer, one for each queue that may not be empty, one that reserves a freed lock
//! for those just woken, and above them the number of readers. Readers park on its address, writers on that of
//! `__writers_futex`; `__writers` counts the writers that wait, `__cur_writer` is the id of the one that writes.
//!
//! Who frees the lock clears the bit of the queue that it wakes, and knows nothing of the lock after that: it may be
//! destroyed. If nobody was in that queue any more, it wakes the other. A woken one that finds the lock taken sets the
//! bit again; a writer that has parked keeps its bit set, as others may be parked behind it.
//!
//! A lock that was freed while others waited is reserved for them, as glibc hands it over: a newcomer gives way, a bounded
//! number of times (see `mutex.rs`), for they might all have timed out.
//!
//! Bit 0 is never looked at: libc's own code, which constructors of libraries meet before ours has run, leaves it set in a
//! lock that was written under and is free (`PTHREAD_RWLOCK_WRPHASE`).
//!
//! Process-shared locks are libc's. A writer of one is bound to its OS thread, for other processes see its id in the lock.
//! Source: `nptl/pthread_rwlock_common.c`.

use super::mutex::{PATIENCE, deadline};
use crate::abi::sync::*;
use crate::os_thread;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::guard;
use crate::wait::{self, Deadline, Wake};
use libc::*;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const WRITER: u32 = 1 << 1;
const WRITERS_WAIT: u32 = 1 << 2;
const READERS_WAIT: u32 = 1 << 3;
const RESERVED: u32 = 1 << 4;
const READER: u32 = 1 << 5;
const OVERFLOW: u32 = 1 << 31;

/// # Safety
/// `lock` is an initialised lock that outlives the use of the result.
unsafe fn view<'a>(lock: *const pthread_rwlock_t) -> &'a Rwlock {
    // SAFETY: `Rwlock` has the layout of `pthread_rwlock_t`, and all its fields that we use are atomic.
    unsafe { &*lock.cast::<Rwlock>() }
}

/// The addresses of the two queues, which outlive the lock.
#[derive(Clone, Copy)]
struct Queues {
    readers: usize,
    writers: usize,
    readers_first: bool,
}

impl Queues {
    /// Of the queues that may hold somebody, the one to wake.
    fn choose(self, state: u32) -> u32 {
        match (state & READERS_WAIT, state & WRITERS_WAIT) {
            (READERS_WAIT, WRITERS_WAIT) if self.readers_first => READERS_WAIT,
            (readers, 0) => readers,
            (_, writers) => writers,
        }
    }

    /// Wakes the queue chosen from `state`, or the other if it turns out to be empty.
    fn wake(self, state: u32) {
        let mut left = state & (READERS_WAIT | WRITERS_WAIT);
        while left != 0 {
            let chosen = self.choose(left);
            let woken = match chosen {
                READERS_WAIT => wait::unpark(self.readers, usize::MAX),
                _ => wait::unpark(self.writers, 1),
            };
            left = if woken == 0 { left & !chosen } else { 0 };
        }
    }
}

impl Rwlock {
    fn is_shared(&self) -> bool {
        self.shared.load(Relaxed) != 0
    }

    fn is_writer(&self) -> bool {
        self.cur_writer.load(Relaxed) == guard::id()
    }

    fn queues(&self, readers_first: bool) -> Queues {
        Queues { readers: self.state.as_ptr().addr(), writers: self.writers_futex.as_ptr().addr(), readers_first }
    }

    /// May a reader enter? Only non-recursive readers give way to waiting writers: others may hold the lock already.
    fn readable(&self, state: u32) -> bool {
        let gives_way = state >= READER
            && self.flags.load(Relaxed) == RWLOCK_PREFER_WRITER_NONRECURSIVE
            && self.writers.load(Relaxed) > 0;
        state & WRITER == 0 && !gives_way
    }

    fn writable(state: u32) -> bool {
        state & WRITER == 0 && state < READER
    }

    /// 0, EBUSY, or EAGAIN when the number of readers is exhausted.
    #[inline]
    fn try_read(&self) -> c_int {
        let mut state = self.state.load(Relaxed);
        loop {
            if !self.readable(state) {
                return EBUSY;
            }
            let entered = (state & !RESERVED) + READER;
            if entered >= OVERFLOW {
                return EAGAIN;
            }
            match self.state.compare_exchange_weak(state, entered, Acquire, Relaxed) {
                Ok(_) => return 0,
                Err(now) => state = now,
            }
        }
    }

    /// `kept` is WRITERS_WAIT if other writers may be parked behind the caller.
    #[inline]
    fn try_write(&self, kept: u32) -> bool {
        let enter = |state| Self::writable(state).then_some(state & !RESERVED | WRITER | kept);
        let entered = self.state.fetch_update(Acquire, Relaxed, enter).is_ok();
        if entered {
            self.cur_writer.store(guard::id(), Relaxed);
        }
        entered
    }

    fn is_reserved(&self) -> bool {
        self.state.load(Relaxed) & RESERVED != 0
    }

    /// Is the lock reserved for others, to whom the caller has just given way?
    fn gave_way(&self, patience: &mut u32) -> bool {
        let gives_way = self.is_reserved() && *patience > 0;
        if gives_way {
            *patience -= 1;
            wait::yield_now();
        }
        gives_way
    }

    #[inline]
    fn read(&self, deadline: Option<Deadline>) -> c_int {
        if self.is_writer() {
            return EDEADLK;
        }
        let result = if self.is_reserved() { EBUSY } else { self.try_read() };
        if result == EBUSY { self.read_waiting(deadline) } else { result }
    }

    #[cold]
    fn read_waiting(&self, deadline: Option<Deadline>) -> c_int {
        let mut patience = PATIENCE;
        loop {
            if self.gave_way(&mut patience) {
                continue;
            }
            let result = self.try_read();
            if result != EBUSY {
                return result;
            }
            let mark = |state| (!self.readable(state)).then_some(state | READERS_WAIT);
            let validate = || self.state.fetch_update(Relaxed, Relaxed, mark).is_ok();
            match wait::park(Family::Rwlock, self.queues(false).readers, validate, deadline) {
                Wake::TimedOut => return ETIMEDOUT,
                Wake::Unparked => patience = 0,
                Wake::Interrupted | Wake::NotEqual => {}
            }
        }
    }

    #[inline]
    fn write(&self, deadline: Option<Deadline>) -> c_int {
        if self.is_writer() {
            return EDEADLK;
        }
        if !self.is_reserved() && self.try_write(0) { 0 } else { self.write_waiting(deadline) }
    }

    #[cold]
    fn write_waiting(&self, deadline: Option<Deadline>) -> c_int {
        let (mut patience, mut kept) = (PATIENCE, 0);
        let result = loop {
            if self.gave_way(&mut patience) {
                continue;
            }
            if self.try_write(kept) {
                break 0;
            }
            if kept == 0 {
                kept = WRITERS_WAIT;
                self.writers.fetch_add(1, Relaxed);
            }
            let mark = |state| (!Self::writable(state)).then_some(state | WRITERS_WAIT);
            let validate = || self.state.fetch_update(Relaxed, Relaxed, mark).is_ok();
            match wait::park(Family::Rwlock, self.queues(false).writers, validate, deadline) {
                Wake::TimedOut => break ETIMEDOUT,
                Wake::Unparked => patience = 0,
                Wake::Interrupted | Wake::NotEqual => {}
            }
        };
        if kept != 0 {
            self.writers.fetch_sub(1, Relaxed);
        }
        if result != 0 && self.flags.load(Relaxed) == RWLOCK_PREFER_WRITER_NONRECURSIVE {
            // Readers may have given way to this writer alone. Their look at `writers` and this wake are ordered by the
            // lock of their queue, so no flag is needed, and none would do.
            wait::unpark(self.queues(false).readers, usize::MAX);
        }
        result
    }

    /// Gives up what `held` says, and wakes those who wait if the lock is free then.
    #[inline]
    fn leave(&self, held: u32) {
        let state = self.state.load(Relaxed);
        let rest = state - held;
        let nobody_to_wake = rest & (READERS_WAIT | WRITERS_WAIT) == 0 || rest >= READER;
        if !nobody_to_wake || self.state.compare_exchange(state, rest, Release, Relaxed).is_err() {
            self.leave_waking(held);
        }
    }

    #[cold]
    fn leave_waking(&self, held: u32) {
        let queues = self.queues(held == WRITER && self.flags.load(Relaxed) == RWLOCK_PREFER_READER);
        let mut state = self.state.load(Relaxed);
        loop {
            let rest = state - held;
            let woken = if Self::writable(rest) { queues.choose(rest) } else { 0 };
            let reserved = if woken != 0 { RESERVED } else { 0 };
            match self.state.compare_exchange_weak(state, rest & !woken | reserved, Release, Relaxed) {
                Ok(_) if woken != 0 => return queues.wake(rest),
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
    }
}

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn pthread_rwlock_init(lock: *mut pthread_rwlock_t, attr: *const pthread_rwlockattr_t) -> c_int {
    unsafe { real::pthread_rwlock_init(lock, attr) }
}

pub unsafe fn pthread_rwlock_destroy(lock: *mut pthread_rwlock_t) -> c_int {
    unsafe { real::pthread_rwlock_destroy(lock) }
}

pub unsafe fn pthread_rwlock_rdlock(lock: *mut pthread_rwlock_t) -> c_int {
    let view = unsafe { view(lock) };
    if view.is_shared() {
        return wait::may_block(|| unsafe { real::pthread_rwlock_rdlock(lock) });
    }
    view.read(None)
}

pub unsafe fn pthread_rwlock_tryrdlock(lock: *mut pthread_rwlock_t) -> c_int {
    let view = unsafe { view(lock) };
    if view.is_shared() {
        return unsafe { real::pthread_rwlock_tryrdlock(lock) };
    }
    view.try_read()
}

pub unsafe fn pthread_rwlock_timedrdlock(lock: *mut pthread_rwlock_t, time: *const timespec) -> c_int {
    unsafe { pthread_rwlock_clockrdlock(lock, CLOCK_REALTIME, time) }
}

pub unsafe fn pthread_rwlock_clockrdlock(
    lock: *mut pthread_rwlock_t,
    clock: clockid_t,
    time: *const timespec,
) -> c_int {
    let view = unsafe { view(lock) };
    if view.is_shared() {
        return wait::may_block(|| unsafe { real::pthread_rwlock_clockrdlock(lock, clock, time) });
    }
    match deadline(clock, time) {
        Ok(at) => view.read(Some(at)),
        Err(error) => error,
    }
}

/// Other processes see in a shared lock whose it is, by the kernel's id.
fn bind_writer() {
    os_thread::bind("a process-shared lock records its OS thread");
}

pub unsafe fn pthread_rwlock_wrlock(lock: *mut pthread_rwlock_t) -> c_int {
    let view = unsafe { view(lock) };
    if view.is_shared() {
        bind_writer();
        return wait::may_block(|| unsafe { real::pthread_rwlock_wrlock(lock) });
    }
    view.write(None)
}

pub unsafe fn pthread_rwlock_trywrlock(lock: *mut pthread_rwlock_t) -> c_int {
    let view = unsafe { view(lock) };
    if view.is_shared() {
        bind_writer();
        return unsafe { real::pthread_rwlock_trywrlock(lock) };
    }
    if view.try_write(0) { 0 } else { EBUSY }
}

pub unsafe fn pthread_rwlock_timedwrlock(lock: *mut pthread_rwlock_t, time: *const timespec) -> c_int {
    unsafe { pthread_rwlock_clockwrlock(lock, CLOCK_REALTIME, time) }
}

pub unsafe fn pthread_rwlock_clockwrlock(
    lock: *mut pthread_rwlock_t,
    clock: clockid_t,
    time: *const timespec,
) -> c_int {
    let view = unsafe { view(lock) };
    if view.is_shared() {
        bind_writer();
        return wait::may_block(|| unsafe { real::pthread_rwlock_clockwrlock(lock, clock, time) });
    }
    match deadline(clock, time) {
        Ok(at) => view.write(Some(at)),
        Err(error) => error,
    }
}

pub unsafe fn pthread_rwlock_unlock(lock: *mut pthread_rwlock_t) -> c_int {
    let view = unsafe { view(lock) };
    if view.is_shared() {
        return unsafe { real::pthread_rwlock_unlock(lock) };
    }
    if view.is_writer() {
        view.cur_writer.store(0, Relaxed);
        view.leave(WRITER);
    } else {
        view.leave(READER);
    }
    0
}
