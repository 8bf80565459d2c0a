//! Calls that move bytes from one descriptor to another inside the kernel: sendfile(2), splice(2), tee(2).
//!
//! None of them can be told not to wait for a socket or a terminal. So both ends are looked at first, and the call is the
//! kernel's, under handoff, where it would not wait, is refused, or a look does not tell.

use super::parts::{MOST, send_all};
use super::readiness;
use crate::sys::errno;
use crate::sys::kernel;
use crate::sys::memory;
use crate::table::rows::Family;
use crate::wait::fd::{self, Kind};
use crate::wait::guard;
use crate::wait::{self, Call, How, Interest, retry};
use libc::*;
use std::ptr::{null, null_mut};

/// sendfile(2), which is no cancellation point in glibc, until `n` bytes are sent, the file ends, or there is an error.
pub fn send_file(
    out: c_int,
    from: c_int,
    offset: *const off_t,
    n: usize,
    mut attempt: impl FnMut(usize) -> ssize_t,
) -> ssize_t {
    if guard::coroutine().is_none()
        || !is_range(offset, n)
        || fd::is_nonblocking(out)
        || !is_socket(out)
        || fd::kind(from) != Some(Kind::File)
    {
        return wait::may_block(|| attempt(n));
    }
    let call = Call { cancels: false, ..Call::new(Family::Socket, out, Interest::WRITE) };
    let n = n.min(MOST);
    send_all(
        call,
        || n,
        |_| true,
        |fd, done, how| match how {
            // What fits the socket's buffer now; the rest waits above, not in the kernel.
            How::Plain => attempt((n - done).min(SENDFILE_PART)),
            _ if would_wait(fd, Interest::WRITE) => errno::fail(EAGAIN),
            _ => wait::MAY_WAIT,
        },
    )
}

/// What one part of a sendfile may be: half of what a socket that is writable has room for at least.
const SENDFILE_PART: usize = 16 * 1024;

/// Whether `n` bytes from `offset`, or from where the file is, are some that the kernel would move.
fn is_range(offset: *const off_t, n: usize) -> bool {
    let Ok(n @ 1..) = off_t::try_from(n) else { return false };
    offset.is_null() || memory::read(offset).is_some_and(|from| from >= 0 && from.checked_add(n).is_some())
}

fn is_socket(fd: c_int) -> bool {
    matches!(fd::kind(fd), Some(Kind::Tcp | Kind::Socket))
}

/// Whether splice(2) may have to wait: what the kernel refuses, or does at once, it is asked first. There is something to
/// move, no flag is unknown or says not to wait, one end is a pipe, the other not of the same and none that has only events, and
/// both may wait.
pub fn may_splice(from: c_int, to: c_int, n: usize, flags: c_uint) -> bool {
    let (source, sink) = (fd::pipe_of(from), fd::pipe_of(to));
    n > 0
        && flags & !(SPLICE_F_MOVE | SPLICE_F_MORE | SPLICE_F_GIFT) == 0
        && source != sink
        // A length that is negative is one where the other end counts bytes.
        && (isize::try_from(n).is_ok() || source.is_some() && sink.is_some())
        && (source.is_some() || !fd::is_nameless(from))
        && (sink.is_some() || !fd::is_nameless(to))
        && fd::is_usable(from, O_WRONLY)
        && fd::is_usable(to, O_RDONLY)
        && !fd::is_nonblocking(from)
        && !fd::is_nonblocking(to)
}

/// As [`may_splice`], for tee(2), which is from pipe to pipe.
pub fn may_tee(from: c_int, to: c_int, n: usize, flags: c_uint) -> bool {
    fd::pipe_of(from).is_some() && fd::pipe_of(to).is_some() && may_splice(from, to, n, flags)
}

/// splice(2) and tee(2): waits for both ends, if it `may_wait`, then makes the call, which may still wait (the ends have been
/// looked at one after the other), under handoff.
pub fn move_some(from: c_int, to: c_int, may_wait: bool, attempt: impl Fn() -> ssize_t) -> ssize_t {
    if !may_wait || guard::coroutine().is_none() {
        return wait::may_block(attempt);
    }
    for (fd, side) in [(from, Interest::READ), (to, Interest::WRITE)] {
        if fd::kind(fd) == Some(Kind::File) {
            continue;
        }
        let ready = |fd: c_int, _| if would_wait(fd, side) { errno::fail(EAGAIN) } else { 0 };
        if retry(Call::new(Family::Socket, fd, side), ready) < 0 {
            return -1;
        }
    }
    wait::may_block(attempt)
}

/// Whether a move of `side` would wait: poll says so, and may be believed. errno stays.
fn would_wait(fd: c_int, side: Interest) -> bool {
    if fd::is_ready(fd, side) {
        return false;
    }
    let errno = errno::get();
    let waits = match fd::kind(fd) {
        Some(Kind::Tcp | Kind::Socket) if side == Interest::READ => socket_waits_to_read(fd),
        Some(Kind::Tcp | Kind::Socket) => socket_waits_to_write(fd),
        // As of a transfer that has no room for an event.
        _ => readiness::is_told_by_poll(fd, side, 0),
    };
    errno::set(errno);
    waits
}

/// A look tells of what refuses, and of what is below SO_RCVLOWAT. Where urgent data is next, a move ends with nothing.
fn socket_waits_to_read(fd: c_int) -> bool {
    let mut byte = 0u8;
    let flags = MSG_PEEK | MSG_DONTWAIT;
    let seen = kernel::recvfrom(fd, (&raw mut byte).cast(), 1, flags, null_mut(), null_mut());
    seen == -1 && errno::get() == EAGAIN && !fd::is_at_urgent(fd)
}

/// A send of no bytes tells of a stream that refuses; it says nothing about the room, and is no message. Of the others, one
/// that connects refuses without a peer.
fn socket_waits_to_write(fd: c_int) -> bool {
    match fd::socket_type(fd) {
        Some(SOCK_STREAM) => {
            let sent = kernel::sendto(fd, null(), 0, MSG_NOSIGNAL | MSG_DONTWAIT, null(), 0);
            sent != -1 || errno::get() == EAGAIN
        }
        Some(SOCK_SEQPACKET) => {
            // SAFETY: all-zero is a value of this plain structure.
            let mut peer: sockaddr_storage = unsafe { std::mem::zeroed() };
            kernel::peer(fd, &mut peer).is_some()
        }
        _ => true,
    }
}
