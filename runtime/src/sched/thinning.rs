//! The end of OS threads that a burst has needed: each call that blocks takes one, and sixty at once sixty.
//!
//! Of the carriers that were idle throughout a period, all but a few end. So a program that blocks again and again keeps
//! what it needs, and one that has done so once keeps next to nothing. The monitor, which does this, sleeps for ever only
//! when none is left to end.
//!
//! A carrier may lose its worker in the moment in which it falls asleep: it sleeps beside the new owner then, and events wake
//! either. It is nudged, sees that it has no worker, and is idle.

use super::Runtime;
use crate::sys::clock::Deadline;
use crate::sys::signal::{self, Info, Number};

/// How long carriers must have been idle, in nanoseconds.
const PERIOD_NS: u64 = 2_000_000_000;
/// How many are kept idle: to make one takes a hundred microseconds, in which a worker may have no owner.
const KEPT: usize = 4;

/// The present period.
pub(super) struct Thinning {
    ends: u64,
}

impl Thinning {
    pub(super) const fn new() -> Self {
        Self { ends: 0 }
    }

    /// Whether the monitor, which sleeps for ever while there are fewer idle carriers, has something to do from this number on.
    pub(super) fn begins_at(idle: usize) -> bool {
        idle == KEPT + 1
    }

    /// Until when the monitor may sleep.
    pub(super) fn deadline(&self, runtime: &Runtime) -> Option<Deadline> {
        (runtime.idle.lock().len > KEPT || runtime.strays().next().is_some()).then_some(Deadline(self.ends))
    }

    /// Ends those that were not needed, if the period is over.
    pub(super) fn go_on(&mut self, runtime: &Runtime, now: u64) {
        if now < self.ends {
            return;
        }
        self.ends = now + PERIOD_NS;
        runtime.strays().for_each(|stray| signal::send_to_thread(stray.tid(), Number::NUDGE, &Info::mark()));
        let unneeded = runtime.idle.lock().begin_period();
        for _ in KEPT..unneeded {
            if let Some(carrier) = runtime.take_idle() {
                carrier.dismiss();
            }
        }
    }
}
