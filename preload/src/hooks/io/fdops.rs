//! Descriptors made, duplicated, changed and closed: nothing of a number's earlier life may be believed in the next.
//!
//! The library's own descriptors are out of the program's reach: to it their numbers are not open.

use crate::hooks::thread::owner;
use crate::os_thread;
use crate::os_thread::own_files;
use crate::sys::errno;
use crate::sys::kernel;
use crate::table::real;
use crate::wait;
use crate::wait::fd;
use iopatch_runtime::local;
use iopatch_runtime::sys::descriptor;
use libc::*;

/// The most that close_range(2) takes.
const LAST: c_uint = c_uint::MAX;

fn bad() -> c_int {
    errno::fail(EBADF) as c_int
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn close(fd: c_int) -> c_int {
    wait::testcancel();
    close_by(fd, || unsafe { real::close(fd) })
}

/// close(2) by `call`.
pub(in crate::hooks) fn close_by(fd: c_int, call: impl FnOnce() -> c_int) -> c_int {
    if descriptor::is_hidden(fd) || fd::is_untouched(fd) {
        return bad();
    }
    let life = fd::dies(fd);
    let closed = wait::may_block(call);
    fd::gone(fd, life);
    closed
}

/// Closes the stretches between the library's own. CLOSE_RANGE_CLOEXEC closes nothing now, and ours close on exec.
pub unsafe fn close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int {
    let unshare = CLOSE_RANGE_UNSHARE as c_int;
    if first <= last && flags & unshare != 0 && !local::has_own_files() {
        // None of all numbers is open: a table of its own, and nothing closed.
        let unshared = own_files::begin(|| unsafe { real::close_range(LAST, LAST, flags) });
        return if unshared == 0 { unsafe { close_range(first, last, flags & !unshare) } } else { -1 };
    }
    if first > last || flags & CLOSE_RANGE_CLOEXEC as c_int != 0 {
        return unsafe { real::close_range(first, last, flags) };
    }
    let mut from = first;
    loop {
        let own = descriptor::next_hidden(from).filter(|&own| own <= last);
        let to = own.map_or(Some(last), |own| own.checked_sub(1));
        if let Some(to) = to.filter(|&to| from <= to) {
            fd::range_dies(from, to);
            let closed = unsafe { real::close_range(from, to, flags) };
            fd::range_gone(from, to);
            if closed == -1 {
                return -1;
            }
        }
        match own.and_then(|own| own.checked_add(1)).filter(|&next| next <= last) {
            Some(next) => from = next,
            None => return 0,
        }
    }
}

pub unsafe fn closefrom(first: c_int) {
    if unsafe { close_range(first.max(0) as c_uint, LAST, 0) } == -1 {
        // Linux before 5.9: glibc reads /proc/self/fd and ends the process if it can't.
        unsafe { real::closefrom(first) };
    }
}

pub unsafe fn dup(fd: c_int) -> c_int {
    if descriptor::is_hidden(fd) {
        return bad();
    }
    duplicated(fd, unsafe { real::dup(fd) })
}

/// A duplicate shares the flags of its original, which either may change from now on.
fn duplicated(fd: c_int, copy: c_int) -> c_int {
    if copy >= 0 && copy != fd {
        fd::duplicated(fd, copy);
    }
    copy
}

pub unsafe fn dup2(fd: c_int, to: c_int) -> c_int {
    replace(fd, to, || unsafe { real::dup2(fd, to) })
}

pub unsafe fn dup3(fd: c_int, to: c_int, flags: c_int) -> c_int {
    replace(fd, to, || unsafe { real::dup3(fd, to, flags) })
}

/// dup2 and dup3 close `to` inside, if `fd` is open.
fn replace(fd: c_int, to: c_int, call: impl FnOnce() -> c_int) -> c_int {
    if descriptor::is_hidden(fd) {
        return bad();
    }
    if local::has_own_files() && descriptor::is_hidden(to) {
        return bad();
    }
    descriptor::vacate(to);
    if fd == to || !kernel::is_open(fd) {
        return call();
    }
    let life = fd::dies(to);
    let copy = duplicated(fd, wait::may_block(call));
    fd::gone(to, life);
    copy
}

pub unsafe fn fcntl(fd: c_int, cmd: c_int, arg: usize) -> c_int {
    if descriptor::is_hidden(fd) {
        return bad();
    }
    match cmd {
        F_SETLKW | F_OFD_SETLKW => wait::may_block(|| unsafe { real::fcntl(fd, cmd, arg) }),
        F_DUPFD | F_DUPFD_CLOEXEC => duplicated(fd, unsafe { real::fcntl(fd, cmd, arg) }),
        F_GETFL => fd::own_flags(fd, || unsafe { real::fcntl(fd, cmd, arg) }),
        F_SETFL => {
            let nonblocking = || arg as c_int & O_NONBLOCK != 0;
            fd::make_nonblocking(fd, nonblocking, || unsafe { real::fcntl(fd, cmd, arg) })
        }
        owner::F_SETOWN_EX => unsafe { owner::set(fd, arg) },
        owner::F_GETOWN_EX => unsafe { owner::get(fd, arg) },
        F_GETOWN => unsafe { owner::get_id(fd) },
        _ => unsafe { real::fcntl(fd, cmd, arg) },
    }
}

pub unsafe fn ioctl(fd: c_int, request: c_ulong, arg: usize) -> c_int {
    if descriptor::is_hidden(fd) {
        return bad();
    }
    let call = || unsafe { real::ioctl(fd, request, arg) };
    // Asked once the kernel has read it.
    let nonblocking = || unsafe { *(arg as *const c_int) } != 0;
    if request == FIONBIO { fd::make_nonblocking(fd, nonblocking, call) } else { call() }
}

pub unsafe fn pipe(pair: *mut c_int) -> c_int {
    unsafe { pipe2(pair, 0) }
}

pub unsafe fn pipe2(pair: *mut c_int, flags: c_int) -> c_int {
    let made = unsafe { real::pipe2(pair, flags) };
    if made == 0 {
        unsafe { fd::pair_born(pair, flags & O_NONBLOCK != 0) };
    }
    made
}

pub unsafe fn eventfd(count: c_uint, flags: c_int) -> c_int {
    let fd = unsafe { real::eventfd(count, flags) };
    if fd >= 0 { fd::born(fd, flags & EFD_NONBLOCK != 0) } else { fd }
}

pub unsafe fn signalfd(fd: c_int, mask: *const sigset_t, flags: c_int) -> c_int {
    new_signalfd(fd, flags, || unsafe { real::signalfd(fd, mask, flags) })
}

/// Who reads it is told of the signals that the kernel has for its OS thread: so a coroutine must have one.
pub fn new_signalfd(fd: c_int, flags: c_int, make: impl FnOnce() -> c_int) -> c_int {
    os_thread::bind("a signalfd tells of the kernel's signals");
    let made = make();
    if made >= 0 && fd == -1 { fd::born(made, flags & SFD_NONBLOCK != 0) } else { made }
}
