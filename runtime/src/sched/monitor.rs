//! The monitor: one OS thread that sees to it that no task holds a worker for long.
//!
//! It looks at every worker that is awake, and takes it from its carrier when the same task has
//! been on since the last look and has not run meanwhile (it blocks), or has been on for several
//! looks (it burns). After it had to, it looks more often for a while, since what blocks
//! a worker seldom comes alone. While every worker sleeps, so does the monitor.
//!
//! It looks for signals to the process that main leaves to parked coroutines, should the workers be busy (`signals`).
//!
//! It unmaps the stacks of threads that have ended when nobody has wanted them for a while (`task/cache.rs`).
//!
//! It makes the carriers, but for the first ones, which are there before it runs: a task must not (its TCB would be the
//! parent's, and its cancellation state would be asked).

use super::{Carrier, Runtime, Worker, cpu_clock, get};
use crate::signals::{self, masks};
use crate::sync::{AtomicBool, AtomicU32, Relaxed, SeqCst};
use crate::sys::clock::{Deadline, now};
use crate::sys::futex;
use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

/// Between two looks, while some worker is awake.
const LOOK_NS: u64 = 4_000_000;
/// The same, for a while after a worker had to be taken: a program that blocks once does so again.
const SHORT_LOOK_NS: u64 = 500_000;
/// How many looks that is.
const SHORT_LOOKS: u32 = 200;
/// How many looks at sleeping workers before the monitor sleeps itself: a sleeping monitor must be
/// woken by the next worker that wakes, which costs that worker a system call.
const IDLE_LOOKS: u32 = 50;
/// How many looks a stack is kept that nobody wants, and about as many again.
const STACK_LOOKS: u32 = 8;
/// How many looks a task may stay on the CPU; the short ones count as well, so that of many tasks
/// that burn each gets its turn soon.
const PATIENCE: u32 = 2;
const SHORT_PATIENCE: u32 = 4;

pub(crate) struct Monitor {
    /// The monitor's futex: changes when it is to look.
    word: AtomicU32,
    asleep: AtomicBool,
    /// The kernel's id of its OS thread, once that runs.
    pub(super) tid: AtomicU32,
}

/// What the last look saw of one worker.
#[derive(Clone, Copy, Default)]
struct Seen {
    tick: u32,
    times: u32,
    /// The OS thread of the owner, and its CPU time in nanoseconds.
    tid: u32,
    used: u64,
}

impl Monitor {
    pub(super) const fn new() -> Self {
        Self { word: AtomicU32::new(0), asleep: AtomicBool::new(false), tid: AtomicU32::new(0) }
    }

    pub(super) fn start(&self, runtime: &Runtime) -> Result<(), c_int> {
        match (runtime.host.spawn)(Self::main, null_mut()) {
            0 => Ok(()),
            errno => Err(errno),
        }
    }

    /// A worker is awake again, or a stack is cold: the monitor must be, too.
    #[inline]
    pub(crate) fn worker_woke(&self) {
        if self.asleep.load(SeqCst) {
            self.poke();
        }
    }

    /// Has the monitor look now.
    pub(crate) fn poke(&self) {
        self.word.fetch_add(1, SeqCst);
        futex::wake(&self.word, 1);
    }

    extern "C" fn main(_: *mut c_void) -> *mut c_void {
        signals::enter();
        if let Some(runtime) = get() {
            runtime.monitor.tid.store(rustix::thread::gettid().as_raw_pid() as u32, Relaxed);
            runtime.monitor.watch(runtime);
        }
        null_mut()
    }

