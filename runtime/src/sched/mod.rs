//! The scheduler: tasks (G), carriers (M, an OS thread each) and workers (P, the right to run
//! tasks).
//!
//! A carrier needs a worker to run tasks. A worker has a run queue, an epoll instance and timers;
//! all three may be used by anybody at any time, so that it does no harm when for a moment two
//! carriers think that they own the same worker. That moment comes when the monitor takes the
//! worker from a carrier whose task has been on the CPU, or in a call that blocks, for too long:
//! the task goes on as a plain thread, without a worker, until it parks.

mod above;
mod apart;
mod bind;
mod carrier;
mod cpu_clock;
mod monitor;
mod queue;
mod thinning;
mod worker;

pub(crate) use above::{Above, Signals};
pub use bind::Unbound;
pub use carrier::{Carrier, Changed};
pub use cpu_clock::kernel_clock;
use queue::{Linked, Queue};
pub use worker::{Family, Worker};

use crate::local::Local;
use crate::masks;
use crate::reactor;
use crate::section::{self, section};
use crate::sync::{AtomicPtr, AtomicU32, AtomicU64, Lock, Relaxed, Release, SeqCst};
use crate::sys::memory;
use crate::sys::signal::Number;
use crate::task::slab::{Shape, Slab};
use crate::task::{self, Step, Task, Woken};
use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null_mut};
use monitor::Monitor;
use thinning::Thinning;

