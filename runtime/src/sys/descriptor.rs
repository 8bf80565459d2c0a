//! The library's own descriptors: out of the program's way, and known, so that the program can
//! neither see nor hurt them.

use super::signal;
use crate::arch;
use crate::sync::{AtomicI32, Relaxed, SeqCst};
use rustix::fd::{BorrowedFd, IntoRawFd, RawFd};
use rustix::process::{Resource, getrlimit};

/// Room for every worker's two, and as many again for open files that outlive their number.
const MOST: usize = 4 * crate::sched::MAX_WORKERS;
const NONE: RawFd = -1;
/// How far below the limit ours begin where they can't be above it.
const HEADROOM: u64 = 64;

/// Their numbers.
static HIDDEN: [AtomicI32; MOST] = [const { AtomicI32::new(NONE) }; MOST];
/// The lowest and the highest that one of them ever had: no number outside needs a look at the list.
static LOWEST: AtomicI32 = AtomicI32::new(RawFd::MAX);
static HIGHEST: AtomicI32 = AtomicI32::new(NONE);

/// Where the own numbers begin at the latest. The kernel's table of descriptors is an array up to
/// the highest open number, and every fork copies it.
const HIGHEST_BASE: u64 = 1 << 16;

/// Moves `fd` above the numbers that the program can get, close-on-exec, and records it.
pub fn hide(fd: RawFd) -> RawFd {
    match copy(fd) {
        Some(number) => {
            // SAFETY: the caller has given the descriptor away; its copy is the one in use.
            unsafe { rustix::io::close(fd) };
            number
        }
        None => {
            record(fd);
            fd
        }
    }
}

/// Copies `fd` above the numbers that the program can get, close-on-exec, and records the copy. `None`: no number is free.
///
/// Above the soft limit of RLIMIT_NOFILE the kernel hands out no number, so a descriptor there
/// changes neither what open(2) returns nor when it fails with EMFILE. Where even the hard limit is
/// reached, the highest number must do.
pub fn copy(fd: RawFd) -> Option<RawFd> {
    let soft = getrlimit(Resource::Nofile).current.unwrap_or(HIGHEST_BASE).min(HIGHEST_BASE);
    let number = dup_above(fd, soft).or_else(|| dup(fd, soft.saturating_sub(HEADROOM)))?;
    record(number);
    Some(number)
}

/// Whether `fd` is one of the library's own.
#[inline]
pub fn is_hidden(fd: RawFd) -> bool {
    fd >= LOWEST.load(Relaxed) && fd <= HIGHEST.load(Relaxed) && HIDDEN.iter().any(|h| h.load(Relaxed) == fd)
}

/// The lowest own number that is at least `from`.
pub fn next_hidden(from: u32) -> Option<u32> {
    if i64::from(from) > i64::from(HIGHEST.load(Relaxed)) {
        return None;
    }
    let numbers = HIDDEN.iter().map(|h| h.load(Relaxed));
    let above = numbers.filter_map(|fd| u32::try_from(fd).ok().filter(|&fd| fd >= from));
    above.min()
}

/// Closes one of the library's own.
pub fn close_hidden(fd: RawFd) {
    if let Some(entry) = HIDDEN.iter().find(|h| h.load(Relaxed) == fd) {
        entry.store(NONE, SeqCst);
    }
    // SAFETY: the number was the library's, and has no user left.
    unsafe { rustix::io::close(fd) };
}

/// The program wants the number `fd` for itself (dup2 over it): moves ours away.
pub fn vacate(fd: RawFd) {
    if !is_hidden(fd) {
        return;
    }
    let Some(entry) = HIDDEN.iter().find(|h| h.load(Relaxed) == fd) else {
        return;
    };
    let Some(to) = dup_above(fd, fd as u64 + 1).or_else(|| dup(fd, 3)) else {
        return;
    };
    for worker in crate::sched::get().iter().flat_map(|r| r.workers()) {
        worker.renumber(fd, to);
    }
    super::memory::renumber(fd, to);
    crate::children::renumber(fd, to);
    crate::signals::renumber(fd, to);
    widen_to(to);
    entry.store(to, SeqCst);
    // SAFETY: the number is ours, and its users have the new one.
    unsafe { rustix::io::close(fd) };
}

/// In the child of a fork, which has one thread and none of the parent's waits: closes them all.
pub fn forget() {
    for entry in &HIDDEN {
        let fd = entry.swap(NONE, Relaxed);
        if fd != NONE {
            // SAFETY: the number was the library's, and has no user left.
            unsafe { rustix::io::close(fd) };
        }
    }
    LOWEST.store(RawFd::MAX, Relaxed);
    HIGHEST.store(NONE, Relaxed);
}

fn record(fd: RawFd) {
    widen_to(fd);
    for entry in &HIDDEN {
        if entry.compare_exchange(NONE, fd, SeqCst, Relaxed).is_ok() {
            return;
        }
    }
}

fn widen_to(fd: RawFd) {
    LOWEST.fetch_min(fd, SeqCst);
    HIGHEST.fetch_max(fd, SeqCst);
}

/// Copies `fd` to a number from `least` on, which may be above the soft limit. Limits are the process's, and another
/// thread may look at them, set them or fork at any time; so a process with a limit of its own makes the copy.
fn dup_above(fd: RawFd, least: u64) -> Option<RawFd> {
    let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let mask = signal::block_all();
    let number = arch::dup_by_child(fd, least as usize, &[hard, hard]);
    signal::restore(mask);
    RawFd::try_from(number).ok().filter(|&number| number >= 0)
}

fn dup(fd: RawFd, least: u64) -> Option<RawFd> {
    // SAFETY: an own descriptor, open while it is moved.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    let copy = rustix::io::fcntl_dupfd_cloexec(fd, least as RawFd).ok()?;
    Some(copy.into_raw_fd())
}
