//! Whose readiness poll(2) tells the truth about: where it says "not ready", a read or write would wait.
//!
//! | file | |
//! |---|---|
//! | FIFO | yes |
//! | terminal | if a read waits for a line or for a byte, not for a time, and the caller is no background job |
//! | eventfd | with room for its number; else it fails at once |
//! | inotify, fanotify, userfaultfd, signalfd, timerfd | for reads with room for what they tell; else they fail at once |
//! | any other character device | for reads |
//! | the rest (an epoll set, a perf event ...) | no: the call itself knows, under handoff |
//!
//! Asked only of files that do not know RWF_NOWAIT, when a call on one is about to wait.

use crate::sys::errno;
use crate::sys::link;
use crate::sys::memory;
use crate::wait::Interest;
use libc::*;

/// More bytes than any event that a descriptor tells of by itself: a signalfd's has 128.
pub const MOST: usize = 128;

/// How many bytes a write counts as, of which `first` is the first part: none, if it is no number that an eventfd may have to
/// have room for. One of nothing it takes, and one of all bits it refuses, however full it is.
pub fn of_number(first: &iovec) -> usize {
    let is_number = first.iov_len == size_of::<u64>();
    match is_number.then(|| memory::read(first.iov_base.cast_const().cast::<u64>())).flatten() {
        None | Some(0 | u64::MAX) => 0,
        Some(_) => size_of::<u64>(),
    }
}

/// Whether a call of `side` on `fd`, of `n` bytes, waits just while poll(2) says that it is not ready. errno stays.
pub fn is_told_by_poll(fd: c_int, side: Interest, n: usize) -> bool {
    let errno = errno::get();
    let told = is_told(fd, side, n);
    errno::set(errno);
    told
}

fn is_told(fd: c_int, side: Interest, n: usize) -> bool {
    let reads = side == Interest::READ;
    // SAFETY: all-zero is a value of this plain structure, which the call fills in.
    let mut stat: stat = unsafe { std::mem::zeroed() };
    // SAFETY: the call writes one structure; the kernel checks the number.
    if unsafe { fstat(fd, &mut stat) } == -1 {
        return false;
    }
    match stat.st_mode & S_IFMT {
        S_IFIFO => true,
        S_IFCHR => of_terminal(fd).unwrap_or(reads),
        // An inode without a type is one of those that have no name.
        0 => tells_events(fd, reads, n),
        _ => false,
    }
}

/// `None`: it is no terminal.
fn of_terminal(fd: c_int) -> Option<bool> {
    // SAFETY: as above.
    let mut mode: termios = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    if unsafe { tcgetattr(fd, &mut mode) } == -1 {
        return None;
    }
    let waits = mode.c_lflag & ICANON != 0 || (mode.c_cc[VMIN] == 1 && mode.c_cc[VTIME] == 0);
    // SAFETY: neither has a precondition. A terminal that is not the caller's own has no foreground for it (-1).
    let foreground = unsafe { tcgetpgrp(fd) };
    // SAFETY: as above.
    Some(waits && (foreground == -1 || foreground == unsafe { getpgrp() }))
}

/// Whether the file without a name is one that has events to read, or a number to write, and `n` bytes are room for one.
fn tells_events(fd: c_int, reads: bool, n: usize) -> bool {
    let least = match link::read(fd, &mut [0; 32]) {
        b"anon_inode:[eventfd]" => 8,
        _ if !reads => return false,
        b"anon_inode:[timerfd]" => 8,
        b"anon_inode:inotify" | b"anon_inode:[inotify]" => 16,
        b"anon_inode:[fanotify]" => 24,
        b"anon_inode:[userfaultfd]" => 32,
        b"anon_inode:[signalfd]" => MOST,
        _ => return false,
    };
    n >= least
}