/// What the runtime needs of its host, the preloaded library. None of them may be a hook.
#[derive(Clone, Copy)]
pub struct Host {
    /// Starts an OS thread (a native pthread, detached, with every signal blocked) that runs `entry(arg)`; an errno if it
    /// can't.
    pub spawn: fn(entry: extern "C" fn(*mut c_void) -> *mut c_void, arg: *mut c_void) -> c_int,
    /// Runs the whole life of a task, on its own stack.
    pub live: fn(&'static Task),
    /// A task has left its stack: frees it, or tells the joiner. On a carrier.
    pub finished: fn(&'static Task),
    /// The task keeps the calling OS thread from here on, and waits as a native thread does.
    pub bound: fn(&'static Task),
    /// The task that kept the calling OS thread has ended: makes that as it was before, if this can be done.
    pub renew: fn(&Carrier) -> bool,
    /// Acts on a cancellation of the caller that is not to wait for a cancellation point; may unwind.
    pub cancel: fn(&Task),
    /// The task's stack is about to go: saves what its TCB holds. The thread has ended, or never began. In a section.
    pub set_aside: fn(&Task),
    /// Whether the program has a handler for the signal, which is then under the host's (`signals::arrive`).
    pub handles: fn(Number) -> bool,
    pub shape: Shape,
    /// What a thread touches of its own storage whenever it is resumed, relative to the thread pointer.
    pub storage: [isize; 3],
}

/// The most workers; a worker is a bit in `Runtime::sleepers`.
pub const MAX_WORKERS: usize = reactor::MOST_POLLERS;

/// Everything that is one process's; a forked child makes its own.
pub struct Runtime {
    pub(crate) host: Host,
    above: &'static Above,
    pub(crate) slab: Slab,
    workers: *const Worker,
    worker_count: usize,
    /// Carriers without a worker, the latest first.
    idle: Lock<IdleList>,
    /// Where carriers were whose OS threads have ended: the next ones lie there.
    left: Lock<IdleList>,
    /// Where carriers are and were, the newest first.
    places: AtomicPtr<carrier::Place>,
    /// Whoever binds a task, or sets something for the OS thread of one that is bound.
    binding: Lock<()>,
    pub(crate) monitor: Monitor,
    /// The worker that the next task from a native thread goes to.
    next_worker: AtomicU32,
    /// Workers that were woken to look for work and have not found any yet.
    searching: AtomicU32,
    pub(crate) counts: Counts,
}

// SAFETY: `workers` is a constant array of workers, which are Sync.
unsafe impl Sync for Runtime {}

/// Carriers one on the other.
struct IdleList {
    top: *const Carrier,
    len: usize,
    /// The least that there were in this period (`thinning`).
    least: usize,
}

// SAFETY: the places of carriers stay mapped; the list is reached under its lock.
unsafe impl Send for IdleList {}

/// What is counted once a process; the rest is counted per worker.
#[derive(Default)]
pub(crate) struct Counts {
    pub coroutines: AtomicU64,
    pub alive: AtomicU64,
    pub peak: AtomicU64,
    pub handoffs: AtomicU64,
    pub carriers: AtomicU64,
    /// Carriers whose OS threads have ended.
    pub left: AtomicU64,
}

impl IdleList {
    const fn new() -> Self {
        Self { top: core::ptr::null(), len: 0, least: 0 }
    }

    /// Returns how many there are now.
    fn push(&mut self, carrier: &'static Carrier) -> usize {
        carrier.next_idle.store(self.top.cast_mut(), Relaxed);
        self.top = carrier;
        self.len += 1;
        self.len
    }

    fn pop(&mut self) -> Option<&'static Carrier> {
        // SAFETY: null, or a carrier in its place.
        let carrier = unsafe { self.top.as_ref()? };
        self.top = carrier.next_idle.load(Relaxed);
        self.len -= 1;
        self.least = self.least.min(self.len);
        Some(carrier)
    }

    /// The least that there were in the period that ends.
    fn begin_period(&mut self) -> usize {
        core::mem::replace(&mut self.least, self.len)
    }
}

static RUNTIME: AtomicPtr<Runtime> = AtomicPtr::new(null_mut());

/// The process's runtime, once started.
#[inline]
pub fn get() -> Option<&'static Runtime> {
    // SAFETY: null, or a runtime that is never freed.
    unsafe { RUNTIME.load(crate::sync::Acquire).as_ref() }
}

/// Starts `workers` workers, for a process that has no runtime; an errno if it can't.
pub(crate) fn start(host: Host, above: &'static Above, workers: usize) -> Result<&'static Runtime, c_int> {
    const ENOMEM: c_int = 12;
    let count = workers.clamp(1, MAX_WORKERS);
    let bytes = size_of::<Runtime>().next_multiple_of(align_of::<Worker>());
    let memory = memory::reserve(bytes + count * size_of::<Worker>()).ok_or(ENOMEM)?;
    let at = memory.as_ptr().cast::<Runtime>();
    // SAFETY: the reservation is page-aligned and has room for the runtime and the workers.
    let first = unsafe { memory.as_ptr().add(bytes).cast::<Worker>() };
    for index in 0..count {
        let worker = Worker::new(index).map_err(|errno| errno.raw_os_error())?;
        // SAFETY: as above.
        unsafe { first.add(index).write(worker) };
    }
    let wake_monitor = || get().into_iter().for_each(|runtime| runtime.monitor.wake());
    let runtime = Runtime {
        host,
        above,
        slab: Slab::new(host.shape, host.set_aside, wake_monitor),
        workers: first,
        worker_count: count,
        idle: Lock::new(IdleList::new()),
        left: Lock::new(IdleList::new()),
        places: AtomicPtr::new(null_mut()),
        binding: Lock::new(()),
        monitor: Monitor::new(),
        next_worker: AtomicU32::new(0),
        searching: AtomicU32::new(0),
        counts: Counts::default(),
    };
    // SAFETY: as above.
    let runtime = unsafe {
        at.write(runtime);
        &*at
    };
    runtime.workers().iter().for_each(|worker| worker.poller().publish());
    RUNTIME.store(at, Release);
    runtime.begin().inspect_err(|_| forget())?;
    Ok(runtime)
}

/// The process has no runtime any more, or none after all.
pub(crate) fn forget() {
    RUNTIME.store(null_mut(), Release);
}

impl Runtime {
    /// Makes the OS threads: a carrier for each worker, one that is spare, and the monitor. It waits for none of them to
    /// run: the caller may be in a constructor of a library, with the loader's lock held, or have locked the program's
    /// malloc, which a thread that starts or makes another one may need. Fewer carriers do; the monitor makes more.
    fn begin(&self) -> Result<(), c_int> {
        self.put_idle(Carrier::make(self)?);
        for _ in self.workers() {
            match Carrier::make(self) {
                Ok(carrier) => self.put_idle(carrier),
                Err(_) => break,
            }
        }
        if let Err(errno) = self.monitor.start(self) {
            core::iter::from_fn(|| self.take_idle()).for_each(Carrier::dismiss);
            return Err(errno);
        }
        for worker in self.workers() {
            if let Some(carrier) = self.take_idle() {
                carrier.assign(self, worker, null_mut());
            }
        }
        Ok(())
    }

    /// How many waits of `family` parked.
    pub fn parks(&self, family: Family) -> u64 {
        self.workers().iter().map(|w| w.parks(family)).sum()
    }

    pub fn workers(&self) -> &'static [Worker] {
        // SAFETY: `start` has written `worker_count` workers there, which are never freed.
        unsafe { core::slice::from_raw_parts(self.workers, self.worker_count) }
    }

    pub fn slab(&self) -> &Slab {
        &self.slab
    }

    /// Puts a new task into a run queue.
    pub fn launch(&self, task: &'static Task) {
        // SAFETY: the task is new: nobody else has it, and its stack is unused.
        unsafe { task.prepare(self.host.live) };
        if task.carrier.load(Relaxed).is_null() {
            // Any one, until it runs.
            task.carrier.store(self.places.load(crate::sync::Acquire).cast(), Relaxed);
        }
        // SAFETY: the task's TCB has been made by now.
        let local = unsafe { Local::of(task.thread_pointer()) };
        let at = task.as_ptr().as_ptr().cast();
        local.current.store(at, Relaxed);
        local.owner.store(at, Relaxed);
        local.id.store(task.id(), Relaxed);
        // Until it runs: see `section`.
        local.critical.store(1, Relaxed);
        section(|| {
            masks::add(task.mask());
            self.slab.launched(task);
        });
        self.counts.coroutines.fetch_add(1, Relaxed);
        let alive = self.counts.alive.fetch_add(1, Relaxed) + 1;
        self.counts.peak.fetch_max(alive, Relaxed);
        section(|| self.enqueue(task));
        (self.above.signals.masks_changed)();
    }

    /// Puts a runnable task into a run queue: the caller's worker's, if it is a task or a carrier,
    /// else that of a worker that sleeps, else any.
    pub(crate) fn enqueue(&self, task: &'static Task) {
        let worker = match (task::current(), current_carrier()) {
            (Some(me), _) => self.worker_near(me),
            (None, Some(carrier)) => carrier.home(),
            (None, None) => self.worker_for_stranger(),
        };
        self.enqueue_on(worker, task);
    }

    /// Puts a runnable task into the run queue of `worker`; one that is bound goes to its carrier.
    pub(crate) fn enqueue_on(&self, worker: &'static Worker, task: &'static Task) {
        if task.state.is_bound() {
            return task.own_carrier().deliver();
        }
        // SAFETY: a runnable task is in no queue, and never freed.
        let queued = unsafe { worker.queue.push(task.as_ptr()) };
        self.offer(worker, queued);
    }

    /// `worker` has `queued` tasks: wakes it if it sleeps, else another one, if there is enough.
    pub(crate) fn offer(&self, worker: &Worker, queued: usize) {
        crate::sync::fence(SeqCst);
        if worker.is_sleeping() {
            worker.notify();
        } else if queued > 1 && self.worker_count > 1 {
            self.wake_searcher();
        }
    }

    /// Wakes one sleeping worker to steal, unless one is searching already.
    fn wake_searcher(&self) {
        let Some(sleeper) = self.workers().iter().find(|w| w.is_sleeping()) else {
            return;
        };
        if self.searching.compare_exchange(0, 1, SeqCst, Relaxed).is_ok() && !sleeper.notify_to_search() {
            self.searching.store(0, SeqCst);
        }
    }

    /// Tasks for a worker whose queue is empty, from the others' queues.
    pub(crate) fn steal_for(&self, thief: &Worker) -> bool {
        let n = self.worker_count;
        (1..n).any(|step| {
            let victim = &self.workers()[(thief.index() + step) % n];
            victim.queue.steal_into(&thief.queue) > 0
        })
    }

    /// A woken searcher has looked: the next may be woken.
    pub(crate) fn end_search(&self) {
        self.searching.store(0, SeqCst);
    }

    /// The worker of a running task. One that runs without it (`apart`) may go on for long, and so may whoever runs the
    /// worker's tasks: then a worker that sleeps is better.
    #[inline]
    fn worker_near(&self, me: &Task) -> &'static Worker {
        let home = me.home();
        if carrier_of(me).owns(home) || home.is_sleeping() {
            return home;
        }
        self.workers().iter().find(|w| w.is_sleeping()).unwrap_or(home)
    }

