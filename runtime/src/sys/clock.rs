//! Time as the runtime counts it: nanoseconds on CLOCK_MONOTONIC.

use rustix::time::{ClockId, clock_gettime};

/// An absolute time on CLOCK_MONOTONIC, in nanoseconds since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub u64);

impl Deadline {
    /// The time that never comes: the `earliest` of a worker without timers.
    pub const NEVER: Deadline = Deadline(u64::MAX);

    /// `ns` nanoseconds from now; a sum past the end of time is [`Deadline::NEVER`].
    pub fn after(ns: u64) -> Self {
        Self(now().saturating_add(ns))
    }

    /// Nanoseconds until then; 0 if it has passed.
    pub fn left(self) -> u64 {
        self.0.saturating_sub(now())
    }
}

/// Now on CLOCK_MONOTONIC, in nanoseconds; through the vDSO, so some 25 ns.
#[inline]
pub fn now() -> u64 {
    let ts = clock_gettime(ClockId::Monotonic);
    ts.tv_sec as u64 * 1_000_000_000 + ts.tv_nsec as u64
}
