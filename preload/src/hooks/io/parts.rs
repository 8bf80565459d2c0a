//! Calls that are done in parts: a stream takes and gives what it has room for, and a blocking call goes on until all
//! is done, or until an error, which is told only if nothing was done before it; else it is left for the next call.

use crate::sys::errno;
use crate::sys::kernel;
use crate::sys::memory;
use crate::table::real;
use crate::wait::fd;
use crate::wait::guard;
use crate::wait::{self, Call, How, retry};
use libc::*;
use std::ptr::null_mut;

/// The most that the kernel moves by one call (its MAX_RW_COUNT).
pub const MOST: usize = 0x7fff_f000;

/// Sends all of `whole()` bytes by as many attempts as it takes. `attempt(fd, done, how)` sends what is left after
/// `done`. The first attempt is on what the program gave, so that the kernel finds what is wrong with that; `whole` is
/// asked after it. A call that waits has sent all that it is to send, unless it `is_cut`.
///
/// The socket's time-out bounds the call, not each part of it, as in the kernel. So does any signal, once something is sent.
pub fn send_all(
    call: Call,
    whole: impl Fn() -> usize,
    is_cut: impl Fn(c_int) -> bool,
    mut attempt: impl FnMut(c_int, usize, How) -> ssize_t,
) -> ssize_t {
    let errno = errno::get();
    let waits = guard::coroutine().is_some() && !call.dontwait;
    let mut done = 0;
    let result = retry(call, |fd, how| {
        loop {
            if done > 0 && how == How::Last {
                return done as ssize_t;
            }
            let sent = match done {
                1.. if fd::has_error(fd) => errno::fail(EPIPE),
                _ => attempt(fd, done, how),
            };
            if sent == -1 && waits && !how.waits() && errno::get() == EINPROGRESS && !fd::is_nonblocking(fd) {
                // It has begun the connection that a connect has put off (TCP_FASTOPEN_CONNECT).
                return wait::MAY_WAIT;
            }
            if sent <= 0 || !waits {
                return sent;
            }
            done += sent as usize;
            if done >= whole().min(MOST) || how.waits() && !is_cut(fd) {
                return done as ssize_t;
            }
            if how.waits() {
                return errno::fail(EAGAIN);
            }
        }
    });
    told(done, result, errno)
}

/// What [`send_all`] is told where libc's own call is given everything.
pub fn never(_: c_int) -> bool {
    false
}

/// The result of a call that is done in parts: what was done, or why nothing was.
fn told(done: usize, result: ssize_t, errno: c_int) -> ssize_t {
    if done == 0 {
        return result;
    }
    errno::set(errno);
    done as ssize_t
}

/// The flags of a call that goes on after `done` bytes: the kernel raises SIGPIPE only for a call that has sent nothing.
pub const fn continued(flags: c_int, done: usize) -> c_int {
    if done > 0 { flags | MSG_NOSIGNAL } else { flags }
}

/// The most segments of a vector that are kept on the stack; a longer one is sent as it is until it stalls, then
/// segment by segment (glibc's own limit is 1,024).
const SEGMENTS: usize = 8;

/// What is left of a vector of several segments.
pub struct Parts {
    window: [iovec; SEGMENTS],
    whole: *const iovec,
    count: usize,
}

impl Parts {
    /// # Safety
    /// `iov` outlives the result, and has `count` segments once the kernel has accepted it.
    pub unsafe fn of_vector(iov: *const iovec, count: usize) -> Parts {
        Parts { window: [iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; SEGMENTS], whole: iov, count }
    }

    fn segments(&self) -> impl Iterator<Item = iovec> {
        // SAFETY: `of_vector`'s caller has promised `count` segments, which the kernel has read.
        (0..self.count).map(|i| unsafe { self.whole.add(i).read() })
    }

    pub fn bytes(&self) -> usize {
        self.segments().fold(0, |sum, segment| sum.saturating_add(segment.iov_len))
    }

    /// How many bytes are left after `done`.
    pub fn left(&self, done: usize) -> usize {
        self.bytes() - done
    }

