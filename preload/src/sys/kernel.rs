//! System calls without libc's wrapper: for attempts that do not block.
//!
//! libc's recv and send are cancellation points: two locked instructions on the thread's descriptor around each call.
//! An attempt with MSG_DONTWAIT is none: the wait is. Results and errors are told as libc tells them.

use super::errno;
use iopatch_runtime::arch::syscall;
use libc::{EINTR, F_GETFD, FIONBIO, SYS_connect, SYS_epoll_wait, SYS_fcntl, SYS_getpeername, SYS_ioctl};
use libc::{SYS_poll, SYS_recvfrom, SYS_recvmmsg, SYS_recvmsg, SYS_sendmsg, SYS_sendto};
use libc::{c_int, c_long, c_uint, c_void, epoll_event, mmsghdr, msghdr, nfds_t, pollfd, size_t};
use libc::{sockaddr, sockaddr_storage, socklen_t, ssize_t, timespec};

fn call(number: c_long, args: [usize; 6]) -> ssize_t {
    // SAFETY: the kernel checks what it is given; what it writes is the caller's, who passes on the program's arguments.
    let result = unsafe { syscall(number as usize, args) };
    if result < 0 { errno::fail(-result as c_int) } else { result }
}

/// recvfrom(2).
pub fn recvfrom(
    fd: c_int,
    buf: *mut c_void,
    n: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    call(SYS_recvfrom, [fd as usize, buf as usize, n, flags as usize, addr as usize, len as usize])
}

/// sendto(2).
pub fn sendto(
    fd: c_int,
    buf: *const c_void,
    n: size_t,
    flags: c_int,
    addr: *const sockaddr,
    len: socklen_t,
) -> ssize_t {
    call(SYS_sendto, [fd as usize, buf as usize, n, flags as usize, addr as usize, len as usize])
}

/// recvmsg(2).
pub fn recvmsg(fd: c_int, msg: *mut msghdr, flags: c_int) -> ssize_t {
    call(SYS_recvmsg, [fd as usize, msg as usize, flags as usize, 0, 0, 0])
}

/// recvmmsg(2).
pub fn recvmmsg(fd: c_int, msgs: *mut mmsghdr, n: c_uint, flags: c_int, timeout: *mut timespec) -> ssize_t {
    call(SYS_recvmmsg, [fd as usize, msgs as usize, n as usize, flags as usize, timeout as usize, 0])
}

/// sendmsg(2).
pub fn sendmsg(fd: c_int, msg: *const msghdr, flags: c_int) -> ssize_t {
    call(SYS_sendmsg, [fd as usize, msg as usize, flags as usize, 0, 0, 0])
}

/// poll(2) without a wait. A signal ends even that one, if nothing is ready: whether it means something is asked elsewhere.
pub fn poll(fds: *mut pollfd, n: nfds_t) -> c_int {
    loop {
        let errno = errno::get();
        let result = call(SYS_poll, [fds as usize, n as usize, 0, 0, 0, 0]) as c_int;
        if result != -1 || errno::get() != EINTR {
            return result;
        }
        errno::set(errno);
    }
}

/// poll(2) of one descriptor, without a wait: how many have something to tell.
pub fn look(at: &mut pollfd) -> c_int {
    poll(at, 1)
}

/// epoll_wait(2) without a wait.
pub fn epoll_wait(fd: c_int, events: *mut epoll_event, n: c_int) -> c_int {
    call(SYS_epoll_wait, [fd as usize, events as usize, n as usize, 0, 0, 0]) as c_int
}

/// connect(2).
pub fn connect(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int {
    call(SYS_connect, [fd as usize, addr as usize, len as usize, 0, 0, 0]) as c_int
}

/// getpeername(2): the length of the address.
pub fn peer(fd: c_int, addr: &mut sockaddr_storage) -> Option<socklen_t> {
    let mut len = size_of::<sockaddr_storage>() as socklen_t;
    let args = [fd as usize, std::ptr::from_mut(addr) as usize, &raw mut len as usize, 0, 0, 0];
    (call(SYS_getpeername, args) == 0).then_some(len)
}

/// Whether the number is one of an open file (fcntl(2), F_GETFD).
pub fn is_open(fd: c_int) -> bool {
    call(SYS_fcntl, [fd as usize, F_GETFD as usize, 0, 0, 0, 0]) != -1
}

/// Sets or clears O_NONBLOCK, and no other flag.
pub fn set_nonblocking(fd: c_int, nonblocking: bool) {
    let value = c_int::from(nonblocking);
    call(SYS_ioctl, [fd as usize, FIONBIO as usize, &raw const value as usize, 0, 0, 0]);
}
