//! The bodies of the hooks: a file per family of the table (`symbols.rs`), a function per row.
//!
//! An unsafe block of a body hands on what the program owes the C function of that name; the SAFETY line before each
//! file's bodies says so once.
#![allow(clippy::undocumented_unsafe_blocks, reason = "said once a file")]

pub mod barrier;
pub mod by_call;
pub mod c11;
pub mod clone;
pub mod command;
pub mod cond;
mod connect;
mod cpu_clock;
pub mod epoll;
pub mod fdops;
pub mod file;
pub mod fortify;
pub mod futex;
mod futex2;
pub mod mutex;
pub mod once;
pub mod os;
mod owner;
mod parts;
mod readiness;
pub mod rw;
pub mod rwlock;
pub mod select;
pub mod sem;
pub mod shared_cond;
pub mod signal;
pub mod signal_call;
pub mod signal_wait;
pub mod socket;
pub mod spin;
pub mod stdio;
pub mod syscall;
pub mod thread;
mod thread_attr;
pub mod tid;
pub mod time;
mod vfork;
mod wait_child;
