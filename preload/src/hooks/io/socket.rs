//! Sockets: each call is tried with MSG_DONTWAIT, and waits for its descriptor when it must.
//!
//! A receive goes on when there is something; a send of a stream goes on until all is sent, like the kernel's. Who has
//! said MSG_DONTWAIT, or made the open file non-blocking, never waits.

pub use super::connect::connect;

use super::{moves, parts};
use crate::sys::errno;
use crate::sys::kernel;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::fd;
use crate::wait::{self, Call, How, Interest, retry};
use libc::*;
use std::ptr::null_mut;

const NO_ADDRESS: *const sockaddr = std::ptr::null();

/// How `flags` makes a call on `fd` wait. What is out of band or in the queue of errors is there or not; a send that
/// connects first is the kernel's to wait for.
pub(super) fn call(fd: c_int, side: Interest, flags: c_int) -> Call {
    let never = if side == Interest::READ { MSG_OOB | MSG_ERRQUEUE } else { MSG_FASTOPEN } | MSG_DONTWAIT;
    Call::new(Family::Socket, fd, side).dontwait(flags & never != 0)
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn recv(fd: c_int, buf: *mut c_void, n: size_t, flags: c_int) -> ssize_t {
    unsafe { recv_for(Family::Socket, fd, buf, n, flags) }
}

/// [`recv`], counted as a wait of `family`.
pub(in crate::hooks) unsafe fn recv_for(
    family: Family,
    fd: c_int,
    buf: *mut c_void,
    n: size_t,
    flags: c_int,
) -> ssize_t {
    unsafe { recvfrom_for(family, fd, buf, n, flags, null_mut(), null_mut()) }
}

pub unsafe fn recvfrom(
    fd: c_int,
    buf: *mut c_void,
    n: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    unsafe { recvfrom_for(Family::Socket, fd, buf, n, flags, addr, len) }
}

/// [`recvfrom`], counted as a wait of `family`.
pub(in crate::hooks) unsafe fn recvfrom_for(
    family: Family,
    fd: c_int,
    buf: *mut c_void,
    n: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    let call = Call { family, ..call(fd, Interest::READ, flags) };
    if parts::collects(fd, flags) {
        return unsafe { parts::receive_all(call, buf, n, flags, addr, len) };
    }
    // A peek leaves what it saw, and to ask for the address is to ask a datagram's: neither says anything about the rest.
    let drains = addr.is_null() && flags & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE) == 0;
    retry(call.whole(if drains { n } else { 0 }), |fd, how| match how {
        How::Plain => unsafe { real::recvfrom(fd, buf, n, flags, addr, len) },
        _ => {
            let got = kernel::recvfrom(fd, buf, n, flags | MSG_DONTWAIT, addr, len);
            parts::unless_of_nothing(fd, how, || n, got)
        }
    })
}

pub unsafe fn recvmsg(fd: c_int, msg: *mut msghdr, flags: c_int) -> ssize_t {
    let call = call(fd, Interest::READ, flags);
    let received = if parts::collects(fd, flags) {
        unsafe { parts::receive_message(call, msg, flags) }
    } else {
        retry(call, |fd, how| match how {
            How::Plain => unsafe { real::recvmsg(fd, msg, flags) },
            _ => {
                let got = kernel::recvmsg(fd, msg, flags | MSG_DONTWAIT);
                // The kernel has accepted it if it would wait for it.
                parts::unless_of_nothing(fd, how, || unsafe { parts::bytes_of(msg) }, got)
            }
        })
    };
    if received >= 0 {
        unsafe { parts::note_received(msg) };
    }
    received
}

pub unsafe fn send(fd: c_int, buf: *const c_void, n: size_t, flags: c_int) -> ssize_t {
    unsafe { sendto(fd, buf, n, flags, NO_ADDRESS, 0) }
}

pub unsafe fn sendto(
    fd: c_int,
    buf: *const c_void,
    n: size_t,
    flags: c_int,
    addr: *const sockaddr,
    len: socklen_t,
) -> ssize_t {
    let n = n.min(parts::MOST);
    parts::send_all(
        call(fd, Interest::WRITE, flags),
        || n,
        parts::never,
        |fd, done, how| {
            let (rest, left, flags) = (buf.wrapping_byte_add(done), n - done, parts::continued(flags, done));
            match how {
                How::Plain => unsafe { real::sendto(fd, rest, left, flags, addr, len) },
                _ => kernel::sendto(fd, rest, left, flags | MSG_DONTWAIT, addr, len),
            }
        },
    )
}

pub unsafe fn sendmsg(fd: c_int, msg: *const msghdr, flags: c_int) -> ssize_t {
    let whole = || unsafe { parts::bytes_of(msg) };
    let sent = parts::send_all(call(fd, Interest::WRITE, flags), whole, parts::never, |fd, done, how| unsafe {
        let flags = parts::continued(flags, done);
        parts::with_rest(msg, done, |rest| match how {
            How::Plain => real::sendmsg(fd, rest, flags),
            _ => kernel::sendmsg(fd, rest, flags | MSG_DONTWAIT),
        })
    });
    if sent >= 0 {
        unsafe { parts::note_sent(msg) };
    }
    sent
}

