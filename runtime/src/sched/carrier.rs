//! A carrier: an OS thread that runs tasks while it has a worker, and waits for one while not; or that runs one task
//! only, which is bound to it (`bind`).

use super::cpu_clock::Estimate;
use super::{Runtime, Worker, get};
use crate::arch::{self, Controls};
use crate::local::Local;
use crate::masks;
use crate::section;
use crate::sync::{AcqRel, Acquire, AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Relaxed, Release, SeqCst};
use crate::sys::signal::{self, AltStack};
use crate::sys::{futex, memory};
use crate::task::{Settled, Step, Task};
use core::cell::Cell;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr::null_mut;

/// What a task has changed of what the kernel keeps for its OS thread.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Changed {
    /// CPUs, policy, priority: they can be set back.
    Scheduling = 1,
    /// Credentials, namespaces and the like.
    ForGood = 2,
    /// It has left mutexes locked that the kernel passes on when the OS thread ends.
    Bequeathed = 4,
    /// Nothing, but the kernel holds on to the OS thread itself: as a tracer, the owner of a ring, what counters count.
    Held = 8,
}

impl Changed {
    /// What a new thread inherits.
    const INHERITED: u32 = Self::Scheduling as u32 | Self::ForGood as u32;
}

/// See the module. Its place stays mapped when its OS thread ends, for stale looks, and will be another's.
///
/// Others reach it by its place: the atomics are for all of them. The cells are the OS thread's own; of these others read
/// the thread pointer alone, which is written before the OS thread has run its first task, and they ask by that task.
pub struct Carrier {
    /// The worker it was given, or owned last; compare `Worker::owner` for whether it still does.
    worker: AtomicPtr<Worker>,
    /// IDLE, ASSIGNED, RUNNING or DISMISSED: the futex of a carrier that waits.
    phase: AtomicU32,
    /// The task that is bound to it, by another thread than this one, or that was sent to it (`apart`).
    given: AtomicPtr<Task>,
    pub(super) estimate: Estimate,
    /// A task is on.
    runs: AtomicBool,
    /// When the heavy task that is on was switched to; 0: none is (`apart`).
    pub(super) weighs_since: Cell<u64>,
    /// Bits of [`Changed`].
    changed: AtomicU32,
    /// Its OS thread is to end.
    leaves: Cell<bool>,
    pub(super) next_idle: AtomicPtr<Carrier>,
    /// The OS thread's own thread pointer, control words, and present signal mask.
    thread_pointer: Cell<usize>,
    controls: Controls,
    mask: AtomicU64,
    alt_stack: Cell<AltStack>,
    /// The kernel's id of the OS thread; 0: it has not run yet.
    tid: AtomicU32,
}

/// Where a carrier is: one of a list of all, which only grows.
#[repr(C)]
pub(super) struct Place {
    carrier: MaybeUninit<Carrier>,
    older: *mut Place,
}

impl Place {
    /// Adds a place with a carrier in it.
    fn list(at: *mut Place, places: &AtomicPtr<Place>) {
        let mut newest = places.load(Relaxed);
        loop {
            // SAFETY: until it is in the list the place is the caller's.
            unsafe { (*at).older = newest };
            match places.compare_exchange(newest, at, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => newest = now,
            }
        }
    }
}

/// What became of a task that a carrier has switched to.
enum Turn {
    Parked,
    /// It has given way.
    Runnable,
    Ended,
}

/// It waits for something to run; it has been given that, but the kernel has not run it since; it runs it.
const IDLE: u32 = 0;
const ASSIGNED: u32 = 1;
const RUNNING: u32 = 2;
/// It is to end: the runtime could not be started.
const DISMISSED: u32 = 3;

