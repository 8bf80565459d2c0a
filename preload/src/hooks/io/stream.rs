//! Streams are libc's own; what it closes inside them we must forget.

use crate::sys::errno;
use crate::table::real;
use crate::wait;
use crate::wait::fd;
use libc::{FILE, c_int};

/// Flushes first, which may wait, and closes the descriptor inside. A stream in memory has none.
///
/// # Safety
/// That of fclose(3).
pub(in crate::hooks) unsafe fn close(stream: *mut FILE) -> c_int {
    let errno = errno::get();
    // SAFETY: the caller's.
    let fd = unsafe { real::fileno(stream) };
    errno::set(errno);
    let life = fd::dies(fd);
    // SAFETY: as above.
    let closed = wait::detach(|| unsafe { real::fclose(stream) });
    fd::gone(fd, life);
    closed
}
