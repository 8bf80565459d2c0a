//! posix_spawn(3).

use crate::table::real;
use crate::wait;
use crate::wait::fd;
use libc::*;

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
pub(in crate::hooks) fn passing_descriptors<R>(spawn: impl FnOnce() -> R) -> R {
    fd::sharing(|| wait::block(spawn))
}
