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

#[cfg_attr(loom, path = "../models/poller.rs")]
mod poller;
mod slot;
#[cfg_attr(loom, path = "../models/table.rs")]
mod table;

#[cfg(not(loom))]
pub use poller::MOST as MOST_POLLERS;
pub(crate) use poller::Poller;
#[cfg(loom)]
pub(crate) use poller::at as poller_at;
pub use slot::{Interest, Life, Refusal, Seen, Slot};
pub(crate) use slot::{NOWHERE, Place};
#[cfg(not(loom))]
pub use table::{init, is_untouched, known_in};
pub use table::{known, slot};

use crate::duties::Duties;
use crate::sys::epoll::Event;
use crate::task::Task;
use crate::waker::Wakeups;
use rustix::fd::RawFd;

/// Puts a runnable task into a run queue: the scheduler's to do.
pub(crate) type Enqueue = fn(&'static Task);

/// See [`Enqueue`].
pub(crate) static ENQUEUE: Duties<Enqueue> = Duties::none();

/// As [`Enqueue`]; without a scheduler there is no task.
fn enqueue(task: &'static Task) {
    if let Some(enqueue) = ENQUEUE.get() {
        enqueue(task);
    }
}

/// In the child of a fork: what there is is the parent's.
#[cfg(not(loom))]
pub(crate) fn forget() {
    poller::forget();
    table::forget();
}

/// The `data` of a poller's own eventfd.
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

/// Takes one event: notes the edge, and wakes who waited for it, tasks by `enqueue`.
pub(crate) fn dispatch(event: Event, enqueue: impl Fn(&'static Task)) {
    let (flags, data) = (event.flags, event.data);
    if data == WAKEUP {
        return;
    }
    let Some(slot) = table::known(data as u32 as RawFd) else {
        return;
    };
    let mut wakeups = Wakeups::new();
    slot.take_edge((data >> 32) as u32, flags, &mut wakeups);
    wakeups.deliver(enqueue);
}
