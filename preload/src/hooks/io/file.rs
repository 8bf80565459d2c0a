//! Files, locks and queues: calls that block by themselves, and that nothing tells the end of. They are made under
//! handoff, after a try that does not wait where there is one: most locks are free, most queues have something.

use crate::sys::errno;
use crate::table::real;
use crate::wait;
use crate::wait::fd;
use crate::wait::guard;
use libc::*;

/// A new descriptor, of an open file of its own.
fn opened(fd: c_int, flags: c_int) -> c_int {
    if fd >= 0 { fd::born(fd, flags & O_NONBLOCK != 0) } else { fd }
}

/// `call`, which may wait, unless `attempt`, the same without waiting, has another answer than one of `would_wait`.
fn try_first<R: PartialEq + From<i8>>(
    would_wait: &[c_int],
    attempt: impl FnOnce() -> R,
    call: impl FnOnce() -> R,
) -> R {
    if guard::coroutine().is_none() {
        return call();
    }
    let errno = errno::get();
    let result = attempt();
    if result != R::from(-1) || !would_wait.contains(&errno::get()) {
        return result;
    }
    errno::set(errno);
    wait::block(call)
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    opened(wait::may_block(|| unsafe { real::open(path, flags, mode) }), flags)
}

pub unsafe fn openat(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    opened(wait::may_block(|| unsafe { real::openat(dir, path, flags, mode) }), flags)
}

pub unsafe fn __open_2(path: *const c_char, flags: c_int) -> c_int {
    opened(wait::may_block(|| unsafe { real::__open_2(path, flags) }), flags)
}

pub unsafe fn __openat_2(dir: c_int, path: *const c_char, flags: c_int) -> c_int {
    opened(wait::may_block(|| unsafe { real::__openat_2(dir, path, flags) }), flags)
}

pub unsafe fn creat(path: *const c_char, mode: mode_t) -> c_int {
    opened(wait::may_block(|| unsafe { real::creat(path, mode) }), 0)
}

pub unsafe fn open_by_handle_at(mount: c_int, handle: *mut file_handle, flags: c_int) -> c_int {
    opened(wait::may_block(|| unsafe { real::open_by_handle_at(mount, handle, flags) }), flags)
}

pub unsafe fn flock(fd: c_int, operation: c_int) -> c_int {
    if operation & (LOCK_NB | LOCK_UN) != 0 {
        return unsafe { real::flock(fd, operation) };
    }
    let attempt = || unsafe { real::flock(fd, operation | LOCK_NB) };
    try_first(&[EWOULDBLOCK], attempt, || unsafe { real::flock(fd, operation) })
}

pub unsafe fn lockf(fd: c_int, command: c_int, len: off_t) -> c_int {
    if command != F_LOCK {
        return unsafe { real::lockf(fd, command, len) };
    }
    // The attempt, F_TLOCK, is no cancellation point.
    wait::testcancel();
    let attempt = || unsafe { real::lockf(fd, F_TLOCK, len) };
    try_first(&[EACCES, EAGAIN], attempt, || unsafe { real::lockf(fd, command, len) })
}

pub unsafe fn fsync(fd: c_int) -> c_int {
    wait::may_block(|| unsafe { real::fsync(fd) })
}

pub unsafe fn fdatasync(fd: c_int) -> c_int {
    wait::may_block(|| unsafe { real::fdatasync(fd) })
}

pub unsafe fn tcdrain(fd: c_int) -> c_int {
    wait::may_block(|| unsafe { real::tcdrain(fd) })
}

pub unsafe fn mq_receive(queue: mqd_t, buf: *mut c_char, n: size_t, priority: *mut c_uint) -> ssize_t {
    wait::may_block(|| unsafe { real::mq_receive(queue, buf, n, priority) })
}

pub unsafe fn mq_timedreceive(
    queue: mqd_t,
    buf: *mut c_char,
    n: size_t,
    priority: *mut c_uint,
    deadline: *const timespec,
) -> ssize_t {
    wait::may_block(|| unsafe { real::mq_timedreceive(queue, buf, n, priority, deadline) })
}

pub unsafe fn mq_send(queue: mqd_t, buf: *const c_char, n: size_t, priority: c_uint) -> c_int {
    wait::may_block(|| unsafe { real::mq_send(queue, buf, n, priority) })
}

pub unsafe fn mq_timedsend(
    queue: mqd_t,
    buf: *const c_char,
    n: size_t,
    priority: c_uint,
    deadline: *const timespec,
) -> c_int {
    wait::may_block(|| unsafe { real::mq_timedsend(queue, buf, n, priority, deadline) })
}

pub unsafe fn msgrcv(queue: c_int, buf: *mut c_void, n: size_t, kind: c_long, flags: c_int) -> ssize_t {
    let attempt = || unsafe { real::msgrcv(queue, buf, n, kind, flags | IPC_NOWAIT) };
    if flags & IPC_NOWAIT != 0 {
        return attempt();
    }
    try_first(&[ENOMSG], attempt, || unsafe { real::msgrcv(queue, buf, n, kind, flags) })
}

pub unsafe fn msgsnd(queue: c_int, buf: *const c_void, n: size_t, flags: c_int) -> c_int {
    let attempt = || unsafe { real::msgsnd(queue, buf, n, flags | IPC_NOWAIT) };
    if flags & IPC_NOWAIT != 0 {
        return attempt();
    }
    try_first(&[EAGAIN], attempt, || unsafe { real::msgsnd(queue, buf, n, flags) })
}

pub unsafe fn semop(set: c_int, operations: *mut sembuf, n: size_t) -> c_int {
    let attempt = || unsafe { try_operations(set, operations, n) };
    try_first(&[EAGAIN], attempt, || unsafe { real::semop(set, operations, n) })
}

pub unsafe fn semtimedop(set: c_int, operations: *mut sembuf, n: size_t, timeout: *const timespec) -> c_int {
    let attempt = || unsafe { try_operations(set, operations, n) };
    try_first(&[EAGAIN], attempt, || unsafe { real::semtimedop(set, operations, n, timeout) })
}

/// Does the operations at once or says EAGAIN, whatever their own flags are.
unsafe fn try_operations(set: c_int, operations: *mut sembuf, n: size_t) -> c_int {
    let at_once = timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { real::semtimedop(set, operations, n, &at_once) }
}
