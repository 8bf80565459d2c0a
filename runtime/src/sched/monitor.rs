//! The monitor: one OS thread that sees to it that no task holds a worker for long.
//!
//! It looks at every worker that is awake, and takes it from its carrier when the same task has
//! been on for a while and has not run meanwhile (it blocks), or has been on for long (it burns), or for not so long but
//! another worker sleeps: a CPU is idle, and what else is the worker's waits for nothing (`apart`). After it had to, it
//! looks more often for a while, since what blocks a worker seldom comes alone. While every worker sleeps, so does the
//! monitor.
//!
//! It ends the OS threads that a burst has needed and nothing has since (`Thinning`).
//!
//! It looks for signals to the process that main leaves to parked coroutines, should the workers be busy (`signals`).
//!
//! It rings for those who wake a worker and have other descriptors than the process (`Worker::ring`).
//!
//! It makes the carriers, but for the first ones, which are there before it runs: a task must not (its TCB would be the
//! parent's, and its cancellation state would be asked).

use super::thinning::Thinning;
use super::{Carrier, Runtime, Worker, cpu_clock, get};
use crate::masks;
use crate::section;
use crate::sync::{AtomicBool, AtomicU32, Relaxed, SeqCst};
use crate::sys::clock::{Deadline, now};
use crate::sys::futex;
use crate::task::LIGHT_NS;
use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

/// Between two looks, while some worker is awake.
const LOOK_NS: u64 = 4_000_000;
/// The same, for a while after a worker had to be taken: a program that blocks once does so again.
const SHORT_LOOK_NS: u64 = 500_000;
/// How many looks that is.
const SHORT_LOOKS: u32 = 200;
/// A glance: so soon after a look that a task which is still on is one that stays on for long.
const GLANCE_NS: u64 = LIGHT_NS;
/// How many looks are glances once one has found such a task, while some worker is awake.
const GLANCES: u32 = 200;
/// How many looks at sleeping workers before the monitor sleeps itself, and how many glances: a sleeping monitor must be
/// woken by the next worker that wakes, which costs that worker a system call.
const IDLE_LOOKS: u32 = 50;
const IDLE_GLANCES: u32 = 2;
/// How long a stack is kept that nobody wants, and about as long again.
const STACK_NS: u64 = 32_000_000;
/// How long a task may stay on the CPU; not for so long after a worker had to be taken, so that of many tasks that burn
/// each gets its turn soon.
const PATIENCE_NS: u64 = 8_000_000;
const SHORT_PATIENCE_NS: u64 = 2_000_000;
/// An OS thread that has used no CPU time for so long is blocked, if the machine is not just busy.
const BLOCKED_NS: u64 = 400_000;

/// So many carriers may be on their way to the idle ones, for want of a CPU, before another one is made.
const STRAYS: usize = 4;
/// After so long it is made all the same, and after twice as long for each so many more: they may be held up by a task that
/// waits for a carrier.
const RELUCTANCE_NS: u64 = 100_000_000;

pub(crate) struct Monitor {
    /// The monitor's futex: changes when it is to look.
    word: AtomicU32,
    asleep: AtomicBool,
    /// The kernel's id of its OS thread, once that runs.
    pub(super) tid: AtomicU32,
}

/// What the looks have seen of one worker, in nanoseconds.
#[derive(Clone, Copy, Default)]
struct Seen {
    tick: u32,
    /// The OS thread of the owner, and its CPU time.
    tid: u32,
    used: u64,
    /// When this tick was first seen, and the CPU time then.
    since: u64,
    used_then: u64,
    /// When the CPU time was first seen as it is.
    still_since: u64,
}

/// What is wrong with a worker.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Overdue {
    /// Who had it gave it away, no carrier was idle, and none has it.
    Ownerless,
    /// Its task blocks, or has been on the CPU for very long.
    Late,
    /// Its task has been on for a while, and another worker sleeps.
    BesideAnIdle,
}

/// How often the monitor looks.
#[derive(Default)]
struct Pace {
    /// Looks in a row at sleeping workers only.
    idle: u32,
    /// How many more looks are short ones, or glances.
    short: u32,
    glances: u32,
    /// The last look was a glance.
    glanced: bool,
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

    /// Wakes the monitor if it sleeps for ever: a worker is awake again, there are OS threads to end, or a stack is cold.
    #[inline]
    pub(crate) fn wake(&self) {
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
        section::enter();
        if let Some(runtime) = get() {
            runtime.monitor.tid.store(rustix::thread::gettid().as_raw_pid() as u32, Relaxed);
            runtime.monitor.watch(runtime);
        }
        null_mut()
    }

    fn watch(&self, runtime: &Runtime) {
        let mut seen = [Seen::default(); super::MAX_WORKERS];
        let mut pace = Pace::default();
        let mut thinning = Thinning::new();
        let mut maker = Maker::default();
        let mut stacks_until = 0;
        loop {
            // Whatever comes after this changes the word, and ends the sleep.
            let word = self.word.load(SeqCst);
            runtime.workers().iter().for_each(Worker::ring_for_others);
            if masks::wanted() != 0 {
                (runtime.above.signals.look_at_process)(runtime);
            }
            let interval = pace.next(runtime);
            let before = now();
            match pace.is_to_end() {
                false => drop(futex::wait(&self.word, word, Some(Deadline(before + interval)))),
                true => self.sleep(runtime, word, &thinning),
            }
            let now = now();
            let punctual = now - before < interval + interval.max(SHORT_LOOK_NS);
            for (worker, seen) in runtime.workers().iter().zip(&mut seen) {
                if let Some(overdue) = seen.look(runtime, worker, now, punctual, pace.patience()) {
                    let given = self.replace_owner(runtime, worker, seen.used, || maker.make(runtime, now));
                    if given {
                        pace.quicken(overdue);
                    }
                }
            }
            thinning.go_on(runtime, now);
            if !runtime.has_idle()
                && let Some(carrier) = maker.make(runtime, now)
            {
                // A task that hands its worker over is to find one to take it.
                runtime.put_idle(carrier);
            }
            let over = now >= stacks_until;
            if over {
                stacks_until = now + STACK_NS;
            }
            runtime.slab.unmap_idle(over);
        }
    }

