//! The bodies of the hooks: a file per family of the table (`table/symbols.rs`), a function per row, a folder for those that
//! belong together.
//!
//! An unsafe block of a body hands on what the program owes the C function of that name; the SAFETY line before each
//! file's bodies says so once.
#![allow(clippy::undocumented_unsafe_blocks, reason = "said once a file")]

pub mod by_call;
pub mod io;
pub mod os;
pub mod select;
pub mod signal;
pub mod sync;
pub mod syscall;
pub mod thread;
pub mod time;

// Where the table looks for them.
pub use io::{fdops, file, fortify, rw};
pub use os::stdio;
pub use signal::{signal_call, signal_wait};
pub use sync::{barrier, cond, mutex, rwlock, sem, spin};
pub use thread::{c11, tid};

pub mod futex {
    pub use super::sync::futex::futex;
    pub use super::sync::futex2::{futex_requeue, futex_wait, futex_waitv, futex_wake};
    pub use super::syscall::syscall;
}

pub mod socket {
    pub use super::io::messages::{recvmmsg, sendmmsg};
    pub use super::io::socket::*;
}
