//! The whole: what a process starts with its first coroutine, and what the child of a fork has to forget.
//!
//! It gives each layer what those above it are to do for it (`duties`).

use crate::sched::{self, Above, Host, Runtime, Worker};
use crate::sync::Relaxed;
use crate::sys::{descriptor, memory, stack};
use crate::{children, local, masks, reactor, section, signals, wait};
use core::ffi::c_int;

/// What the scheduler has signals and children do.
static ABOVE: Above = Above { signals: signals::FOR_SCHED, outlive_children: children::outlive };

/// What the reactor has the scheduler do.
static FOR_REACTOR: reactor::Enqueue = sched::enqueue;

/// Why [`start`] could not start.
#[derive(Clone, Copy, Debug)]
pub struct StartError(pub c_int);

/// Starts `workers` workers, for coroutines that mostly have the signal mask `common_mask`; on the first pthread_create of
/// the process. The caller makes sure that this happens once.
pub fn start(host: Host, workers: usize, common_mask: u64) -> Result<&'static Runtime, StartError> {
    section::ATTEND.give(&signals::FOR_SECTION);
    reactor::ENQUEUE.give(&FOR_REACTOR);
    memory::open_maps();
    masks::begin(common_mask);
    sched::start(host, &ABOVE, workers).map_err(StartError)
}

/// In the child of a fork: the runtime, its OS threads and its tasks are gone; the caller, whatever
/// it was, is now the native main thread. The next thread starts a new runtime.
pub fn forget_in_child() {
    local::forget();
    signals::forget();
    sched::forget();
    memory::forget_maps();
    wait::forget();
    reactor::forget();
    children::forget();
    descriptor::forget();
}

/// The program, or a library that it has loaded, asks for executable stacks: all are from here on.
pub fn make_stacks_executable() {
    if stack::begin_executable()
        && let Some(runtime) = sched::get()
    {
        runtime.slab.make_executable();
    }
}

/// What `--stats` shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub coroutines: u64,
    pub alive: u64,
    pub peak: u64,
    pub switches: u64,
    pub handoffs: u64,
    pub workers: u64,
    /// Carriers, the monitor, and who watches children.
    pub os_threads: u64,
    /// How many of these have not ended.
    pub os_threads_alive: u64,
}

/// What has been counted since the process started, or was forked.
pub fn totals(runtime: &Runtime) -> Totals {
    let counts = &runtime.counts;
    let os_threads = counts.carriers.load(Relaxed) + 1 + children::os_threads();
    Totals {
        coroutines: counts.coroutines.load(Relaxed),
        alive: counts.alive.load(Relaxed),
        peak: counts.peak.load(Relaxed),
        switches: runtime.workers().iter().map(Worker::switches).sum(),
        handoffs: counts.handoffs.load(Relaxed),
        workers: runtime.workers().len() as u64,
        os_threads,
        os_threads_alive: os_threads - counts.left.load(Relaxed),
    }
}