    fn watch(&self, runtime: &Runtime) {
        let mut seen = [Seen::default(); super::MAX_WORKERS];
        let (mut idle_looks, mut short_looks, mut looks) = (0u32, 0u32, 0u32);
        loop {
            // Whatever comes after this changes the word, and ends the sleep.
            let word = self.word.load(SeqCst);
            if masks::wanted() != 0 {
                signals::look_at_process(runtime);
            }
            let interval = if short_looks > 0 { SHORT_LOOK_NS } else { LOOK_NS };
            idle_looks = if Self::is_needed(runtime) { 0 } else { idle_looks + 1 };
            let before = now();
            self.sleep(runtime, word, interval, idle_looks);
            let punctual = now() - before < 2 * interval;
            short_looks = short_looks.saturating_sub(1);
            let patience = if short_looks > 0 { SHORT_PATIENCE } else { PATIENCE };
            for (worker, seen) in runtime.workers().iter().zip(&mut seen) {
                if seen.overdue(worker, patience, punctual) {
                    let from = worker.owner.load(SeqCst);
                    // SAFETY: null, or a carrier in its place.
                    if let Some(loser) = unsafe { from.as_ref() } {
                        loser.estimate.lost(seen.used);
                    }
                    if self.give(runtime, worker, from) {
                        runtime.counts.handoffs.fetch_add(1, Relaxed);
                        short_looks = SHORT_LOOKS;
                    }
                }
            }
            self.keep_spare(runtime);
            looks = (looks + 1) % STACK_LOOKS;
            runtime.slab.unmap_idle(looks == 0);
        }
    }

    fn is_needed(runtime: &Runtime) -> bool {
        runtime.any_busy() || signals::is_unwatched() || runtime.slab.has_cold()
    }

    fn sleep(&self, runtime: &Runtime, word: u32, interval: u64, idle_looks: u32) {
        let deadline = if idle_looks < IDLE_LOOKS {
            Some(Deadline::after(interval))
        } else {
            self.asleep.store(true, SeqCst);
            crate::sync::fence(SeqCst);
            None
        };
        if deadline.is_some() || !Self::is_needed(runtime) {
            futex::wait(&self.word, word, deadline);
        }
        self.asleep.store(false, SeqCst);
    }

    /// Gives `worker` to an idle carrier, or to a new one, if `from` still owns it. False: it does not, or there is none,
    /// and the next look tries again.
    fn give(&self, runtime: &Runtime, worker: &'static Worker, from: *mut Carrier) -> bool {
        let carrier = runtime.take_idle().or_else(|| Carrier::make(runtime).ok());
        carrier.is_some_and(|carrier| carrier.assign(runtime, worker, from))
    }

    /// Sees to it that a task that hands its worker over finds a carrier to take it.
    fn keep_spare(&self, runtime: &Runtime) {
        if !runtime.has_idle()
            && let Ok(carrier) = Carrier::make(runtime)
        {
            runtime.put_idle(carrier);
        }
    }
}

impl Seen {
    /// Whether the worker's task has been on the CPU, or in one blocking call, for too long.
    /// `punctual`: the monitor's own sleep was not stretched, so that a thread which has not run since
    /// the last look was not held up by a busy machine either.
    fn overdue(&mut self, worker: &Worker, patience: u32, punctual: bool) -> bool {
        // SAFETY: null, or a carrier in its place.
        let Some(owner) = (unsafe { worker.owner.load(SeqCst).as_ref() }) else {
            // Who had it gave it away, and no carrier was idle.
            return true;
        };
        let tick = worker.tick.load(Relaxed);
        if worker.is_sleeping() {
            *self = Seen { tick: tick.wrapping_sub(1), ..Seen::default() };
            return false;
        }
        if owner.is_yet_to_run() {
            // Another OS thread would have to wait for a CPU just as long.
            self.times = 0;
            return false;
        }
        let tid = owner.tid();
        let used = cpu_clock::of_os_thread(tid);
        if tid == self.tid {
            owner.estimate.add(used.saturating_sub(self.used));
        }
        let blocked = punctual && used == self.used;
        let times = if tick == self.tick { self.times + 1 } else { 0 };
        *self = Seen { tick, times, tid, used };
        times > 0 && (blocked || times >= patience)
    }
}