    /// The segments that are left after `done` bytes, of `most` bytes at most: all of them as the program gave them if that
    /// is none and there is no such end, else as many as fit the window.
    pub fn vector(&mut self, done: usize, most: usize) -> (*const iovec, usize) {
        if done == 0 && most == MOST {
            return (self.whole, self.count);
        }
        let (mut skip, mut used, mut room) = (done, 0, most.min(MOST - done));
        for index in 0..self.count {
            // SAFETY: as in `segments`.
            let mut segment = unsafe { self.whole.add(index).read() };
            let skipped = skip.min(segment.iov_len);
            skip -= skipped;
            segment.iov_base = segment.iov_base.wrapping_byte_add(skipped);
            segment.iov_len = (segment.iov_len - skipped).min(room);
            room -= segment.iov_len;
            if segment.iov_len > 0 && used < SEGMENTS {
                self.window[used] = segment;
                used += 1;
            }
        }
        (self.window.as_ptr(), used)
    }
}

/// The bytes of the segments of a message.
///
/// # Safety
/// The kernel has accepted `msg`.
pub unsafe fn bytes_of(msg: *const msghdr) -> usize {
    // SAFETY: the caller's promise.
    unsafe { Parts::of_vector((*msg).msg_iov, (*msg).msg_iovlen) }.bytes()
}

/// Makes `call` with what is left of `msg` after `done` bytes: the program's own message if that is none. Its control
/// data has gone with the first part.
///
/// # Safety
/// If `done` is not 0, the kernel has accepted `msg`.
pub unsafe fn with_rest(msg: *const msghdr, done: usize, call: impl FnOnce(*const msghdr) -> ssize_t) -> ssize_t {
    if done == 0 {
        return call(msg);
    }
    // SAFETY: the caller's promise.
    let mut rest = unsafe { msg.read() };
    // SAFETY: as above.
    let mut parts = unsafe { Parts::of_vector(rest.msg_iov, rest.msg_iovlen) };
    let (vector, count) = parts.vector(done, MOST);
    rest.msg_iov = vector.cast_mut();
    rest.msg_iovlen = count;
    rest.msg_control = std::ptr::null_mut();
    rest.msg_controllen = 0;
    call(&rest)
}

/// Whether a receive goes on after its first bytes: until there are as many as SO_RCVLOWAT or MSG_WAITALL says.
pub fn collects(fd: c_int, flags: c_int) -> bool {
    (flags & MSG_WAITALL != 0 || fd::is_marked(fd)) && guard::coroutine().is_some()
}

/// recvfrom(2), where it [`collects`].
///
/// # Safety
/// As for recvfrom(2).
pub unsafe fn receive_all(
    call: Call,
    buf: *mut c_void,
    n: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    // The kernel looks at the length of the address when it has the bytes.
    if !addr.is_null() && memory::read(len).is_none_or(|len| (len as c_int) < 0) {
        // SAFETY: the caller's promise.
        return wait::may_block(|| unsafe { real::recvfrom(call.fd, buf, n, flags, addr, len) });
    }
    collect(
        call,
        flags,
        || n,
        |fd, done, flags, how| match how {
            // SAFETY: the caller's promise.
            How::Plain if done == 0 => unsafe { real::recvfrom(fd, buf, n, flags, addr, len) },
            // The address came with the first part.
            _ if done > 0 => kernel::recvfrom(fd, buf.wrapping_byte_add(done), n - done, flags, null_mut(), null_mut()),
            _ => kernel::recvfrom(fd, buf, n, flags, addr, len),
        },
    )
}

/// recvmsg(2), where it [`collects`]. One with control data, which comes with a part of its own, is left to the kernel.
///
/// # Safety
/// As for recvmsg(2).
pub unsafe fn receive_message(call: Call, msg: *mut msghdr, flags: c_int) -> ssize_t {
    if memory::read(msg).is_none_or(|header| header.msg_controllen > 0) {
        // SAFETY: the caller's promise.
        return wait::may_block(|| unsafe { real::recvmsg(call.fd, msg, flags) });
    }
    // SAFETY: asked once the kernel has accepted the message.
    let whole = || unsafe { bytes_of(msg) };
    collect(call, flags, whole, |fd, done, flags, how| match how {
        // SAFETY: the caller's promise.
        How::Plain if done == 0 => unsafe { real::recvmsg(fd, msg, flags) },
        // SAFETY: the kernel has accepted the message if `done` is not 0.
        _ => unsafe { with_rest(msg, done, |rest| kernel::recvmsg(fd, rest.cast_mut(), flags)) },
    })
}

