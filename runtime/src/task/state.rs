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
//! From RUNNING it ends, in ENDED.
//!
//! A wait is announced on the coroutine's own stack, while its OS thread still runs it. Only after
//! the switch, on the OS thread's stack, is it settled: were it PARKED a moment earlier, another
//! OS thread could resume a stack that is still in use. A waker that comes in between leaves WOKEN,
//! and the settling OS thread resumes the coroutine at once.
//!
//! Each wait has a ticket, a number of its own. A waker holds the ticket of the wait that it knows
//! of; after that wait has ended by another cause its wake is lost, which it is told.
//!
//! A bit of its own, BOUND, says that the coroutine has an OS thread to itself. Anybody may set it, in any phase but
//! the last, ENDED; it stays. So whoever takes a step with the coroutine is told, by that very step, whether it was
//! bound before it (`sched/bind.rs`). As a new number begins with each turn as well as with each wait and each life,
//! one who has seen a word, and still finds it there, has missed nothing.

use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release};

const RUNNABLE: u64 = 0;
const RUNNING: u64 = 1;
const PARKING: u64 = 2;
const WOKEN: u64 = 3;
const PARKED: u64 = 4;
const ENDED: u64 = 5;

const PHASE: u64 = 0x7;
const BOUND: u64 = 0x8;
const WAKE_SHIFT: u32 = 4;
const WAKE: u64 = 0xf << WAKE_SHIFT;
const TICKET_ONE: u64 = 1 << 8;
const TICKET: u64 = !(TICKET_ONE - 1);
/// How many tickets one life in a slot has before it uses those of another.
const LIFE_SHIFT: u32 = 32;

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
    /// The coroutine is parked; unless it is bound, it may be running elsewhere already.
    Parked { bound: bool },
    /// It was woken before it was parked: resume it.
    Resume,
}

/// Where a coroutine is, as seen by one who wants to bind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// On an OS thread, or about to leave it.
    On,
    /// Parked, or queued.
    Off,
    Bound,
    Ended,
}

/// A state word as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(u64);

/// See the module.
pub struct State(AtomicU64);

impl State {
    /// A coroutine that has not run yet and is about to be put into a run queue.
    /// `life` is a number that no other coroutine in this place had lately.
    pub fn runnable(life: u32) -> Self {
        Self(AtomicU64::new((life as u64) << LIFE_SHIFT | RUNNABLE))
    }

    /// As [`State::runnable`], of another life in the place of one that has ended, or never began.
    pub fn renew(&self, life: u32) {
        debug_assert!(matches!(self.0.load(Relaxed) & PHASE, ENDED | RUNNABLE));
        self.0.store((life as u64) << LIFE_SHIFT | RUNNABLE, Release);
    }

    /// The coroutine announces a wait; from here on `wake` with this ticket ends it.
    #[inline]
    pub fn announce(&self) -> Ticket {
        let old = self.0.load(Relaxed);
        debug_assert_eq!(old & PHASE, RUNNING);
        let ticket = (old & TICKET).wrapping_add(TICKET_ONE);
        // An exchange, not a store: what the coroutine looks at next (a flag that asks for an
        // interruption, say) must not be read before the announcement can be seen. An addition,
        // which leaves the one bit that others may set meanwhile as it is.
        self.0.fetch_add((ticket | PARKING).wrapping_sub(old & !BOUND), AcqRel);
        Ticket(ticket)
    }

    /// The coroutine takes its announcement back without a switch. `Some` when it was woken
    /// meanwhile: that wake is then its to act on.
    #[inline]
    pub fn retract(&self) -> Option<Wake> {
        let mut old = self.0.load(Relaxed);
        loop {
            debug_assert!(matches!(old & PHASE, PARKING | WOKEN));
            let running = (old & (TICKET | BOUND)) | RUNNING;
            match self.0.compare_exchange(old, running, AcqRel, Acquire) {
                Ok(_) => return (old & PHASE == WOKEN).then(|| Wake::from_bits(old)),
                Err(now) => old = now,
            }
        }
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
            let new = (old & (TICKET | BOUND)) | ((why as u64) << WAKE_SHIFT) | phase;
            match self.0.compare_exchange_weak(old, new, AcqRel, Acquire) {
                Ok(_) => return result,
                Err(now) => old = now,
            }
        }
    }

    /// The OS thread has switched away from a coroutine that announced a wait.
    #[inline]
    pub fn settle(&self) -> Settled {
        let mut old = self.0.load(Relaxed);
        loop {
            debug_assert!(matches!(old & PHASE, PARKING | WOKEN));
            let (phase, settled) = match old & PHASE {
                PARKING => (PARKED, Settled::Parked { bound: old & BOUND != 0 }),
                _ => (RUNNING, Settled::Resume),
            };
            match self.0.compare_exchange(old, (old & !PHASE) | phase, AcqRel, Acquire) {
                Ok(_) => return settled,
                Err(now) => old = now,
            }
        }
    }

    /// The OS thread that took the coroutine from a run queue is about to switch to it. False: it was
    /// bound before, and is still runnable.
    #[inline]
    pub fn resume(&self) -> bool {
        let old = self.0.load(Acquire);
        debug_assert_eq!(old & PHASE, RUNNABLE);
        // It fails only when the bit is set in this moment: else the word is the caller's alone.
        old & BOUND == 0 && self.0.compare_exchange(old, old | RUNNING, AcqRel, Relaxed).is_ok()
    }

    /// The OS thread to which the coroutine is bound is about to switch to it.
    pub fn resume_bound(&self) {
        let old = self.0.load(Acquire);
        debug_assert_eq!(old & (PHASE | BOUND), RUNNABLE | BOUND);
        self.0.store(old | RUNNING, Relaxed);
    }

    /// The OS thread has switched away from a coroutine that gave way and is about to requeue it, unless this says
    /// that it is bound.
    #[inline]
    pub fn give_way(&self) -> bool {
        let old = self.0.fetch_add(TICKET_ONE - RUNNING, AcqRel);
        debug_assert_eq!(old & PHASE, RUNNING);
        old & BOUND != 0
    }

    /// The coroutine has left its stack for good: from here on nobody binds it. Whether it was bound.
    pub fn end(&self) -> bool {
        let old = self.0.fetch_add(ENDED - RUNNING, AcqRel);
        debug_assert_eq!(old & PHASE, RUNNING);
        old & BOUND != 0
    }

    /// Where the coroutine is, for [`State::bind`].
    pub fn look(&self) -> (Seen, Whereabouts) {
        let old = self.0.load(Acquire);
        let whereabouts = match old & PHASE {
            ENDED => Whereabouts::Ended,
            _ if old & BOUND != 0 => Whereabouts::Bound,
            RUNNING | PARKING | WOKEN => Whereabouts::On,
            _ => Whereabouts::Off,
        };
        (Seen(old), whereabouts)
    }

    /// Sets the bit, if the coroutine has not taken a step since it was `seen`. What the caller wrote before can be
    /// read by whoever finds it bound.
    #[must_use]
    pub fn bind(&self, seen: Seen) -> bool {
        self.0.compare_exchange(seen.0, seen.0 | BOUND, AcqRel, Relaxed).is_ok()
    }

    #[inline]
    pub fn is_bound(&self) -> bool {
        self.0.load(Acquire) & BOUND != 0
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
