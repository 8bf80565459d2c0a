//! What the x86-64 ABI fixes of a thread descriptor: offsets compiled into every program and library.

use core::ffi::{c_int, c_void};

/// `dtv_t` (glibc `sysdeps/generic/dl-dtv.h`). Entry -1 holds the length in `value`, entry 0 the generation.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Dtv {
    pub value: usize,
    pub to_free: *mut c_void,
}

/// `tcbhead_t` (glibc `sysdeps/x86_64/nptl/tls.h`): offsets compiled into every program and library.
#[repr(C)]
pub(super) struct Header {
    pub tcb: *mut u8,
    pub dtv: *mut Dtv,
    pub itself: *mut u8,
    pub multiple_threads: c_int,
    pub gscope: c_int,
    pub sysinfo: usize,
    pub stack_guard: usize,
    pub pointer_guard: usize,
    pub vgetcpu_cache: [usize; 2],
    pub feature_1: u32,
}

/// The calling thread's descriptor: `%fs:0x10`, which the x86-64 ABI fixes.
pub(super) fn current() -> *mut u8 {
    let t: *mut u8;
    // SAFETY: every thread of an x86-64 process has a TCB whose word 0x10 points to itself.
    unsafe { core::arch::asm!("mov {}, fs:[0x10]", out(reg) t, options(nostack, preserves_flags, readonly)) };
    t
}

/// The word at `t + offset`.
///
/// # Safety
/// `t + offset` is inside a live descriptor, aligned for `T`, and of type `T`.
pub(super) unsafe fn load<T: Copy>(t: *const u8, offset: usize) -> T {
    // SAFETY: the caller's.
    unsafe { t.add(offset).cast::<T>().read() }
}

/// Sets the word at `t + offset`.
///
/// # Safety
/// As for [`load`], and nobody else accesses the word.
pub(super) unsafe fn store<T>(t: *mut u8, offset: usize, value: T) {
    // SAFETY: the caller's.
    unsafe { t.add(offset).cast::<T>().write(value) }
}
