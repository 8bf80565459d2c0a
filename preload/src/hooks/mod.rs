//! The bodies of the hooks: a file per family of the table (`symbols.rs`), a function per row.

pub mod barrier;
pub mod cond;
pub mod epoll;
pub mod fdops;
pub mod file;
pub mod fortify;
pub mod futex;
pub mod mutex;
pub mod once;
pub mod os;
mod parts;
pub mod rw;
pub mod rwlock;
pub mod select;
pub mod sem;
pub mod signal;
pub mod socket;
pub mod spin;
pub mod stdio;
pub mod thread;
mod thread_attr;
pub mod tid;
pub mod time;