    fn worker_for_stranger(&self) -> &'static Worker {
        let workers = self.workers();
        let start = self.next_worker.fetch_add(1, Relaxed) as usize;
        (0..workers.len())
            .map(|step| &workers[(start + step) % workers.len()])
            .find(|w| w.is_sleeping())
            .unwrap_or(&workers[start % workers.len()])
    }

    /// Ends the wait that `task` is in, or else its next one, as interrupted. In a section.
    pub(crate) fn interrupt(&self, task: &'static Task) {
        task.set_interruption();
        if task.state.interrupt() == Woken::Enqueue {
            self.enqueue(task);
        }
    }

    /// Has every carrier in the scheduler block what no thread of the program would take by now, or only one that is parked;
    /// whether all do. The caller's own, if it is a task, has its mask.
    pub(crate) fn close_carriers(&self) -> bool {
        if let Some(carrier) = current_carrier() {
            carrier.close();
        }
        let own = task::own().map(carrier_of);
        Carrier::all(self).fold(true, |all, carrier| {
            let sleeps = carrier.sleeps();
            let open = own.is_none_or(|own| !core::ptr::eq(own, carrier)) && carrier.is_too_open(sleeps);
            if open && sleeps {
                carrier.home().notify();
            }
            all && !open
        })
    }

    /// A carrier without a worker, if one is idle.
    fn take_idle(&self) -> Option<&'static Carrier> {
        self.idle.lock().pop()
    }

    fn put_idle(&self, carrier: &'static Carrier) {
        let idle = self.idle.lock().push(carrier);
        if Thinning::begins_at(idle) {
            // A monitor that sleeps for ever has seen fewer; one that did not see this one is seen to sleep.
            crate::sync::fence(SeqCst);
            self.monitor.wake();
        }
    }

    /// The carriers that are on their way to the idle ones.
    fn strays(&self) -> impl Iterator<Item = &'static Carrier> {
        Carrier::all(self).filter(|carrier| carrier.is_stray())
    }

    fn has_idle(&self) -> bool {
        !self.idle.lock().top.is_null()
    }

    /// Whether a worker other than `mine` has tasks to steal.
    pub(crate) fn any_queued_elsewhere(&self, mine: &Worker) -> bool {
        self.worker_count > 1 && self.workers().iter().any(|w| w.index() != mine.index() && !w.queue.is_empty())
    }

    /// The kernel's id of an OS thread that no task runs on: as it is every coroutine begins. 0: it does not run yet.
    pub fn unchanged(&self) -> u32 {
        self.monitor.tid.load(Relaxed)
    }

    /// Whether any worker has something to do, or is doing it.
    pub(crate) fn any_busy(&self) -> bool {
        self.workers().iter().any(|w| !w.is_sleeping())
    }

    pub(crate) fn finish(&self, task: &'static Task) {
        self.counts.alive.fetch_sub(1, Relaxed);
        self.slab.ended(task);
        (self.above.signals.ended)(task);
        (self.host.finished)(task);
    }
}

