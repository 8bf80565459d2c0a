//! Waiting, and the parking lot: one hashed table of queues, keyed by address, in which tasks and
//! native threads wait side by side. A futex in user space.

mod lot;
mod waiter;

#[cfg(not(loom))]
pub(crate) use lot::forget;
#[cfg(all(loom, test))]
pub(crate) use lot::is_empty;
pub use lot::{MOST, Requeued, park, park_any, requeue, unpark};
pub(crate) use waiter::{List, Node, Waiter, Wakeups};
#[cfg(not(loom))]
pub(crate) use waiter::{interrupt, look_up};
pub use waiter::{interrupt_thread, sleep};