    /// Gives `worker` to an idle carrier, or to one that `make` makes. False: who owned it does not any more, or there is
    /// none, and the next look tries again. `used`: the owner's CPU time.
    fn replace_owner(
        &self,
        runtime: &Runtime,
        worker: &'static Worker,
        used: u64,
        make: impl FnOnce() -> Option<&'static Carrier>,
    ) -> bool {
        let from = worker.owner.load(SeqCst);
        // SAFETY: null, or a carrier in its place.
        if let Some(loser) = unsafe { from.as_ref() } {
            loser.estimate.lost(used);
        }
        let given = runtime.take_idle().or_else(make).is_some_and(|carrier| carrier.assign(runtime, worker, from));
        if given {
            runtime.counts.handoffs.fetch_add(1, Relaxed);
        }
        given
    }

    /// Sleeps until a worker wakes, or something else changes the word, or there are OS threads to end.
    fn sleep(&self, runtime: &Runtime, word: u32, thinning: &Thinning) {
        self.asleep.store(true, SeqCst);
        crate::sync::fence(SeqCst);
        if !runtime.any_busy() && !runtime.slab.has_cold() {
            futex::wait(&self.word, word, thinning.deadline(runtime));
        }
        self.asleep.store(false, SeqCst);
    }
}

/// What makes carriers.
#[derive(Default)]
struct Maker {
    /// When one was made last.
    last: u64,
}

impl Maker {
    fn make(&mut self, runtime: &Runtime, now: u64) -> Option<&'static Carrier> {
        let strays = runtime.strays().count();
        if strays > STRAYS && now - self.last < RELUCTANCE_NS << (strays / STRAYS).min(10) {
            return None;
        }
        self.last = now;
        Carrier::make(runtime).ok()
    }
}

impl Pace {
    /// How long the monitor is to sleep until the next look.
    fn next(&mut self, runtime: &Runtime) -> u64 {
        let busy = runtime.any_busy();
        // For these alone it need not hurry.
        let slow = !busy && (masks::wanted() != 0 && (runtime.above.signals.is_unwatched)() || runtime.slab.has_cold());
        self.idle = if busy || slow { 0 } else { self.idle + 1 };
        if self.glances > 0 && !slow {
            self.glances -= u32::from(busy);
            return GLANCE_NS;
        }
        // Each other look is a glance, where it could be of use.
        self.glanced = !self.glanced && busy && runtime.workers().len() > 1;
        if self.glanced {
            return GLANCE_NS;
        }
        self.short = self.short.saturating_sub(1);
        if self.short > 0 { SHORT_LOOK_NS } else { LOOK_NS }
    }

    /// Whether it need not look any more.
    fn is_to_end(&self) -> bool {
        self.idle >= if self.glances > 0 { IDLE_GLANCES } else { IDLE_LOOKS }
    }

    fn patience(&self) -> u64 {
        if self.short > 0 { SHORT_PATIENCE_NS } else { PATIENCE_NS }
    }

    fn quicken(&mut self, why: Overdue) {
        match why {
            Overdue::BesideAnIdle => self.glances = GLANCES,
            Overdue::Late | Overdue::Ownerless => self.short = SHORT_LOOKS,
        }
    }
}

impl Seen {
    /// Whether the worker is to have another owner. `punctual`: the monitor's own sleep was not stretched, so that a
    /// thread which has not run since the last look was not held up by a busy machine either.
    fn look(&mut self, runtime: &Runtime, worker: &Worker, now: u64, punctual: bool, patience: u64) -> Option<Overdue> {
        // SAFETY: null, or a carrier in its place.
        let Some(owner) = (unsafe { worker.owner.load(SeqCst).as_ref() }) else {
            return Some(Overdue::Ownerless);
        };
        let tick = worker.tick.load(Relaxed);
        if worker.is_sleeping() {
            *self = Seen { tick: tick.wrapping_sub(1), ..Seen::default() };
            return None;
        }
        let tid = owner.tid();
        let used = cpu_clock::of_os_thread(tid);
        if tid == self.tid {
            owner.estimate.add(used.saturating_sub(self.used));
        }
        // One that is yet to run: another OS thread would have to wait for a CPU just as long.
        if tick != self.tick || tid != self.tid || owner.is_yet_to_run() {
            *self = Seen { tick, tid, used, since: now, used_then: used, still_since: now };
            return None;
        }
        if used != self.used || !punctual {
            self.still_since = now;
        }
        self.used = used;
        if now - self.still_since >= BLOCKED_NS || now - self.since >= patience {
            return Some(Overdue::Late);
        }
        let burns = used - self.used_then >= LIGHT_NS;
        (burns && runtime.sleeps_beside(worker)).then_some(Overdue::BesideAnIdle)
    }
}