impl Task {
    /// The worker that ran the task last: where its timers and descriptors go.
    #[inline]
    pub(crate) fn home(&self) -> &'static Worker {
        carrier_of(self).home()
    }

    /// The carrier that runs this bound task alone.
    fn own_carrier(&self) -> &'static Carrier {
        // SAFETY: it was stored before the task could be seen to be bound; a carrier lasts longer than its task.
        unsafe { &*self.bound_to.load(Relaxed).cast() }
    }

    /// Switches to the OS thread's scheduler; returns when the task is resumed, maybe on another
    /// OS thread.
    ///
    /// # Safety
    /// Called by the task itself, which holds no lock of the runtime.
    #[inline]
    pub(crate) unsafe fn switch_out(&self, step: Step) {
        if self.has_contexts.get() || masks::wanted() != 0 {
            self.prepare_to_leave();
        }
        // SAFETY: the caller's promise.
        unsafe { self.context.suspend(step) };
    }

    #[cold]
    fn prepare_to_leave(&self) {
        if let Some(runtime) = get() {
            (runtime.above.signals.leave)(self);
        }
    }
}

impl Linked for Task {
    fn link(&self) -> &AtomicPtr<Self> {
        &self.link
    }
}

/// Puts a runnable task into a run queue: see [`Runtime::enqueue`].
pub(crate) fn enqueue(task: &'static Task) {
    if let Some(runtime) = get() {
        runtime.enqueue(task);
    }
}

