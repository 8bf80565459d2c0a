//! libiopatch.so: an unmodified program's threads become coroutines, and its blocking calls park them.
//!
//! ```text
//! symbols (THE TABLE) -> export (libc's names) -> hooks/ (a file per family)
//!                                                    |            |
//!                                                 threads,      wait, fd
//!                                                 process         |
//!                                                    |         iopatch-runtime
//!                                                   abi (glibc's private facts)
//! ```
#![warn(clippy::undocumented_unsafe_blocks)]
#![cfg_attr(test, allow(dead_code, reason = "without libc's names as exports, nothing calls the hooks"))]

mod abi;
mod acts;
mod c_types;
mod cleared;
mod config;
mod errno;
mod export;
mod fd;
mod fd_table;
mod golang;
mod guard;
mod hooks;
mod init;
mod kernel;
mod link;
mod loader;
mod lookup;
mod memory;
mod os_thread;
mod own_files;
mod parent_death;
mod process;
mod real;
#[allow(dead_code, reason = "what only the launcher reads of the table")]
mod rows;
mod say;
mod signals;
mod stats;
mod symbols;
mod threads;
mod wait;
mod watcher;
mod words;
