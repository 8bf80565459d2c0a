//! Types of C that the table names and the `libc` crate lacks, with glibc's x86-64 definitions. Those that are only
//! ever passed on by pointer are opaque.
#![allow(non_upper_case_globals, non_camel_case_types, reason = "C's own names")]
#![allow(dead_code, reason = "those of absent variadic rows have no accessor to use them")]

use libc::{c_int, c_long, c_uint, c_ulong, c_void};

/// The function that `pthread_create` starts. It may be left by an unwinding: pthread_exit and cancellation.
pub type StartRoutine = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;
/// The function of `pthread_once` and `call_once`.
pub type InitRoutine = unsafe extern "C-unwind" fn();
/// The destructor of a key, if there is one.
pub type KeyDestructor = Option<unsafe extern "C-unwind" fn(*mut c_void)>;
/// A cleanup handler.
pub type CleanupRoutine = unsafe extern "C-unwind" fn(*mut c_void);
/// A handler of `pthread_atfork`, if there is one.
pub type ForkHandler = Option<unsafe extern "C-unwind" fn()>;

/// What a jmp_buf and a sigjmp_buf are an array of (<setjmp.h>, <bits/types/struct___jmp_buf_tag.h>).
#[repr(C)]
pub struct jmp_buf_tag {
    registers: [c_ulong; 8],
    pub mask_was_saved: c_int,
    /// The kernel's mask is its first word.
    pub saved_mask: [u64; 16],
}

/// A cleanup handler on the thread's list, which libc fills in (<pthread.h>): a pointer, a pointer, an int, a pointer.
#[repr(C)]
pub struct _pthread_cleanup_buffer {
    _room: [usize; 4],
}

/// The kernel's struct sigaction (x86-64).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct KernelAction {
    pub handler: usize,
    pub flags: u64,
    pub restorer: usize,
    pub mask: u64,
}

/// asm/unistd_64.h; the `libc` crate lacks it.
#[allow(non_upper_case_globals, reason = "as the others of its kind")]
pub const SYS_io_pgetevents: c_long = 333;

pub type once_flag = c_int;
pub type wint_t = c_uint;
pub type thrd_t = c_ulong;
pub type thrd_start_t = unsafe extern "C-unwind" fn(*mut c_void) -> c_int;
pub type tss_t = c_uint;
pub type res_state = *mut __res_state;
/// An array of one structure in C, so a pointer to it as an argument.
pub type va_list = *mut __va_list_tag;

pub enum gaicb {}
pub enum mtx_t {}
pub enum cnd_t {}
pub enum __res_state {}
pub enum __va_list_tag {}
pub enum __pthread_unwind_buf_t {}

// Calls that the `libc` crate does not know yet (<asm/unistd_64.h>).
pub const SYS_futex_wake: libc::c_long = 454;
pub const SYS_futex_wait: libc::c_long = 455;
pub const SYS_futex_requeue: libc::c_long = 456;
