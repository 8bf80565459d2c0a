//! fork, and what forks inside libc.
//!
//! The child has one thread, the caller, which is native from then on; a fork handler of ours does what that takes
//! (`entry/fork.rs`), so that it holds for forks that no hook sees.

use crate::hooks::io::fdops;
use crate::sys::errno;
use crate::table::real;
use crate::wait;
use crate::wait::fd;
use libc::{EBUSY, TIOCSCTTY, c_int, pid_t, setsid};

pub unsafe fn fork() -> pid_t {
    // SAFETY: the program's: what it does in the child is its own.
    unsafe { real::fork() }
}

/// daemon(3) puts /dev/null over the first three descriptors inside libc.
pub unsafe fn daemon(nochdir: c_int, noclose: c_int) -> c_int {
    // SAFETY: the program's.
    let result = wait::may_block(|| unsafe { real::daemon(nochdir, noclose) });
    if result == 0 && noclose == 0 {
        (0..=2).for_each(fd::born_shared);
    }
    result
}

/// login_tty(3) by glibc's steps, whose dup2 and close would be libc's own.
pub unsafe fn login_tty(fd: c_int) -> c_int {
    // SAFETY: the program's; the kernel checks the numbers.
    unsafe {
        setsid();
        if fdops::ioctl(fd, TIOCSCTTY, 0) == -1 {
            return -1;
        }
        for standard in 0..=2 {
            while fdops::dup2(fd, standard) == -1 && errno::get() == EBUSY {}
        }
        if fd > 2 {
            fdops::close(fd);
        }
    }
    0
}
