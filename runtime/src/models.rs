//! Models of the crate's protocols, run in every order of their steps by loom.
//!
//! They run the crate's own code: `task/state.rs`, `task/place.rs`, `sched/queue.rs`, `timer.rs`, `waker/`, `wait/` and
//! `reactor/` but for its table. What that code stands on (threads, system calls, the switch of a
//! stack) is replaced by [`world`]. A wake that is lost is a deadlock there, which loom reports.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3 CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true \
//!     CARGO_TARGET_DIR=target/loom cargo test -p iopatch-runtime --release --lib
//! ```

pub mod world;

#[cfg(test)]
mod address;
#[cfg(test)]
mod place;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod reactor;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod state;