impl Carrier {
    /// Makes one, which nobody else has yet; an errno if it can't be had. It is of use before its OS thread has run, and
    /// nobody waits for that: the caller may hold a lock of the program's, or of the loader's, which a new thread needs.
    pub(super) fn make(runtime: &Runtime) -> Result<&'static Self, c_int> {
        const ENOMEM: c_int = 12;
        let (at, is_new) = Self::place(runtime).ok_or(ENOMEM)?;
        // SAFETY: the place is the caller's alone, but for looks at what was there, and stays mapped.
        let carrier = unsafe {
            at.write(Self::new());
            &*at
        };
        if is_new {
            Place::list(at.cast(), &runtime.places);
        }
        match (runtime.host.spawn)(Self::main, at.cast()) {
            0 => {
                runtime.counts.carriers.fetch_add(1, Relaxed);
                Ok(carrier)
            }
            errno => {
                runtime.left.lock().push(carrier);
                Err(errno)
            }
        }
    }

    /// The body of its OS thread.
    extern "C" fn main(at: *mut c_void) -> *mut c_void {
        if let Some(runtime) = get() {
            // The scheduler is one long section: no handler of the program's runs here.
            section::enter();
            // SAFETY: what `make` has passed.
            unsafe { &*at.cast::<Self>() }.live(runtime);
        }
        null_mut()
    }

    fn live(&'static self, runtime: &'static Runtime) {
        self.thread_pointer.set(arch::thread_pointer());
        self.tid.store(rustix::thread::gettid().as_raw_pid() as u32, Release);
        Local::mine().carrier.store(self.as_ptr().cast(), Relaxed);
        while self.sleep() {
            // SAFETY: null, or a task that has not ended: it is bound to this carrier, or was sent to it.
            match unsafe { self.given.swap(null_mut(), Relaxed).as_ref() } {
                Some(task) if self.is_bound_to(task) => self.run_bound(runtime, task, Turn::Runnable),
                Some(task) => self.run(runtime, self.home(), task),
                None => self.work(runtime),
            }
            self.close_for(runtime);
            if self.leaves.get() {
                break;
            }
            runtime.put_idle(self);
        }
        Local::mine().carrier.store(null_mut(), Relaxed);
        if !self.has_changed(Changed::Bequeathed) && !self.has_changed(Changed::Held) {
            (runtime.above.outlive_children)();
        }
        self.phase.store(DISMISSED, Relaxed);
        runtime.counts.left.fetch_add(1, Relaxed);
        runtime.left.lock().push(self);
    }

    /// One whose OS thread the caller is about to make, which inherits the caller's control words.
    fn new() -> Self {
        Self {
            worker: AtomicPtr::new(null_mut()),
            phase: AtomicU32::new(IDLE),
            given: AtomicPtr::new(null_mut()),
            estimate: Estimate::default(),
            runs: AtomicBool::new(false),
            weighs_since: Cell::new(0),
            changed: AtomicU32::new(0),
            leaves: Cell::new(false),
            next_idle: AtomicPtr::new(null_mut()),
            thread_pointer: Cell::new(0),
            controls: Controls::read(),
            mask: AtomicU64::new(signal::ALL),
            alt_stack: Cell::new(AltStack::NONE),
            tid: AtomicU32::new(0),
        }
    }

    /// The kernel's id of its OS thread; 0: that has not run yet. One that has a task to run has.
    #[inline]
    pub fn tid(&self) -> u32 {
        self.tid.load(Acquire)
    }

    /// The thread pointer of its OS thread, which is the caller, or runs already.
    #[inline]
    pub fn thread_pointer(&self) -> usize {
        self.thread_pointer.get()
    }

    /// Memory for one, and whether none has been there before. `None`: the kernel has none.
    fn place(runtime: &Runtime) -> Option<(*mut Carrier, bool)> {
        if let Some(left) = runtime.left.lock().pop() {
            return Some((core::ptr::from_ref(left).cast_mut(), false));
        }
        Some((memory::reserve(size_of::<Place>())?.as_ptr().cast(), true))
    }

    /// All that there are, and were: those that have ended let no signal in.
    pub(super) fn all(runtime: &Runtime) -> impl Iterator<Item = &'static Carrier> {
        let mut next = runtime.places.load(Acquire);
        core::iter::from_fn(move || {
            // SAFETY: places stay mapped, and the list only grows; what is looked at there is atomic.
            let place = unsafe { next.as_ref()? };
            next = place.older;
            // SAFETY: as above.
            Some(unsafe { &*place.carrier.as_ptr() })
        })
    }

    /// Whether it has neither a task nor a worker, and is not idle yet: it is on its way.
    pub(super) fn is_stray(&self) -> bool {
        self.phase.load(Relaxed) == RUNNING && !self.runs.load(Relaxed) && !self.owns(self.home())
    }

    /// Whether it owns a worker, and sleeps, or is about to.
    pub(super) fn sleeps(&self) -> bool {
        let worker = self.worker.load(Relaxed);
        // SAFETY: null, or a worker, which is never freed.
        unsafe { worker.as_ref() }.is_some_and(|worker| worker.is_sleeping() && self.owns(worker))
    }

    /// Makes this idle carrier the owner of `worker`, if `from` still is; then wakes it.
    pub(super) fn assign(&'static self, runtime: &Runtime, worker: &'static Worker, from: *mut Carrier) -> bool {
        let me = self.as_ptr();
        self.worker.store(core::ptr::from_ref(worker).cast_mut(), Relaxed);
        if worker.owner.compare_exchange(from, me, AcqRel, Relaxed).is_err() {
            runtime.put_idle(self);
            return false;
        }
        self.deliver();
        true
    }

    /// Has this idle carrier, which nobody else has, wait for `task` alone, whose timers and descriptors go to `home`.
    pub(super) fn give(&self, home: &Worker, task: *mut Task) {
        self.worker.store(core::ptr::from_ref(home).cast_mut(), Relaxed);
        self.given.store(task, Relaxed);
    }

    /// This carrier has something to run: a worker's tasks, or the one that is bound to it.
    pub(super) fn deliver(&self) {
        self.phase.store(ASSIGNED, Release);
        futex::wake(&self.phase, 1);
    }

    /// This carrier, which nobody has, is of no use: it ends.
    pub(super) fn dismiss(&self) {
        self.phase.store(DISMISSED, Release);
        futex::wake(&self.phase, 1);
    }

    /// Signals are for those who run tasks.
    fn close_for(&self, runtime: &Runtime) {
        self.set_mask(signal::ALL);
        self.route_held(runtime);
    }

    /// Waits for something to run. False: it has been dismissed.
    fn sleep(&self) -> bool {
        // What has been delivered meanwhile is there already.
        let _ = self.phase.compare_exchange(RUNNING, IDLE, Relaxed, Relaxed);
        while self.phase.load(Acquire) == IDLE {
            futex::wait(&self.phase, IDLE, None);
        }
        self.phase.swap(RUNNING, AcqRel) != DISMISSED
    }

    /// Whether the kernel has not run it since it was given something to run.
    pub(super) fn is_yet_to_run(&self) -> bool {
        self.phase.load(Acquire) == ASSIGNED
    }

    /// Runs the worker's tasks until the worker is somebody else's.
    fn work(&'static self, runtime: &'static Runtime) {
        let worker = self.home();
        while self.owns(worker) {
            self.route_held(runtime);
            let next = worker.next(runtime);
            if !self.owns(worker) {
                worker.pass_on();
            }
            if let Some(task) = next
                && !self.send_apart(runtime, worker, task)
            {
                self.run(runtime, worker, task);
            }
        }
    }

    /// The task that runs here has given the OS thread another mask.
    pub(crate) fn note_mask(&self, mask: u64) {
        self.mask.store(mask, SeqCst);
    }

    /// Whether the OS thread may take signals that no thread of the program would; or, `in_scheduler`, only one that is parked.
    pub(crate) fn is_too_open(&self, in_scheduler: bool) -> bool {
        let others = if in_scheduler { masks::wanted() } else { 0 };
        !self.mask.load(SeqCst) & (!masks::allowed() | others) & signal::ALL != 0
    }

    /// As the scheduler: nothing is to arrive here that is for nobody.
    pub(crate) fn close(&self) {
        if self.is_too_open(true) {
            self.set_mask(signal::ALL);
        }
    }

    pub(crate) fn set_mask(&self, mask: u64) {
        if mask != self.mask.load(Relaxed) {
            signal::set_mask(mask);
            self.mask.store(mask, SeqCst);
        }
    }

    /// A signal has arrived in the scheduler's own code.
    #[inline]
    fn route_held(&self, runtime: &Runtime) {
        let mine = Local::mine();
        if mine.held.load(Relaxed) != 0 {
            self.mask.store(signal::ALL, SeqCst);
            (runtime.above.signals.route)(runtime, &mine);
        }
    }

    /// A signal has arrived while `task`, which has just switched away, was in a section.
    #[inline]
    fn hand_back_held(&self, runtime: &Runtime, task: &'static Task, ended: bool) {
        // SAFETY: the task is this carrier's until it is settled, or finished.
        let local = unsafe { Local::of(task.thread_pointer()) };
        if local.held.load(Relaxed) != 0 {
            self.mask.store(signal::ALL, SeqCst);
            match ended {
                true => (runtime.above.signals.route)(runtime, local),
                false => (runtime.above.signals.hand_back)(task, local),
            }
        }
        if task.signals.load(Relaxed) != 0 {
            (runtime.above.signals.settle)();
        }
    }

    pub(super) fn owns(&self, worker: &Worker) -> bool {
        core::ptr::eq(worker.owner.load(Acquire), self)
    }

    /// The worker it has, or had last.
    #[inline]
    pub(crate) fn home(&self) -> &'static Worker {
        // SAFETY: a carrier runs tasks only after it was given a worker; workers are never freed.
        unsafe { &*self.worker.load(Relaxed) }
    }

    /// Whether `task` is bound to this carrier.
    fn is_bound_to(&self, task: &Task) -> bool {
        task.state.is_bound() && core::ptr::eq(task.own_carrier(), self)
    }

    /// Runs `task`, which was in a run queue, until it has parked, given way or ended.
    fn run(&'static self, runtime: &'static Runtime, worker: &'static Worker, task: &'static Task) {
        task.carrier.store(self.as_ptr().cast(), Relaxed);
        if !task.state.resume() {
            return task.own_carrier().deliver();
        }
        match self.turn(runtime, worker, task) {
            (Turn::Parked, false) => {}
            (Turn::Runnable, false) => runtime.enqueue_on(worker, task),
            (Turn::Ended, false) => runtime.finish(task),
            (turn, true) => self.run_bound(runtime, task, turn),
        }
    }

    /// Runs `task`, which is bound to this carrier, until it has ended.
    fn run_bound(&'static self, runtime: &'static Runtime, task: &'static Task, mut turn: Turn) {
        self.hand_over(runtime);
        loop {
            match turn {
                Turn::Parked => {
                    self.close_for(runtime);
                    self.sleep();
                }
                Turn::Runnable => {}
                Turn::Ended => break,
            }
            task.carrier.store(self.as_ptr().cast(), Relaxed);
            task.state.resume_bound();
            if !task.acts_natively() {
                task.be_timed();
                task.act_natively();
                (runtime.host.bound)(task);
            }
            turn = self.turn(runtime, self.home(), task).0;
        }
        runtime.unbind();
        runtime.finish(task);
        if (runtime.host.renew)(self) {
            self.changed.store(0, Relaxed);
            return;
        }
        self.leaves.set(true);
    }

    /// Switches to `task`, which is this carrier's; what it wants next, and whether it is bound to this carrier.
    fn turn(&self, runtime: &Runtime, worker: &Worker, task: &'static Task) -> (Turn, bool) {
        loop {
            worker.count_switch();
            let step = self.switch_to(runtime, task);
            self.hand_back_held(runtime, task, matches!(step, None | Some(Step::End)));
            match step {
                Some(Step::Park) => match task.state.settle() {
                    Settled::Parked { bound } => return (Turn::Parked, bound),
                    Settled::Resume => {}
                },
                Some(Step::GiveWay) => {
                    if worker.queue.is_empty() {
                        // No other task: what it waits for may be a native thread's to do, on this CPU.
                        rustix::thread::sched_yield();
                    }
                    return (Turn::Runnable, task.state.give_way());
                }
                None | Some(Step::End) => {
                    // SAFETY: the task has just ended on this carrier.
                    unsafe { task.context.retire() };
                    return (Turn::Ended, task.state.end());
                }
            }
        }
    }

    /// Notes that the task that is bound to this carrier has changed what the kernel keeps for it.
    pub fn note_change(&self, what: Changed) {
        self.changed.fetch_or(what as u32, Relaxed);
    }

    /// Whether threads that are made on this OS thread are unlike the others.
    pub fn is_changed(&self) -> bool {
        self.changed.load(Relaxed) & Changed::INHERITED != 0
    }

    pub fn has_changed(&self, what: Changed) -> bool {
        self.changed.load(Relaxed) & what as u32 != 0
    }

    /// Puts on what the task's thread has of its own (signal mask, control words,
    /// thread pointer), switches to it, and takes it off again.
    fn switch_to(&self, runtime: &Runtime, task: &Task) -> Option<Step> {
        let alt_stack = task.alt_stack();
        if alt_stack != self.alt_stack.get() {
            alt_stack.put_on();
        }
        task.controls.get().load_over(self.controls);
        self.route_held(runtime);
        let mine = Local::mine();
        self.begin_stint(task);
        // SAFETY: both TCBs are live, and nothing here keeps an address of thread-local storage but `mine`.
        let step = unsafe {
            arch::set_thread_pointer(task.thread_pointer());
            if mine.held.load(Relaxed) != 0 {
                // One that arrived a moment earlier has left every signal blocked.
                self.mask.store(signal::ALL, SeqCst);
            }
            // In the task's name: what arrives by that is the task's, before it can see anything that was done after.
            self.set_mask(task.mask());
            self.runs.store(true, Relaxed);
            let step = task.context.switch_in();
            self.runs.store(false, Relaxed);
            arch::set_thread_pointer(self.thread_pointer());
            step
        };
        self.end_stint(task);
        let controls = Controls::read();
        task.controls.set(controls);
        self.controls.load_over(controls);
        self.alt_stack.set(task.alt_stack());
        step
    }

    /// The running task needs the worker no more, or not for long: gives it to an idle carrier. If there is none, it has no
    /// owner until the monitor has made one.
    pub(super) fn hand_over(&'static self, runtime: &Runtime) {
        let worker = self.home();
        if !self.owns(worker) {
            return;
        }
        match runtime.take_idle() {
            Some(carrier) => {
                if carrier.assign(runtime, worker, self.as_ptr()) {
                    runtime.counts.handoffs.fetch_add(1, Relaxed);
                }
            }
            None => drop(worker.owner.compare_exchange(self.as_ptr(), null_mut(), AcqRel, Relaxed)),
        }
        runtime.monitor.poke();
    }

    fn as_ptr(&self) -> *mut Carrier {
        core::ptr::from_ref(self).cast_mut()
    }
}
