//! connect(2): started without a wait, and waited for as any descriptor is.
//!
//! There is no MSG_DONTWAIT for it, so the open file is non-blocking for the length of the call that starts: only one that
//! nobody else has, and the program itself is told of the flags that it has set (`fd::while_nonblocking`). All others wait in
//! the kernel, under handoff.
//!
//! | the call that starts says | |
//! |---|---|
//! | EINPROGRESS | it has begun: wait |
//! | EALREADY | an earlier call, or another thread's, has begun: wait as well |
//! | anything else | that is the answer |
//!
//! Only connections of TCP's kind: those of a UNIX-domain socket wait for room in the listener's queue, of which there is
//! no readiness, and others are made at once.

use crate::sys::errno;
use crate::sys::kernel;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::fd::{self, Kind};
use crate::wait::guard;
use crate::wait::{self, Call, Interest, retry};
use libc::*;

/// Whether the caller is a coroutine, and its call on `fd` waits, and may be started without a wait.
fn can_start(fd: c_int) -> bool {
    guard::coroutine().is_some()
        && fd::kind(fd) == Some(Kind::Tcp)
        && fd::is_trusted(fd)
        && !fd::is_nonblocking(fd)
        && fd::timeout(fd, Interest::WRITE) != Some(0)
}

/// connect(2).
///
/// # Safety
/// The program's, to whom the man page says what the arguments must be.
pub unsafe fn connect(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int {
    let errno = errno::get();
    let start = || {
        wait::testcancel();
        fd::while_nonblocking(fd, || kernel::connect(fd, addr, len))
    };
    let Some(started) = can_start(fd).then(start).flatten() else {
        return wait::may_block(|| unsafe { real::connect(fd, addr, len) });
    };
    let says = errno::get();
    if started == 0 || !matches!(says, EINPROGRESS | EALREADY) {
        return started;
    }
    errno::set(errno);
    let result = retry(Call::new(Family::Socket, fd, Interest::WRITE), |fd, _| {
        if fd::is_ready(fd, Interest::WRITE) { outcome(fd, errno) as ssize_t } else { errno::fail(EAGAIN) }
    });
    if result == -1 && errno::get() == EAGAIN {
        // SO_SNDTIMEO is up: the connection goes on, and the call says what it would have said at once.
        errno::set(says);
    }
    result as c_int
}

/// What has become of the connection of `fd`, told to the kernel as well: to it a socket goes on connecting until somebody
/// has asked. One that has failed starts over at the next call, so that is not made before the error is taken: it may be
/// a shutdown's, after which the socket is as new.
fn outcome(fd: c_int, errno: c_int) -> c_int {
    // SAFETY: all-zero is a value of this plain structure, an address of no kind (AF_UNSPEC).
    let mut peer: sockaddr_storage = unsafe { std::mem::zeroed() };
    if let Some(len) = kernel::peer(fd, &mut peer) {
        let result = kernel::connect(fd, (&raw const peer).cast(), len);
        // Another one who waited has told the kernel before.
        if result == -1 && errno::get() != EISCONN {
            return -1;
        }
        errno::set(errno);
        return 0;
    }
    if errno::get() != ENOTCONN {
        return -1;
    }
    let error = fd::take_error(fd);
    // To connect to no address is to be unconnected: what the kernel makes of a socket whose connection has failed.
    kernel::connect(fd, (&raw const peer).cast(), size_of::<sockaddr>() as socklen_t);
    errno::fail(if error == 0 { ECONNABORTED } else { error }) as c_int
}
