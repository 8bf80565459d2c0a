//! Processes: fork, and what forks inside libc.
//!
//! The child has one thread, the caller, which is native from then on; `process` does what that takes in a fork handler
//! of ours, so that it holds for forks that no hook sees.

pub use super::clone::clone;
pub use super::command::{pclose, popen, system};
pub use super::vfork::vfork;
pub use super::wait_child::{wait, wait3, wait4, waitid, waitpid};
use crate::fd;
use crate::real;
use crate::wait;
use libc::*;

pub unsafe fn fork() -> pid_t {
    // SAFETY: the program's: what it does in the child is its own.
    unsafe { real::fork() }
}

/// daemon(3) puts /dev/null over the first three descriptors inside libc.
pub unsafe fn daemon(nochdir: c_int, noclose: c_int) -> c_int {
    // SAFETY: the program's.
    let result = wait::detach(|| unsafe { real::daemon(nochdir, noclose) });
    if result == 0 && noclose == 0 {
        (0..=2).for_each(fd::born_shared);
    }
    result
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn posix_spawn(
    pid: *mut pid_t,
    path: *const c_char,
    actions: *const posix_spawn_file_actions_t,
    attr: *const posix_spawnattr_t,
    argv: *const *mut c_char,
    envp: *const *mut c_char,
) -> c_int {
    passing_descriptors(|| unsafe { real::posix_spawn(pid, path, actions, attr, argv, envp) })
}

pub unsafe fn posix_spawnp(
    pid: *mut pid_t,
    file: *const c_char,
    actions: *const posix_spawn_file_actions_t,
    attr: *const posix_spawnattr_t,
    argv: *const *mut c_char,
    envp: *const *mut c_char,
) -> c_int {
    passing_descriptors(|| unsafe { real::posix_spawnp(pid, file, actions, attr, argv, envp) })
}

/// `spawn` makes a process without fork(3): the open files are that one's, too, from when it begins.
pub(super) fn passing_descriptors<R>(spawn: impl FnOnce() -> R) -> R {
    fd::all_shared();
    let result = wait::detach_at_once(spawn);
    // Those that were made meanwhile.
    fd::all_shared();
    result
}
