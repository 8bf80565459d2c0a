//! A coroutine's CPU time, which the kernel counts for OS threads only.
//!
//! It is exact from the first question about it on: then the task is *timed*, and the OS thread's clock is read at each
//! switch to it and from it. What it used before is estimated, at no cost to those that nobody asks about: the monitor
//! reads the clocks of the OS threads anyway, and what one has used since the last look it leaves in the carrier, for
//! the task that is on. A task whose worker was taken meanwhile is counted exactly from there to its next switch.
//!
//! Who asks about another task reads what that one's carrier writes; the state word before and after tells whether both
//! were of one stint.

use super::{Carrier, Runtime, carrier_of};
use crate::arch;
use crate::sync::{AtomicU64, Relaxed, SeqCst};
use crate::task::{Task, Whereabouts};

/// What the monitor leaves in a carrier for the task that is on, in nanoseconds.
#[derive(Default)]
pub(super) struct Estimate {
    used: AtomicU64,
    /// The OS thread's clock when it lost its worker; 0: it has not.
    lost_at: AtomicU64,
}

impl Estimate {
    #[inline]
    fn is_none(&self) -> bool {
        self.used.load(Relaxed) == 0
    }

    pub(super) fn add(&self, used: u64) {
        self.used.fetch_add(used, Relaxed);
    }

    /// The OS thread goes on without a worker, so that the monitor will not look at it.
    pub(super) fn lost(&self, clock: u64) {
        self.lost_at.store(clock, Relaxed);
        self.add(1);
    }

    fn take(&self, clock: u64) -> u64 {
        let lost_at = self.lost_at.swap(0, Relaxed);
        let rest = if lost_at == 0 { 0 } else { clock.saturating_sub(lost_at) };
        self.used.swap(0, Relaxed) + rest
    }

    /// Whether the worker was taken from the task that is on.
    fn is_lost(&self) -> bool {
        self.lost_at.load(Relaxed) != 0
    }
}

/// The id of the kernel's clock of an OS thread.
pub fn kernel_clock(tid: u32) -> i32 {
    /// The low bits of a thread's clock id (linux/posix-timers.h: CPUCLOCK_PERTHREAD, CPUCLOCK_SCHED).
    const THREAD_CLOCK: i32 = 4 | 2;
    (!(tid as i32) << 3) | THREAD_CLOCK
}

/// The CPU time of an OS thread, in nanoseconds. (/proc would tell whether it sleeps, but to ask it takes a descriptor,
/// whose number the program could miss.)
pub(super) fn of_os_thread(tid: u32) -> u64 {
    const SYS_CLOCK_GETTIME: usize = 228;
    let mut time = [0u64; 2];
    // SAFETY: the call writes one timespec.
    unsafe { arch::syscall(SYS_CLOCK_GETTIME, [kernel_clock(tid) as usize, time.as_mut_ptr() as usize, 0, 0, 0, 0]) };
    time[0] * 1_000_000_000 + time[1]
}

impl Carrier {
    /// About to switch to `task`.
    #[inline]
    pub(super) fn begin_stint(&self, task: &Task) {
        let heavy = task.stints.weight.is_heavy();
        if heavy {
            self.begin_to_weigh();
        }
        // No look of the monitor's would count what runs apart.
        if heavy || task.stints.timed.load(Relaxed) {
            task.cpu.since.store(of_os_thread(self.tid()), SeqCst);
        }
    }

    /// `task` has switched away.
    #[inline]
    pub(super) fn end_stint(&self, task: &Task) {
        let heavy = task.stints.weight.is_heavy();
        if heavy {
            self.weigh(task);
        }
        if heavy || task.stints.timed.load(Relaxed) || !self.estimate.is_none() {
            self.account(task);
        }
    }

    #[cold]
    fn account(&self, task: &Task) {
        let now = of_os_thread(self.tid());
        if self.estimate.is_lost() {
            task.stints.weight.confirm();
        }
        let estimate = self.estimate.take(now);
        let used = match task.cpu.since.swap(0, SeqCst) {
            0 => estimate,
            since => now.saturating_sub(since),
        };
        task.cpu.used.fetch_add(used, SeqCst);
    }
}

impl Task {
    /// From here on the task is counted exactly.
    pub(crate) fn be_timed(&self) {
        self.stints.timed.store(true, SeqCst);
    }
}

impl Runtime {
    /// The CPU time of the task in nanoseconds. `None`: it has ended.
    pub fn cpu_time(&self, task: &Task) -> Option<u64> {
        const ATTEMPTS: u32 = 100;
        task.be_timed();
        for _ in 0..ATTEMPTS {
            let (seen, whereabouts) = task.state.look();
            let used = match whereabouts {
                Whereabouts::Ended => return None,
                _ if !task.state.is_running() => task.cpu.used.load(SeqCst),
                _ => {
                    let carrier = carrier_of(task);
                    let now = of_os_thread(carrier.tid());
                    if task.cpu.since.compare_exchange(0, now, SeqCst, SeqCst).is_ok() {
                        if task.state.look().0 == seen {
                            task.cpu.used.fetch_add(carrier.estimate.take(now), SeqCst);
                        } else {
                            // It may have switched away before, and be off.
                            let _ = task.cpu.since.compare_exchange(now, 0, SeqCst, Relaxed);
                        }
                    }
                    let used = task.cpu.used.load(SeqCst);
                    match task.cpu.since.load(SeqCst) {
                        0 => used,
                        since => used + now.saturating_sub(since),
                    }
                }
            };
            if task.state.look().0 == seen {
                return Some(task.cpu.shown.fetch_max(used, Relaxed).max(used));
            }
        }
        Some(task.cpu.shown.load(Relaxed))
    }
}
