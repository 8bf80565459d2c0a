//! Streams are libc's own; what it closes inside them we must forget.

use crate::sys::errno;
use crate::table::real;
use crate::wait;
use crate::wait::fd;
use libc::{FILE, c_char, c_int};

/// The number gets another file; to open a FIFO may wait.
pub unsafe fn freopen(path: *const c_char, mode: *const c_char, stream: *mut FILE) -> *mut FILE {
    // SAFETY: the program's.
    unsafe { closing(stream, || wait::may_block(|| real::freopen(path, mode, stream))) }
}

/// Flushes first, which may wait.
///
/// # Safety
/// That of fclose(3).
pub(in crate::hooks) unsafe fn close(stream: *mut FILE) -> c_int {
    // SAFETY: the caller's.
    unsafe { closing(stream, || wait::may_block(|| real::fclose(stream))) }
}

/// Makes `call`, which closes the descriptor of the stream inside. A stream in memory has none.
///
/// # Safety
/// The stream is open.
pub(in crate::hooks) unsafe fn closing<R>(stream: *mut FILE, call: impl FnOnce() -> R) -> R {
    let errno = errno::get();
    // SAFETY: the caller's.
    let fd = unsafe { real::fileno(stream) };
    errno::set(errno);
    let life = fd::dies(fd);
    let result = call();
    fd::gone(fd, life);
    result
}
