//! The state of a coroutine: one word, so that whoever wakes it, and however many try at once,
//! exactly one does.
//!
//! ```text
//!            resume                announce                 settle
//! RUNNABLE ----------> RUNNING ---------------> PARKING ---------------> PARKED
//!    ^  ^                 | ^                     |  |                     |
//!    |  `----- yield -----' `------ retract ------'  | wake                | wake
//!    |                      ^                        v                     |
//!    |                      `--- retract/settle -- WOKEN                   |
//!    `---------------------------------------------------------------------'
//! ```
//!
//! A wait is announced on the coroutine's own stack, while its OS thread still runs it. Only after
//! the switch, on the OS thread's stack, is it settled: were it PARKED a moment earlier, another
//! OS thread could resume a stack that is still in use. A waker that comes in between leaves WOKEN,
//! and the settling OS thread resumes the coroutine at once.
//!
//! Each wait has a ticket, a number of its own. A waker holds the ticket of the wait that it knows
//! of; after that wait has ended by another cause its wake is lost, which it is told.

use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release};

const RUNNABLE: u64 = 0;
const RUNNING: u64 = 1;
const PARKING: u64 = 2;
const WOKEN: u64 = 3;
const PARKED: u64 = 4;

const PHASE: u64 = 0xf;
const WAKE_SHIFT: u32 = 4;
const WAKE: u64 = 0xf << WAKE_SHIFT;
const TICKET_ONE: u64 = 1 << 8;
const TICKET: u64 = !(TICKET_ONE - 1);

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wake {
    /// What was waited for has come, or may have: look again.
    Unparked = 0,
    /// The deadline passed.
    TimedOut = 1,
    /// A signal handler ran, or the thread is to be cancelled.
    Interrupted = 2,
}

impl Wake {
    const fn from_bits(bits: u64) -> Self {
        match (bits & WAKE) >> WAKE_SHIFT {
            0 => Self::Unparked,
            1 => Self::TimedOut,
            _ => Self::Interrupted,
        }
    }
}

/// The number of one wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// What a waker has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Woken {
    /// The wait had ended already: this wake had no effect.
    Lost,
    /// The coroutine is still on its OS thread, which will see the wake: nothing to do.
    Noticed,
    /// The coroutine is the waker's to put into a run queue.
    Enqueue,
}

/// What the OS thread that has switched away from a coroutine has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    /// The coroutine is parked; it may be running elsewhere already.
    Parked,
    /// It was woken before it was parked: resume it.
    Resume,
}

/// See the module.
pub struct State(AtomicU64);

impl State {
    /// A coroutine that has not run yet and is about to be put into a run queue.
    pub fn runnable() -> Self {
        Self(AtomicU64::new(RUNNABLE))
    }

    /// The coroutine announces a wait; from here on `wake` with this ticket ends it.
    #[inline]
    pub fn announce(&self) -> Ticket {
        let old = self.0.load(Relaxed);
        debug_assert_eq!(old & PHASE, RUNNING);
        let ticket = (old & TICKET).wrapping_add(TICKET_ONE);
        // A swap, not a store: what the coroutine looks at next (a flag that asks for an
        // interruption, say) must not be read before the announcement can be seen.
        self.0.swap(ticket | PARKING, AcqRel);
        Ticket(ticket)
    }

    /// The coroutine takes its announcement back without a switch. `Some` when it was woken
    /// meanwhile: that wake is then its to act on.
    #[inline]
    pub fn retract(&self) -> Option<Wake> {
        let old = self.0.load(Relaxed);
        let running = (old & TICKET) | RUNNING;
        if old & PHASE == PARKING && self.0.compare_exchange(old, running, AcqRel, Acquire).is_ok() {
            return None;
        }
        let old = self.0.swap(running, AcqRel);
        debug_assert_eq!(old & PHASE, WOKEN);
        Some(Wake::from_bits(old))
    }

    /// Ends the wait `ticket`, if it lasts.
    #[inline]
    pub fn wake(&self, ticket: Ticket, why: Wake) -> Woken {
        self.wake_if(why, |word| word & TICKET == ticket.0)
    }

    /// Ends whatever wait there is.
    pub fn interrupt(&self) -> Woken {
        self.wake_if(Wake::Interrupted, |_| true)
    }

    #[inline]
    fn wake_if(&self, why: Wake, right: impl Fn(u64) -> bool) -> Woken {
        let mut old = self.0.load(Acquire);
        loop {
            let (phase, result) = match old & PHASE {
                PARKING if right(old) => (WOKEN, Woken::Noticed),
                PARKED if right(old) => (RUNNABLE, Woken::Enqueue),
                _ => return Woken::Lost,
            };
            let new = (old & TICKET) | ((why as u64) << WAKE_SHIFT) | phase;
            match self.0.compare_exchange_weak(old, new, AcqRel, Acquire) {
                Ok(_) => return result,
                Err(now) => old = now,
            }
        }
    }

    /// The OS thread has switched away from a coroutine that announced a wait.
    #[inline]
    pub fn settle(&self) -> Settled {
        let old = self.0.load(Relaxed);
        if old & PHASE == PARKING {
            let parked = (old & TICKET) | PARKED;
            if self.0.compare_exchange(old, parked, AcqRel, Acquire).is_ok() {
                return Settled::Parked;
            }
        }
        let old = self.0.load(Acquire);
        debug_assert_eq!(old & PHASE, WOKEN);
        self.0.store((old & !PHASE) | RUNNING, Relaxed);
        Settled::Resume
    }

    /// The OS thread that took the coroutine from a run queue is about to switch to it.
    #[inline]
    pub fn resume(&self) {
        let old = self.0.load(Acquire);
        debug_assert_eq!(old & PHASE, RUNNABLE);
        self.0.store((old & !PHASE) | RUNNING, Relaxed);
    }

    /// The OS thread has switched away from a coroutine that gave way and is about to requeue it.
    #[inline]
    pub fn give_way(&self) {
        let old = self.0.load(Relaxed);
        debug_assert_eq!(old & PHASE, RUNNING);
        self.0.store((old & !PHASE) | RUNNABLE, Release);
    }

    /// Whether the coroutine is on an OS thread, as seen from another.
    pub fn is_running(&self) -> bool {
        matches!(self.0.load(Acquire) & PHASE, RUNNING | PARKING | WOKEN)
    }

    /// Why the last wait ended; the coroutine asks after it was resumed.
    #[inline]
    pub fn why(&self) -> Wake {
        Wake::from_bits(self.0.load(Relaxed))
    }
}

#[cfg(all(test, not(loom)))]
#[path = "state/tests.rs"]
mod tests;