pub unsafe fn accept(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int {
    let connection = accept_any(fd, |fd| unsafe { real::accept(fd, addr, len) });
    if connection >= 0 { fd::accepted(fd, connection, false) } else { connection }
}

pub unsafe fn accept4(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t, flags: c_int) -> c_int {
    if flags & !(SOCK_NONBLOCK | SOCK_CLOEXEC) != 0 {
        return unsafe { real::accept4(fd, addr, len, flags) };
    }
    let connection = accept_any(fd, |fd| unsafe { real::accept4(fd, addr, len, flags) });
    if connection >= 0 { fd::accepted(fd, connection, flags & SOCK_NONBLOCK != 0) } else { connection }
}

/// accept(2) has no MSG_DONTWAIT: a look says whether it would wait. Should somebody else take the connection in
/// between, the call blocks in the kernel, under handoff.
fn accept_any(fd: c_int, accept: impl Fn(c_int) -> c_int) -> c_int {
    let attempt = |fd: c_int, how| match how {
        How::Plain => accept(fd) as ssize_t,
        _ if !fd::is_ready(fd, Interest::READ) && fd::can_accept(fd) => errno::fail(EAGAIN),
        _ => wait::MAY_WAIT,
    };
    retry(Call::new(Family::Socket, fd, Interest::CONNECTION), attempt) as c_int
}

pub unsafe fn sendfile(out: c_int, from: c_int, offset: *mut off_t, n: size_t) -> ssize_t {
    moves::send_file(out, from, offset, n, |n| unsafe { real::sendfile(out, from, offset, n) })
}

pub unsafe fn splice(
    from: c_int,
    from_offset: *mut off64_t,
    to: c_int,
    to_offset: *mut off64_t,
    n: size_t,
    flags: c_uint,
) -> ssize_t {
    let may_wait = from_offset.is_null() && to_offset.is_null() && moves::may_splice(from, to, n, flags);
    moves::move_some(from, to, may_wait, || unsafe { real::splice(from, from_offset, to, to_offset, n, flags) })
}

pub unsafe fn tee(from: c_int, to: c_int, n: size_t, flags: c_uint) -> ssize_t {
    moves::move_some(from, to, moves::may_tee(from, to, n, flags), || unsafe { real::tee(from, to, n, flags) })
}

/// Into a pipe it waits for room, out of one for something; either is moved in part.
pub unsafe fn vmsplice(fd: c_int, iov: *const iovec, n: size_t, flags: c_uint) -> ssize_t {
    let known = SPLICE_F_MOVE | SPLICE_F_MORE | SPLICE_F_GIFT;
    if flags & !known != 0 || fd::pipe_of(fd).is_none() || fd::is_nonblocking(fd) {
        // O_NONBLOCK means nothing to this call.
        return wait::may_block(|| unsafe { real::vmsplice(fd, iov, n, flags) });
    }
    let side = if fd::is_usable(fd, O_RDONLY) { Interest::WRITE } else { Interest::READ };
    retry(Call::new(Family::Socket, fd, side), |fd, how| unsafe {
        real::vmsplice(fd, iov, n, flags | if how.waits() { 0 } else { SPLICE_F_NONBLOCK })
    })
}

pub unsafe fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    let fd = unsafe { real::socket(domain, kind, protocol) };
    if fd >= 0 { fd::born(fd, kind & SOCK_NONBLOCK != 0) } else { fd }
}

pub unsafe fn socketpair(domain: c_int, kind: c_int, protocol: c_int, pair: *mut c_int) -> c_int {
    let made = unsafe { real::socketpair(domain, kind, protocol, pair) };
    if made == 0 {
        unsafe { fd::pair_born(pair, kind & SOCK_NONBLOCK != 0) };
    }
    made
}

pub unsafe fn listen(fd: c_int, backlog: c_int) -> c_int {
    unsafe { real::listen(fd, backlog) }
}

/// The kernel wakes those who wait: the shutdown is an edge on every registered descriptor.
pub unsafe fn shutdown(fd: c_int, how: c_int) -> c_int {
    unsafe { real::shutdown(fd, how) }
}

pub unsafe fn setsockopt(fd: c_int, level: c_int, name: c_int, value: *const c_void, len: socklen_t) -> c_int {
    let done = unsafe { real::setsockopt(fd, level, name, value, len) };
    if done == 0 {
        unsafe { fd::option_set(fd, level, name, value) };
    }
    done
}

pub unsafe fn getsockopt(fd: c_int, level: c_int, name: c_int, value: *mut c_void, len: *mut socklen_t) -> c_int {
    unsafe { real::getsockopt(fd, level, name, value, len) }
}
