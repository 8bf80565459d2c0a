//! The scheduler under iopatch.
//!
//! Hooks, in the preloaded library, wait by `wait`, begin and end coroutines by `sched`, and tell `reactor` of descriptors.
//! The modules are layers, of which docs/DESIGN.md has the picture, and `tests/layers.rs` the table: each imports only
//! from those below it.
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
