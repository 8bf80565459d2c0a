//! Waiting, and the parking lot: one hashed table of queues, keyed by address, in which tasks and
//! native threads wait side by side. A futex in user space.

mod lot;
mod waiter;

pub use lot::{Requeued, park, requeue, unpark};
pub(crate) use lot::forget;
pub use waiter::sleep;
pub(crate) use waiter::{List, Node, Waiter, Wakeups};
