//! recvmmsg(2) and sendmmsg(2) on a coroutine: many messages by one call.

use super::parts;
use super::socket;
use crate::hooks::select::limit::is_time;
use crate::sys::errno;
use crate::sys::kernel;
use crate::sys::memory;
use crate::table::real;
use crate::wait::fd;
use crate::wait::guard;
use crate::wait::{self, Deadline, How, Interest, retry};
use libc::*;
use std::ptr::{from_mut, null_mut};

/// Calls `note` with each of the `done` messages; of -1, with none.
///
/// # Safety
/// The kernel has filled them in, or read them.
unsafe fn each(msgs: *mut mmsghdr, done: c_int, note: impl Fn(*const msghdr)) {
    // SAFETY: the caller's promise.
    (0..done.max(0) as usize).for_each(|i| note(unsafe { &raw const (*msgs.add(i)).msg_hdr }));
}

/// What is there comes by one call of the kernel's, which keeps for the next call the error that ends it; the rest is waited
/// for. Messages that go on until they have enough are received one by one: what is wrong with the socket is found by a call
/// for none.
///
/// # Safety
/// As for recvmmsg(2), by a coroutine that may wait.
unsafe fn receive(fd: c_int, msgs: *mut mmsghdr, n: c_uint, flags: c_int, timeout: *mut timespec) -> c_int {
    let errno = errno::get();
    let time = match memory::read(timeout) {
        None if !timeout.is_null() => return errno::fail(EFAULT) as c_int,
        Some(time) if !is_time(&time) => return errno::fail(EINVAL) as c_int,
        time => time,
    };
    let until = time.map(|time| Deadline::after(wait::nanoseconds(&time)));
    let one_by_one = parts::collects(fd, flags);
    if (n == 0 || one_by_one) && kernel::recvmmsg(fd, msgs, 0, flags, null_mut()) == -1 {
        return -1;
    }
    let mut done = 0;
    while done < n {
        let next = msgs.wrapping_add(done as usize);
        // SAFETY: the caller's promise; `done` is less than `n`.
        let (got, is_end) = match one_by_one {
            true => unsafe { (receive_one(fd, next, flags), false) },
            false => unsafe { receive_some(fd, next, n - done, done > 0, flags, until) },
        };
        if got < 0 {
            break;
        }
        done += got as c_uint;
        if is_end || flags & MSG_WAITFORONE != 0 || until.is_some_and(|until| until.left() == 0) {
            break;
        }
    }
    if done == 0 && n > 0 {
        return -1;
    }
    if let Some(until) = until.filter(|_| done > 0)
        && !memory::write(timeout, wait::timespec_of(until.left()))
    {
        return errno::fail(EFAULT) as c_int;
    }
    errno::set(errno);
    done as c_int
}

/// Waits for the next of `n` messages, and takes what is there: how many, and whether the kernel has done all the waiting
/// there is. After others (`goes_on`) an error is left for the next call.
///
/// # Safety
/// As for recvmmsg(2).
unsafe fn receive_some(
    fd: c_int,
    msgs: *mut mmsghdr,
    n: c_uint,
    goes_on: bool,
    flags: c_int,
    until: Option<Deadline>,
) -> (ssize_t, bool) {
    let mut is_end = false;
    let got = retry(socket::call(fd, Interest::READ, flags), |fd, how| {
        is_end = how.waits();
        if goes_on && fd::has_error(fd) {
            return errno::fail(EPIPE);
        }
        let mut left = until.map(|until| wait::timespec_of(until.left()));
        let left = left.as_mut().map_or(null_mut(), from_mut);
        match how {
            // SAFETY: the caller's promise.
            How::Plain => unsafe { real::recvmmsg(fd, msgs, n, flags, left) as ssize_t },
            _ => kernel::recvmmsg(fd, msgs, n, flags | how.flag(), left),
        }
    });
    (got, is_end)
}

/// Receives one message that goes on until it has enough: 1.
///
/// # Safety
/// As for recvmmsg(2), of one.
unsafe fn receive_one(fd: c_int, msg: *mut mmsghdr, flags: c_int) -> ssize_t {
    // SAFETY: the caller's promise; the kernel has written the header before the length is.
    unsafe {
        let got = socket::recvmsg(fd, &raw mut (*msg).msg_hdr, flags & !MSG_WAITFORONE);
        if got < 0 {
            return got;
        }
        (*msg).msg_len = got as c_uint;
    }
    1
}

/// One message after the other, until one is not sent as a whole.
///
/// # Safety
/// As for sendmmsg(2), by a coroutine that may wait.
unsafe fn send(fd: c_int, msgs: *mut mmsghdr, n: c_uint, flags: c_int) -> c_int {
    if n == 0 {
        // SAFETY: the caller's promise.
        return unsafe { real::sendmmsg(fd, msgs, n, flags) };
    }
    // UIO_MAXIOV: the kernel takes no more at once.
    let n = n.min(1024);
    let errno = errno::get();
    let mut done = 0;
    while done < n {
        let msg = msgs.wrapping_add(done as usize);
        // SAFETY: the caller's promise; the kernel finds out whether there is a message.
        let (sent, len) = unsafe { (socket::sendmsg(fd, &raw const (*msg).msg_hdr, flags), &raw mut (*msg).msg_len) };
        if sent < 0 {
            break;
        }
        // The length and what follows it are a word.
        if !memory::is_writable(len.addr(), size_of::<u64>()) {
            errno::set(EFAULT);
            break;
        }
        done += 1;
        // SAFETY: writable just now; the kernel has accepted the message.
        unsafe {
            len.write(sent as c_uint);
            if (sent as usize) < parts::bytes_of(&raw const (*msg).msg_hdr) {
                break;
            }
        }
    }
    if done == 0 {
        return -1;
    }
    errno::set(errno);
    done as c_int
}

// SAFETY, of the hooks below: the program's, to whom the man page says what the arguments must be.

/// The time-out is looked at after each message, as in the kernel (recvmmsg(2), BUGS).
pub unsafe fn recvmmsg(fd: c_int, msgs: *mut mmsghdr, n: c_uint, flags: c_int, timeout: *mut timespec) -> c_int {
    let received = match guard::coroutine() {
        Some(_) if flags & MSG_DONTWAIT == 0 => {
            wait::testcancel();
            unsafe { receive(fd, msgs, n, flags, timeout) }
        }
        _ => unsafe { real::recvmmsg(fd, msgs, n, flags, timeout) },
    };
    unsafe { each(msgs, received, |msg| parts::note_received(msg)) };
    received
}

pub unsafe fn sendmmsg(fd: c_int, msgs: *mut mmsghdr, n: c_uint, flags: c_int) -> c_int {
    if guard::coroutine().is_some() && flags & MSG_DONTWAIT == 0 {
        wait::testcancel();
        return unsafe { send(fd, msgs, n, flags) };
    }
    let sent = unsafe { real::sendmmsg(fd, msgs, n, flags) };
    unsafe { each(msgs, sent, |msg| parts::note_sent(msg)) };
    sent
}
