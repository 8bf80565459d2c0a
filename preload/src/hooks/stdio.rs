//! Streams are libc's own; what it closes inside them we must forget.

use super::command;
use crate::errno;
use crate::fd;
use crate::real;
use crate::wait;
use libc::{FILE, c_int};

/// That of popen(3) waits for its command.
pub unsafe fn fclose(stream: *mut FILE) -> c_int {
    // SAFETY: the program's stream, which is open.
    unsafe { command::close(stream).unwrap_or_else(|| close(stream)) }
}

/// Flushes first, which may wait, and closes the descriptor inside. A stream in memory has none.
///
/// # Safety
/// That of fclose(3).
pub(super) unsafe fn close(stream: *mut FILE) -> c_int {
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