/// Lets the other runnable tasks of this worker run first (sched_yield(2)). A native thread is for
/// the caller to treat.
pub fn give_way(task: &Task) {
    // SAFETY: `task` is the caller, between two of the program's own instructions.
    section(|| unsafe { task.switch_out(Step::GiveWay) });
}

/// Ends the caller where it is, as exit(2) ends a thread: nothing of its stack is unwound.
pub fn end_at_once(task: &Task) -> ! {
    section::enter();
    loop {
        // SAFETY: `task` is the caller, between two of the program's own instructions; it is not resumed.
        unsafe { task.switch_out(Step::End) };
    }
}

/// Binds the caller to the OS thread that it is on: from here on it is a thread of the kernel's, as natively.
pub fn bind_here(task: &'static Task) {
    if let Some(runtime) = get() {
        // No switch will begin to count it.
        let _ = runtime.cpu_time(task);
        // It runs, so that it has not ended, and has a carrier.
        let _ = runtime.with_bound(task, |_| ());
    }
    task.act_natively();
}

/// Gives the worker to another carrier at once, before a call that is known to block for long.
pub(crate) fn hand_over(task: &Task) {
    if let Some(runtime) = get() {
        section(|| carrier_of(task).hand_over(runtime));
    }
}

/// Runs `call`, which is known to block in the kernel: the worker goes to another carrier at once,
/// not when the monitor sees it. The task goes on without a worker until it parks.
pub fn hand_over_for<R>(call: impl FnOnce() -> R) -> R {
    if let Some(task) = task::current() {
        hand_over(task);
    }
    call()
}

/// The kernel's id of the OS thread that runs `task`, or ran it last.
pub fn os_thread(task: &Task) -> u32 {
    carrier_of(task).tid()
}

/// The carrier that the caller is, in the scheduler.
pub(crate) fn current_carrier() -> Option<&'static Carrier> {
    // SAFETY: null, or the carrier that the caller is.
    unsafe { Local::mine().carrier.load(Relaxed).cast::<Carrier>().as_ref() }
}

/// The carrier that runs `task`, or ran it last; of one that has not run yet, any.
#[inline]
pub fn carrier_of(task: &Task) -> &'static Carrier {
    // SAFETY: a task that is launched has had a carrier since, whose place stays mapped.
    unsafe { &*task.carrier.load(Relaxed).cast() }
}

/// The node type of intrusive lists wants pointers that are never null.
pub(crate) fn task_at(node: NonNull<Task>) -> &'static Task {
    // SAFETY: only tasks are ever queued, and they are never freed.
    unsafe { node.as_ref() }
}
