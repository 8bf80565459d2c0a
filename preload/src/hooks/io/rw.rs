//! read, write and their kin, on whatever the descriptor is.
//!
//! | kind | the attempt that does not wait |
//! |---|---|
//! | socket | recv or send with MSG_DONTWAIT, which are what read and write of a socket are |
//! | pipe, eventfd, timerfd ... | preadv2 or pwritev2 with RWF_NOWAIT, where the file supports it |
//! | terminal, FIFO ... | a look by poll where that tells the truth (`readiness.rs`), then the call itself, under handoff |
//! | regular file | none: the call itself, under handoff |

use super::parts::{self, Parts};
use super::readiness;
use crate::sys::errno;
use crate::sys::kernel;
use crate::sys::memory;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::fd::{self, Kind};
use crate::wait::guard;
use crate::wait::{self, Call, How, Interest, retry};
use libc::*;
use std::ptr::{null, null_mut};

/// preadv2(2)'s offset for "where the file is".
const HERE: off_t = -1;

fn call(fd: c_int, side: Interest) -> Call {
    Call::new(Family::Rw, fd, side)
}

/// A call on a descriptor that is no socket: by RWF_NOWAIT, by a look and the call itself, or just the call.
fn stream(call: Call, n: usize, nowait: impl Fn(c_int) -> ssize_t, plain: impl Fn(c_int) -> ssize_t) -> ssize_t {
    if fd::kind(call.fd) != Some(Kind::Stream) || fd::is_nonblocking(call.fd) {
        return wait::may_block(|| plain(call.fd));
    }
    retry(call, |fd, how| match how {
        How::Plain => plain(fd),
        _ => unless_unsupported(fd, call.side, || n, || nowait(fd)),
    })
}

