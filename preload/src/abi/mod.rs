//! The C library's private facts: what makes a stretch of memory a thread of glibc.
//!
//! A coroutine owns a complete thread descriptor (`struct pthread`) with static TLS below it, laid out
//! exactly as glibc lays out a native thread's, so that code compiled long ago finds `errno`, `__thread`
//! variables, keys, the resolver and the unwinder's anchors where it expects them. In this module `t` is
//! always the address of such a descriptor: the `pthread_t`, the FS base and the TCB are the same number.
//!
//! Nothing here is guessed. Offsets come from the `_thread_db_*` descriptors that glibc exports for debuggers,
//! from public calls whose answer betrays an address, or from one native thread that is made to be measured;
//! each is cross-checked, and a library that does not match is refused with the reason ([`library::Unsupported`]).
//!
//! Order of use: [`init`] in the constructor, [`calibrate()`] before the first coroutine (it makes a thread, and
//! a program that never makes one must keep `__libc_single_threaded`), then [`create`] or [`recycle`], [`run`]
//! and, when memory is to be given back, [`set_aside`].

mod aside;
mod base;
mod calibrate;
mod descriptor;
mod discover;
mod keys;
mod layout;
mod library;
mod modules;
mod native;
mod new_tls;
mod objects;
mod raw;
mod robust;
mod symbol_table;
pub mod sync;
mod tls;

pub use aside::{forget as forget_set_aside, set_aside};
pub use base::{end_at_once, run};
pub use calibrate::calibrate;
pub use descriptor::{Stack, Tcb, cancel_offset, create, recycle};
pub use discover::init;
pub use layout::{least_stack, tcb_size, tls_align, tls_size};
pub use new_tls::copy_new_tls;
pub use objects::{return_near, wants_executable_stacks};
pub use robust::kernel_inherits;
pub use symbol_table::SymbolTable;
pub use tls::{Moment, has_shadow_stack};
