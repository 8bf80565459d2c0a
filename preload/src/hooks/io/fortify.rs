//! What gcc -D_FORTIFY_SOURCE makes of calls that fill a buffer: the check of its size, then the call
//! (glibc `debug/read_chk.c` and so on).

use super::rw;
use super::socket;
use crate::hooks::select::polls;
use crate::table::rows::Family;
use libc::*;

unsafe extern "C" {
    /// glibc's: "*** buffer overflow detected ***: terminated", then abort(3).
    fn __chk_fail() -> !;
}

/// Ends the process unless `n` elements fit a buffer that has room for `room`.
fn check(n: usize, room: usize) {
    if n > room {
        // SAFETY: it has no precondition.
        unsafe { __chk_fail() }
    }
}

/// For how many entries of poll(2) there is room in `size` bytes.
const fn entries(size: size_t) -> usize {
    size / size_of::<pollfd>()
}

// SAFETY, of all hooks below: the program's; what the compiler adds to its arguments was just checked.

pub unsafe fn __read_chk(fd: c_int, buf: *mut c_void, n: size_t, size: size_t) -> ssize_t {
    check(n, size);
    unsafe { rw::read_for(Family::Fortify, fd, buf, n) }
}

pub unsafe fn __recv_chk(fd: c_int, buf: *mut c_void, n: size_t, size: size_t, flags: c_int) -> ssize_t {
    check(n, size);
    unsafe { socket::recv_for(Family::Fortify, fd, buf, n, flags) }
}

pub unsafe fn __recvfrom_chk(
    fd: c_int,
    buf: *mut c_void,
    n: size_t,
    size: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    check(n, size);
    unsafe { socket::recvfrom_for(Family::Fortify, fd, buf, n, flags, addr, len) }
}

pub unsafe fn __poll_chk(fds: *mut pollfd, n: nfds_t, timeout: c_int, size: size_t) -> c_int {
    check(n as usize, entries(size));
    unsafe { polls::poll_for(Family::Fortify, fds, n, timeout) }
}

pub unsafe fn __ppoll_chk(
    fds: *mut pollfd,
    n: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
    size: size_t,
) -> c_int {
    check(n as usize, entries(size));
    unsafe { polls::ppoll_for(Family::Fortify, fds, n, timeout, mask) }
}
