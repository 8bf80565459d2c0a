//! Waiting: for an address, for a descriptor, for any of many, or for a time.
//!
//! The parking lot ([`park`], [`unpark`]) is one hashed table of queues, keyed by address, in which tasks and
//! native threads wait side by side: a futex in user space.

mod address;
mod any;
mod descriptor;
mod sleep;

#[cfg(not(loom))]
pub(crate) use address::forget;
#[cfg(all(loom, test))]
pub(crate) use address::is_empty;
pub use address::{MOST, Requeued, park, park_any, requeue, unpark};
pub use any::{Entry, wait_any};
pub use descriptor::Lease;
pub use sleep::sleep;