/// `nowait()`, by RWF_NOWAIT; where the file does not know that, what poll says, if that is to be believed of a transfer
/// of `n()` bytes. What the kernel refuses it may refuse for its arguments, which the plain call then tells at once.
fn unless_unsupported(
    fd: c_int,
    side: Interest,
    n: impl FnOnce() -> usize,
    nowait: impl FnOnce() -> ssize_t,
) -> ssize_t {
    let errno = errno::get();
    let result = nowait();
    if result >= 0 || !matches!(errno::get(), EOPNOTSUPP | EINVAL | ESPIPE) {
        return result;
    }
    let refused = errno::get() == EINVAL;
    errno::set(errno);
    if refused || fd::is_ready(fd, side) || !readiness::is_told_by_poll(fd, side, n()) {
        wait::MAY_WAIT
    } else {
        errno::fail(EAGAIN)
    }
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

/// Whether these bytes can be the program's. What can't be the kernel refuses, whatever the file is, and at once.
fn is_in_reach(buf: *const c_void, n: size_t) -> bool {
    /// The end of the program's half of the addresses (x86-64), less a page that nobody has.
    const END: usize = (1 << 47) - 4096;
    buf.addr().checked_add(n).is_some_and(|end| end <= END)
}

/// Whether the vector is one that the kernel neither refuses, nor finds to be of nothing, before it looks at the file. (A
/// message of nothing is one: a datagram, or a question for a socket's error.)
fn is_sound(iov: *const iovec, n: c_int) -> bool {
    let segments = n as usize;
    if !memory::is_readable(iov.addr(), segments * size_of::<iovec>()) {
        return false;
    }
    // SAFETY: readable just now.
    let mut all = (0..segments).map(|i| unsafe { iov.add(i).read_unaligned() });
    let sum = all.try_fold(0usize, |sum, it| {
        is_in_reach(it.iov_base, it.iov_len).then(|| sum.checked_add(it.iov_len)).flatten()
    });
    sum.is_some_and(|sum| sum > 0 && sum <= isize::MAX as usize)
}

pub unsafe fn read(fd: c_int, buf: *mut c_void, n: size_t) -> ssize_t {
    unsafe { read_for(Family::Rw, fd, buf, n) }
}

/// [`read`], counted as a wait of `family`.
pub(in crate::hooks) unsafe fn read_for(family: Family, fd: c_int, buf: *mut c_void, n: size_t) -> ssize_t {
    if guard::coroutine().is_none() || n == 0 || !is_in_reach(buf, n) {
        return unsafe { real::read(fd, buf, n) };
    }
    if is_socket(fd) {
        let call = Call::new(family, fd, Interest::READ);
        return match parts::collects(fd, 0) {
            true => unsafe { parts::receive_all(call, buf, n, 0, null_mut(), null_mut()) },
            false => retry(call.whole(n), |fd, how| unsafe { receive(fd, buf, n, how) }),
        };
    }
    let vector = iovec { iov_base: buf, iov_len: n };
    stream(
        Call::new(family, fd, Interest::READ),
        n,
        |fd| unsafe { real::preadv2(fd, &vector, 1, HERE, RWF_NOWAIT) },
        |fd| unsafe { real::read(fd, buf, n) },
    )
}

/// read(2) of a socket; of what is one no more, after all, as the kernel has it.
unsafe fn receive(fd: c_int, buf: *mut c_void, n: size_t, how: How) -> ssize_t {
    let result = kernel::recvfrom(fd, buf, n, how.flag(), null_mut(), null_mut());
    if result == -1 && errno::get() == ENOTSOCK && fd::find_kind(fd).is_some() {
        return unsafe { real::read(fd, buf, n) };
    }
    result
}

fn is_socket(fd: c_int) -> bool {
    matches!(fd::kind(fd), Some(Kind::Tcp | Kind::Socket))
}

pub unsafe fn readv(fd: c_int, iov: *const iovec, n: c_int) -> ssize_t {
    if guard::coroutine().is_none() || !is_vector(n) || !is_sound(iov, n) {
        return unsafe { real::readv(fd, iov, n) };
    }
    if is_socket(fd) {
        let mut message = vector_message(iov, n);
        return match parts::collects(fd, 0) {
            true => unsafe { parts::receive_message(call(fd, Interest::READ), &mut message, 0) },
            false => retry(call(fd, Interest::READ), |fd, how| kernel::recvmsg(fd, &mut message, how.flag())),
        };
    }
    stream(
        call(fd, Interest::READ),
        readiness::MOST,
        |fd| unsafe { real::preadv2(fd, iov, n, HERE, RWF_NOWAIT) },
        |fd| unsafe { real::readv(fd, iov, n) },
    )
}

/// Whether the kernel takes a vector of `n` segments (UIO_MAXIOV is 1,024); an empty one never waits.
const fn is_vector(n: c_int) -> bool {
    n > 0 && n <= 1024
}

/// A vector as a message: what readv and writev of a socket are.
fn vector_message(iov: *const iovec, n: c_int) -> msghdr {
    // SAFETY: all-zero is a message without address, segments and control data.
    let mut message: msghdr = unsafe { std::mem::zeroed() };
    (message.msg_iov, message.msg_iovlen) = (iov.cast_mut(), n as usize);
    message
}

pub unsafe fn write(fd: c_int, buf: *const c_void, n: size_t) -> ssize_t {
    if guard::coroutine().is_none() || n == 0 || !is_in_reach(buf, n) {
        return unsafe { real::write(fd, buf, n) };
    }
    let n = n.min(parts::MOST);
    let vector = iovec { iov_base: buf.cast_mut(), iov_len: n };
    if is_socket(fd) {
        return parts::send_all(
            call(fd, Interest::WRITE),
            || n,
            parts::never,
            |fd, done, how| {
                let flags = parts::continued(how.flag(), done);
                kernel::sendto(fd, buf.wrapping_byte_add(done), n - done, flags, null(), 0)
            },
        );
    }
    unsafe { write_stream(fd, &vector, 1, |fd| real::write(fd, buf, n)) }
}

pub unsafe fn writev(fd: c_int, iov: *const iovec, n: c_int) -> ssize_t {
    if guard::coroutine().is_none() || !is_vector(n) || !is_sound(iov, n) {
        return unsafe { real::writev(fd, iov, n) };
    }
    if is_socket(fd) {
        let message = vector_message(iov, n);
        let whole = || unsafe { parts::bytes_of(&message) };
        return parts::send_all(call(fd, Interest::WRITE), whole, parts::never, |fd, done, how| unsafe {
            let flags = parts::continued(how.flag(), done);
            parts::with_rest(&message, done, |rest| kernel::sendmsg(fd, rest, flags))
        });
    }
    unsafe { write_stream(fd, iov, n, |fd| real::writev(fd, iov, n)) }
}

/// A write to a pipe goes on until all is written; one of at most PIPE_BUF bytes is never torn, which RWF_NOWAIT keeps. Of a
/// terminal nobody but the kernel knows how much it takes.
unsafe fn write_stream(fd: c_int, iov: *const iovec, n: c_int, plain: impl Fn(c_int) -> ssize_t) -> ssize_t {
    if fd::kind(fd) != Some(Kind::Stream) || fd::is_nonblocking(fd) {
        return wait::may_block(|| plain(fd));
    }
    let mut rest = unsafe { Parts::of_vector(iov, n as usize) };
    let whole = || unsafe { Parts::of_vector(iov, n as usize) }.bytes();
    let is_cut = |fd| fd::pipe_of(fd).is_some();
    parts::send_all(call(fd, Interest::WRITE), whole, is_cut, |fd, done, how| {
        // It was ready: there is room for PIPE_BUF bytes. That much does not wait, and is not torn.
        let is_part = how.waits() && rest.left(done) > PIPE_BUF && is_cut(fd);
        let (vector, count) = rest.vector(done, if is_part { PIPE_BUF } else { parts::MOST });
        if how.waits() {
            return unsafe { real::writev(fd, vector, count as c_int) };
        }
        let nowait = || unsafe { real::pwritev2(fd, vector, count as c_int, HERE, RWF_NOWAIT) };
        // SAFETY: a vector of one segment at least, as nothing would be left else.
        let number = || readiness::of_number(&unsafe { vector.read() });
        unless_unsupported(fd, Interest::WRITE, number, nowait)
    })
}

/// eventfd_read(3) and eventfd_write(3) are a read and a write of eight bytes.
pub unsafe fn eventfd_read(fd: c_int, value: *mut eventfd_t) -> c_int {
    let whole = size_of::<eventfd_t>();
    if unsafe { read(fd, value.cast(), whole) } == whole as ssize_t { 0 } else { -1 }
}

pub unsafe fn eventfd_write(fd: c_int, value: eventfd_t) -> c_int {
    let whole = size_of::<eventfd_t>();
    if unsafe { write(fd, (&raw const value).cast(), whole) } == whole as ssize_t { 0 } else { -1 }
}

pub unsafe fn preadv2(fd: c_int, iov: *const iovec, n: c_int, offset: off_t, flags: c_int) -> ssize_t {
    if offset == HERE && flags == 0 {
        return unsafe { readv(fd, iov, n) };
    }
    wait::may_block(|| unsafe { real::preadv2(fd, iov, n, offset, flags) })
}

pub unsafe fn pwritev2(fd: c_int, iov: *const iovec, n: c_int, offset: off_t, flags: c_int) -> ssize_t {
    if offset == HERE && flags == 0 {
        return unsafe { writev(fd, iov, n) };
    }
    wait::may_block(|| unsafe { real::pwritev2(fd, iov, n, offset, flags) })
}
