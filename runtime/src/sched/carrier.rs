//! A carrier: an OS thread that runs tasks while it has a worker, and waits for one while not.

use super::{Runtime, Worker, get};
use crate::arch::{self, FloatControl};
use crate::local::Local;
use crate::signals::{self, masks};
use crate::sync::{AcqRel, Acquire, AtomicPtr, AtomicU32, AtomicU64, Relaxed, Release, SeqCst};
use crate::sys::futex;
use crate::sys::signal::{self, AltStack};
use crate::task::{Settled, Step, Task};
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr::null_mut;

/// See the module. It lies on its OS thread's stack, which never ends.
pub struct Carrier {
    /// The worker it was given, or owned last; compare `Worker::owner` for whether it still does.
    worker: AtomicPtr<Worker>,
    /// IDLE, ASSIGNED or RUNNING: the futex of an idle carrier.
    phase: AtomicU32,
    pub(super) next_idle: AtomicPtr<Carrier>,
    /// The OS thread's own thread pointer, floating-point environment, and present signal mask.
    thread_pointer: usize,
    float: FloatControl,
    mask: AtomicU64,
    alt_stack: Cell<AltStack>,
    /// The kernel's id of the OS thread.
    pub(crate) tid: u32,
}

/// It waits for a worker; it has been given one, but the kernel has not run it since; it runs the worker's tasks.
const IDLE: u32 = 0;
const ASSIGNED: u32 = 1;
const RUNNING: u32 = 2;

impl Carrier {
    /// The body of an OS thread that becomes a carrier.
    pub(super) extern "C" fn main(_: *mut c_void) -> *mut c_void {
        if let Some(runtime) = get() {
            // The scheduler is one long section: no handler of the program's runs here.
            signals::enter();
            let carrier = Carrier {
                worker: AtomicPtr::new(null_mut()),
                phase: AtomicU32::new(IDLE),
                next_idle: AtomicPtr::new(null_mut()),
                thread_pointer: arch::thread_pointer(),
                float: FloatControl::read(),
                mask: AtomicU64::new(signal::ALL),
                alt_stack: Cell::new(AltStack::NONE),
                tid: rustix::thread::gettid().as_raw_pid() as u32,
            };
            // SAFETY: this frame is never left, so the carrier lives as long as the process.
            let carrier: &'static Carrier = unsafe { core::mem::transmute::<&Carrier, &Carrier>(&carrier) };
            let at = core::ptr::from_ref(carrier).cast_mut();
            Local::mine().carrier.store(at, Relaxed);
            runtime.counts.carriers.fetch_add(1, Relaxed);
            loop {
                carrier.wait_for_worker(runtime);
                carrier.work(runtime);
            }
        }
        null_mut()
    }

    /// Makes this idle carrier the owner of `worker`, if `from` still is; then wakes it.
    pub(super) fn assign(&'static self, runtime: &Runtime, worker: &'static Worker, from: *mut Carrier) -> bool {
        let me = core::ptr::from_ref(self).cast_mut();
        self.worker.store(core::ptr::from_ref(worker).cast_mut(), Relaxed);
        if worker.owner.compare_exchange(from, me, AcqRel, Relaxed).is_err() {
            runtime.put_idle(self);
            return false;
        }
        self.phase.store(ASSIGNED, Release);
        futex::wake(&self.phase, 1);
        true
    }

    fn wait_for_worker(&'static self, runtime: &Runtime) {
        self.phase.store(IDLE, Relaxed);
        // Signals are for those who run tasks, and for the monitor.
        self.set_mask(signal::ALL);
        self.route_held(runtime);
        runtime.put_idle(self);
        runtime.monitor.carrier_idle();
        while self.phase.load(Acquire) == IDLE {
            futex::wait(&self.phase, IDLE, None);
        }
        self.phase.store(RUNNING, Relaxed);
    }