/// As [`send_all`], of what is received, by `attempt(fd, done, flags, how)`. What is there the kernel takes at once, and waits
/// for the rest of what is wanted. A look at it (MSG_PEEK) would begin at the same byte each time, so that is the kernel's.
fn collect(
    call: Call,
    flags: c_int,
    whole: impl Fn() -> usize,
    mut attempt: impl FnMut(c_int, usize, c_int, How) -> ssize_t,
) -> ssize_t {
    if flags & MSG_PEEK != 0 {
        return wait::may_block(|| attempt(call.fd, 0, flags, How::Plain));
    }
    let errno = errno::get();
    let mark = if flags & MSG_WAITALL != 0 { MOST } else { fd::mark(call.fd) };
    let mut done = 0;
    let result = retry(call, |fd, how| {
        loop {
            let got = match done {
                1.. if fd::has_error(fd) => errno::fail(EPIPE),
                0 => unless_of_nothing(fd, how, &whole, attempt(fd, done, flags | how.flag(), how)),
                _ => attempt(fd, done, flags | how.flag(), how),
            };
            done += got.max(0) as usize;
            if got == -1 && how == How::Last && done > 0 {
                return done as ssize_t;
            }
            if got <= 0 || done >= whole().min(mark) || call.dontwait || how.waits() || !is_stream(fd) {
                return got;
            }
        }
    });
    told(done, result, errno)
}

/// The answer to an attempt to receive `whole()` bytes. One of none on a TCP connection waits for whatever wakes it, and is
/// then done: that is the kernel's to wait for.
pub fn unless_of_nothing(fd: c_int, how: How, whole: impl Fn() -> usize, got: ssize_t) -> ssize_t {
    let would_wait = got == -1 && how == How::Now && errno::get() == EAGAIN;
    if would_wait && fd::kind(fd) == Some(fd::Kind::Tcp) && whole() == 0 && !fd::is_nonblocking(fd) {
        return wait::MAY_WAIT;
    }
    got
}

/// Whether there are bytes to collect: a message of another kind of socket is whole by itself.
fn is_stream(fd: c_int) -> bool {
    fd::kind(fd) == Some(fd::Kind::Tcp) || fd::socket_type(fd) == Some(SOCK_STREAM)
}

/// The descriptors in a message of a UNIX-domain socket.
///
/// # Safety
/// `msg` has control data as recvmsg(2) fills it in.
unsafe fn passed_descriptors(msg: *const msghdr, mut each: impl FnMut(c_int)) {
    // SAFETY: the CMSG macros walk the control data that the caller promises.
    unsafe {
        let mut header = CMSG_FIRSTHDR(msg);
        while let Some(control) = header.as_ref() {
            if control.cmsg_level == SOL_SOCKET && control.cmsg_type == SCM_RIGHTS {
                let bytes = control.cmsg_len - CMSG_LEN(0) as usize;
                let data = CMSG_DATA(header).cast::<c_int>();
                (0..bytes / size_of::<c_int>()).for_each(|i| each(data.add(i).read_unaligned()));
            }
            header = CMSG_NXTHDR(msg, header);
        }
    }
}

/// Descriptors that came with a message are new numbers here.
///
/// # Safety
/// `msg` was filled in by recvmsg(2).
pub unsafe fn note_received(msg: *const msghdr) {
    // SAFETY: the caller's promise.
    unsafe {
        if (*msg).msg_controllen > 0 {
            passed_descriptors(msg, fd::born_shared);
        }
    }
}

/// Descriptors that go with a message are others', too, from now on.
///
/// # Safety
/// As for sendmsg(2).
pub unsafe fn note_sent(msg: *const msghdr) {
    // SAFETY: the caller's promise.
    unsafe {
        if !(*msg).msg_control.is_null() && (*msg).msg_controllen > 0 {
            passed_descriptors(msg, fd::shared);
        }
    }
}
