//! Signal masks: a thread's own, so a coroutine's.

use super::thread::pthread_sigmask;
use crate::c_types::jmp_buf_tag;
use crate::export::real;
use crate::fd;
use crate::guard;
use libc::{c_int, sigset_t};

/// libc sets the mask inside siglongjmp; the coroutine's must be the same.
unsafe fn note_mask(buf: *const jmp_buf_tag) {
    // SAFETY: the program's: what sigsetjmp filled in.
    let buf = unsafe { &*buf };
    if let Some(task) = guard::self_task().filter(|_| buf.mask_was_saved != 0) {
        task.mask.set(buf.saved_mask[0]);
    }
}

pub unsafe fn longjmp(buf: *mut jmp_buf_tag, value: c_int) -> ! {
    // SAFETY: the program's; the frames that are left have nothing to drop.
    unsafe {
        note_mask(buf);
        real::longjmp(buf, value)
    }
}

pub unsafe fn __longjmp_chk(buf: *mut jmp_buf_tag, value: c_int) -> ! {
    // SAFETY: as for longjmp.
    unsafe {
        note_mask(buf);
        real::__longjmp_chk(buf, value)
    }
}

/// sigprocmask(2) of a process with threads is pthread_sigmask(3), as glibc has it, but for the error.
pub unsafe fn sigprocmask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int {
    // SAFETY: the program's: both take the same arguments.
    match unsafe { pthread_sigmask(how, set, old) } {
        0 => 0,
        error => fd::fail(error) as c_int,
    }
}
