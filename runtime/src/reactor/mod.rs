//! The reactor: which descriptors are ready, and who waits for them.
//!
//! A descriptor is registered once in its life, for every edge there is, with the epoll instance of
//! the worker whose task first waited for it. From then on its slot knows: an edge sets bits in
//! `readiness` and wakes those who wait for them; a call that found nothing, or read less than it
//! asked for, clears them (unless an edge came meanwhile, which the count in the same word tells).
//!
//! A wait is right if these hold, in this order: look at the readiness; try the call; clear what
//! the try disproved; wait. Between any two of them an edge leaves its bit, and the wait ends at
//! once. It never matters who took an edge, or when.

mod slot;
#[cfg_attr(loom, path = "../models/table.rs")]
mod table;
mod wait;

pub use slot::{Interest, Life, Refusal, Seen, Slot};
pub use table::{known, slot};
pub use wait::{Entry, Lease, wait_any};

#[cfg(not(loom))]
pub(crate) use table::forget;
#[cfg(not(loom))]
pub use table::{init, is_untouched, known_in};

use crate::park::Wakeups;
use crate::sched::Worker;
use crate::sys::epoll::Event;
use rustix::fd::RawFd;

/// The `data` of a worker's own eventfd.
pub(crate) const WAKEUP: u64 = u64::MAX;
/// That of the signalfd (`signals/process.rs`).
pub(crate) const SIGNAL: u64 = u64::MAX - 1;

/// What an event carries: the number, and which life of the number it was registered in.
pub(crate) fn tag(fd: RawFd, generation: u32) -> u64 {
    (u64::from(generation) << 32) | u64::from(fd as u32)
}

/// Has the slot of an event to come fetched: with a thousand connections it is in no cache.
#[cfg(not(loom))]
pub(crate) fn warm_up(event: Event) {
    if let Some(slot) = table::known(event.data as u32 as RawFd) {
        crate::arch::prefetch(core::ptr::from_ref(slot) as usize);
    }
}

/// Takes one event: notes the edge, and wakes who waited for it.
pub(crate) fn dispatch(worker: &'static Worker, event: Event) {
    let (flags, data) = (event.flags, event.data);
    if data == WAKEUP {
        return;
    }
    let Some(slot) = table::known(data as u32 as RawFd) else {
        return;
    };
    let mut wakeups = Wakeups::new();
    slot.take_edge((data >> 32) as u32, flags, &mut wakeups);
    wakeups.deliver_on(worker);
}
