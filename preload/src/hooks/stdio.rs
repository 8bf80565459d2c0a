//! Streams are libc's own; what it closes inside them we must forget.

use crate::export::real;
use crate::fd;
use crate::wait;
use libc::{FILE, c_int};

/// Flushes first, which may wait, and closes the descriptor inside. A stream in memory has none.
pub unsafe fn fclose(stream: *mut FILE) -> c_int {
    let errno = fd::errno();
    // SAFETY: the program's stream, which is open.
    let fd = unsafe { real::fileno(stream) };
    fd::set_errno(errno);
    if fd >= 0 {
        fd::dies(fd);
    }
    // SAFETY: as above.
    wait::detach(|| unsafe { real::fclose(stream) })
}
