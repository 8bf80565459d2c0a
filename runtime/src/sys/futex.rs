//! futex(2): where an OS thread sleeps when there is nothing for it to run.

use super::clock::Deadline;
use crate::arch;
use core::sync::atomic::AtomicU32;
use rustix::io::Errno;
use rustix::thread::futex::{self, Flags, Timespec};

/// Why [`wait`] came back. The word may have changed in any case: look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awake {
    /// Somebody called [`wake`], or the word was not `expected`.
    Woken,
    /// A signal handler ran (EINTR).
    Interrupted,
    /// The deadline passed.
    TimedOut,
}

/// Sleeps while `*word == expected`, until woken, interrupted or past `deadline`.
pub fn wait(word: &AtomicU32, expected: u32, deadline: Option<Deadline>) -> Awake {
    let until = deadline
        .map(|Deadline(ns)| Timespec { tv_sec: (ns / 1_000_000_000) as i64, tv_nsec: (ns % 1_000_000_000) as _ });
    // The bitset form takes an absolute time, so that a wait repeated after EINTR does not stretch.
    let all = core::num::NonZeroU32::MAX;
    match futex::wait_bitset(word, Flags::PRIVATE, expected, until.as_ref(), all) {
        Err(Errno::INTR) => Awake::Interrupted,
        Err(Errno::TIMEDOUT) => Awake::TimedOut,
        _ => Awake::Woken,
    }
}

/// Wakes up to `n` threads that wait on the word at `addr`: only an address here, for the waiter may
/// have left, storage and all. The kernel reads nothing there.
pub fn wake(addr: *const AtomicU32, n: u32) {
    const SYS_FUTEX: usize = 202;
    const WAKE_PRIVATE: usize = 1 | 128;
    // SAFETY: the call touches no memory; an address that is not mapped is answered with EFAULT.
    unsafe { arch::syscall(SYS_FUTEX, [addr as usize, WAKE_PRIVATE, n as usize, 0, 0, 0]) };
}
