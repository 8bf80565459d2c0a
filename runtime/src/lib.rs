//! The scheduler under iopatch.
//!
//! ```text
//!   hooks, in the preloaded library
//!        |  park, unpark      |  wait, wait_any     |  launch, detach, give_way
//!        v                    v                     v
//!   park (the lot)       reactor (slots)       sched (workers, carriers, monitor)
//!        |                    |                     |
//!        `-------> task (state machine, slab), timer (heap) <-------'
//!                             |
//!                  arch, sys (system calls), sync (atomics, locks)
//! ```
//!
//! It is `no_std` and never allocates: code that runs inside every lock, signal handler and fork of
//! a stranger's process must not call a libc name, because some of those names are hooks that call
//! this crate. docs/DESIGN.md says what each part is for.
#![cfg_attr(not(loom), no_std)]
#![warn(clippy::undocumented_unsafe_blocks)]
#![cfg_attr(loom, allow(dead_code))]

#[cfg(not(loom))]
pub mod arch;
#[cfg(not(loom))]
pub mod children;
mod duties;
#[cfg(not(loom))]
pub mod local;
#[cfg(not(loom))]
pub mod masks;
#[cfg(not(loom))]
pub mod process;
pub mod reactor;
#[cfg(not(loom))]
pub mod sched;
#[cfg(not(loom))]
pub mod section;
#[cfg(not(loom))]
pub mod signals;
pub mod sync;
#[cfg(not(loom))]
pub mod sys;
#[cfg(not(loom))]
pub mod task;
mod timer;
#[cfg(not(loom))]
pub mod vfork;
pub mod wait;
pub mod waker;

pub use sys::clock::{Deadline, now};
pub use task::Wake;

#[cfg(loom)]
mod models;
#[cfg(loom)]
use models::world::{local, sched, section, sys, task};

#[cfg(all(test, not(loom)))]
extern crate std;
