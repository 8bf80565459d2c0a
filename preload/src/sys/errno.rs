//! errno of the calling thread, and how a call fails.

use libc::{c_int, ssize_t};

/// Where the calling thread's errno is.
pub fn address() -> usize {
    // SAFETY: it has no precondition.
    unsafe { libc::__errno_location() as usize }
}

/// The calling thread's errno.
#[inline]
pub fn get() -> c_int {
    // SAFETY: the calling thread's errno is always there.
    unsafe { *libc::__errno_location() }
}

#[inline]
pub fn set(errno: c_int) {
    // SAFETY: the calling thread's errno is always there.
    unsafe { *libc::__errno_location() = errno }
}

/// A call's failure.
pub fn fail(errno: c_int) -> ssize_t {
    set(errno);
    -1
}
