//! libiopatch.so: an unmodified program's threads become coroutines, and its blocking calls park them.
//!
//! The modules below are layers, the highest first; each knows only those under it.
//!
//! | layer | what it is |
//! |---|---|
//! | `entry` | where the process comes in: the constructor, libc's names, fork handlers, what the loader calls |
//! | `hooks` | the bodies of the rows, a file per family |
//! | `threads` | the life of a coroutine as a thread; the start of the runtime, the end of main |
//! | `signals` | handlers, masks and main, as the program sees them |
//! | `os_thread` | the OS threads, as libc and the kernel see them |
//! | `wait` | the primitives that hooks are made of; descriptors |
//! | `abi` | glibc's private facts |
//! | `table` | the rows, and libc's own functions |
//! | `voice` | options, and what is told to the user |
//! | `sys` | types of C, errno, system calls |
//!
//! Under all of them is iopatch-runtime, the scheduler.
#![warn(clippy::undocumented_unsafe_blocks)]
#![cfg_attr(test, allow(dead_code, reason = "without libc's names as exports, nothing calls the hooks"))]

mod abi;
#[cfg(test)]
mod damage;
mod entry;
mod hooks;
mod os_thread;
mod signals;
mod sys;
mod table;
mod threads;
mod voice;
mod wait;
