//! What is kept of a task's stints on a CPU: how long they are (`sched/apart.rs`), and all of them together
//! (`sched/cpu_clock.rs`).

use crate::sync::{AtomicBool, AtomicU64, Relaxed};
use core::cell::Cell;

/// A shorter stint is a light one, in nanoseconds: some ten times what it costs to send a task to another OS thread.
pub(crate) const LIGHT_NS: u64 = 100_000;

/// So many light stints, one after the other, and the task is heavy no more.
const DOUBTS: u8 = 8;

/// What is known of the length of a task's stints. Only the OS thread that runs the task, or is about to, looks at it.
#[derive(Default)]
pub(crate) struct Weight {
    /// How many more light stints it takes until the task is light; 0: it is.
    doubts: Cell<u8>,
}

impl Weight {
    #[inline]
    pub fn is_heavy(&self) -> bool {
        self.doubts.get() > 0
    }

    /// A stint was long.
    pub fn confirm(&self) {
        self.doubts.set(DOUBTS);
    }

    /// A stint of a heavy task has lasted for `ns`.
    pub fn weigh(&self, ns: u64) {
        match ns < LIGHT_NS {
            true => self.doubts.set(self.doubts.get().saturating_sub(1)),
            false => self.confirm(),
        }
    }

    /// Of another life in the same place.
    pub fn renew(&self) {
        self.doubts.set(0);
    }
}

/// What is counted of one task, in nanoseconds.
#[derive(Default)]
pub(crate) struct CpuTime {
    /// Until the last switch.
    pub used: AtomicU64,
    /// The OS thread's clock when the task was switched to; 0: it is not timed, or not on.
    pub since: AtomicU64,
    /// The most that was ever answered: a clock does not go back.
    pub shown: AtomicU64,
}

/// What a switch looks at.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Stints {
    /// Somebody has asked for the task's CPU time.
    pub timed: AtomicBool,
    pub weight: Weight,
}

impl Stints {
    /// Of another life in the same place.
    pub fn renew(&self) {
        self.timed.store(false, Relaxed);
        self.weight.renew();
    }
}