    /// Whether it has come to run since it was last given a worker.
    pub(super) fn is_running(&self) -> bool {
        self.phase.load(Relaxed) == RUNNING
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
            if let Some(task) = next {
                self.run(runtime, worker, task);
            }
        }
    }

    /// The task that runs here has given the OS thread another mask.
    pub(crate) fn note_mask(&self, mask: u64) {
        self.mask.store(mask, SeqCst);
    }

    /// Whether the OS thread may take signals that no thread of the program would.
    pub(crate) fn is_too_open(&self) -> bool {
        !self.mask.load(SeqCst) & !masks::allowed() & signal::ALL != 0
    }

    /// As the scheduler: nothing is to arrive here that is for nobody.
    pub(crate) fn close(&self) {
        if self.is_too_open() {
            self.set_mask(signal::ALL);
        }
    }

    fn set_mask(&self, mask: u64) {
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
            signals::route(runtime, mine);
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
                true => signals::route(runtime, local),
                false => signals::hand_back(task, local),
            }
        }
        signals::settle(task);
    }

    fn owns(&self, worker: &Worker) -> bool {
        core::ptr::eq(worker.owner.load(Acquire), self)
    }

    /// The worker it has, or had last.
    #[inline]
    pub(crate) fn home(&self) -> &'static Worker {
        // SAFETY: a carrier runs tasks only after it was given a worker; workers are never freed.
        unsafe { &*self.worker.load(Relaxed) }
    }

    /// Runs `task` until it has parked, given way or ended.
    fn run(&'static self, runtime: &'static Runtime, worker: &'static Worker, task: &'static Task) {
        task.carrier.store(core::ptr::from_ref(self).cast_mut(), Relaxed);
        task.state.resume();
        loop {
            worker.count_switch();
            let step = self.switch_to(runtime, task);
            self.hand_back_held(runtime, task, step.is_none());
            match step {
                Some(Step::Park) => match task.state.settle() {
                    Settled::Parked => return,
                    Settled::Resume => {}
                },
                Some(Step::GiveWay) => {
                    if worker.queue.is_empty() {
                        // No other task: what it waits for may be a native thread's to do, on this CPU.
                        rustix::thread::sched_yield();
                    }
                    task.state.give_way();
                    return runtime.enqueue_on(worker, task);
                }
                None => {
                    // SAFETY: the task has just ended on this carrier.
                    unsafe { task.retire() };
                    return runtime.finish(task);
                }
            }
        }
    }

    /// Puts on what the task's thread has of its own (signal mask, floating-point environment,
    /// thread pointer), switches to it, and takes it off again.
    fn switch_to(&self, runtime: &Runtime, task: &Task) -> Option<Step> {
        self.set_mask(task.mask());
        let alt_stack = task.alt_stack();
        if alt_stack != self.alt_stack.get() {
            alt_stack.put_on();
        }
        task.float.get().load_over(self.float);
        let mine = Local::mine();
        // SAFETY: both TCBs are live, and nothing here keeps an address of thread-local storage but `mine`.
        let step = unsafe {
            arch::set_thread_pointer(task.thread_pointer());
            // One that arrived a moment earlier has left every signal blocked.
            while mine.held.load(Relaxed) != 0 {
                arch::set_thread_pointer(self.thread_pointer);
                self.route_held(runtime);
                self.set_mask(task.mask());
                arch::set_thread_pointer(task.thread_pointer());
            }
            let step = task.switch_in();
            arch::set_thread_pointer(self.thread_pointer);
            step
        };
        let float = FloatControl::read();
        task.float.set(float);
        self.float.load_over(float);
        self.alt_stack.set(task.alt_stack());
        step
    }

    /// The running task needs the worker no more, or not for long: gives it to an idle carrier. If
    /// there is none, the monitor will make one, and take the worker for it.
    pub(super) fn hand_over(&'static self, runtime: &Runtime) {
        let worker = self.home();
        if !self.owns(worker) {
            return;
        }
        let me = core::ptr::from_ref(self).cast_mut();
        if let Some(carrier) = runtime.take_idle()
            && carrier.assign(runtime, worker, me)
        {
            runtime.counts.handoffs.fetch_add(1, Relaxed);
        }
        runtime.monitor.poke();
    }
}
