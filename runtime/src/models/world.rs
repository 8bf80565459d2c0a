//! What a model has instead of the kernel and of the scheduler.
//!
//! A task is a loom thread. When it switches away, the same thread plays the OS thread below: it
//! settles the task, looks at epoll and the timers as a worker does before it sleeps, and then waits
//! until the task has been put into a run queue, as another OS thread would that takes it from
//! there. So "the task is queued" is one flag, and one that is queued twice is found at once.
//!
//! Time stands still until the model calls [`let_time_pass`]; then every deadline has passed.

#[path = "../task/place.rs"]
pub mod place;
#[path = "../sched/queue.rs"]
pub mod queue;
#[path = "../task/state.rs"]
mod state;

use loom::sync::{Condvar, Mutex};
use loom::thread::{self, JoinHandle};
use std::cell::Cell;

/// A deadline that passes when the model says so.
pub const SOON: sys::clock::Deadline = sys::clock::Deadline(1);

pub const TASKS: usize = 2;

struct World {
    tasks: [task::Task; TASKS],
    runtime: sched::Runtime,
    kernel: sys::Kernel,
}

loom::lazy_static! {
    static ref WORLD: World = World {
        tasks: core::array::from_fn(|_| task::Task::new()),
        runtime: sched::Runtime::new(),
        kernel: sys::Kernel::new(),
    };
}

loom::thread_local! {
    static CURRENT: Cell<Option<&'static task::Task>> = Cell::new(None);
    static LOCAL: local::Local = local::Local::default();
}

/// Starts `body` as task `index`.
pub fn spawn_task<R: 'static>(index: usize, body: impl FnOnce(&'static task::Task) -> R + 'static) -> JoinHandle<R> {
    thread::spawn(move || run_as_task(index, body))
}

/// Runs `body` as task `index`, on the calling thread.
pub fn run_as_task<R>(index: usize, body: impl FnOnce(&'static task::Task) -> R) -> R {
    let task = task_number(index);
    assert!(task.state.resume(), "nobody binds it");
    CURRENT.with(|current| current.set(Some(task)));
    body(task)
}

pub fn task_number(index: usize) -> &'static task::Task {
    &WORLD.tasks[index]
}

/// The running thread's.
pub fn thread_pointer() -> usize {
    LOCAL.with(|local| core::ptr::from_ref(local).addr())
}

/// As `Runtime::interrupt`.
pub fn interrupt(task: &'static task::Task) {
    task.set_interruption();
    if task.state.interrupt() == task::Woken::Enqueue {
        task.enqueue();
    }
}

/// Has every deadline pass.
pub fn let_time_pass() {
    WORLD.kernel.expire();
    WORLD.runtime.worker().fire_timers();
}

/// The file `fd` gets one thing to read; the edge is dispatched here, as by the carrier that takes
/// it from epoll.
pub fn produce(fd: usize) {
    WORLD.kernel.produce(fd);
    take_edges();
}

/// The kernel closes the file of `fd`.
pub fn close(fd: usize) {
    WORLD.kernel.close(fd);
}

/// Reads one thing from the file `fd`, if there is one.
pub fn try_read(fd: usize) -> bool {
    WORLD.kernel.try_read(fd)
}

/// What a worker does before it sleeps, and what wakes it: takes the edges, fires the timers.
fn look() {
    take_edges();
    if WORLD.kernel.is_late() {
        WORLD.runtime.worker().fire_timers();
    }
}

fn take_edges() {
    while let Some(event) = WORLD.kernel.take_edge() {
        crate::reactor::dispatch(event, sched::enqueue);
    }
}

pub mod local {
    use crate::sync::AtomicU32;

    #[derive(Default)]
    pub struct Local {
        pub asleep: AtomicU32,
        pub due: AtomicU32,
    }

    impl Local {
        pub unsafe fn of<'a>(tp: usize) -> &'a Self {
            // SAFETY: the caller's promise; a thread pointer is, here, the address of the storage.
            unsafe { &*(tp as *const Self) }
        }

        pub fn mine<'a>() -> &'a Self {
            // SAFETY: the running thread's storage lives while it runs.
            unsafe { Self::of(super::thread_pointer()) }
        }
    }
}

/// What a wait asks of sections.
pub mod section {
    use super::local::Local;
    use crate::sync::Relaxed;

    pub fn is_due() -> bool {
        Local::mine().due.load(Relaxed) != 0
    }

    pub fn section<R>(body: impl FnOnce() -> R) -> R {
        body()
    }
}

pub mod task {
    use super::sched::Worker;
    use super::{CURRENT, Condvar, Mutex, WORLD};
    use crate::sync::{AtomicBool, AtomicPtr, SeqCst, fence};

    #[cfg(test)]
    pub use super::state::Whereabouts;
    pub use super::state::{Settled, State, Ticket, Wake, Woken};

    pub(crate) enum Step {
        Park,
    }

    pub fn current() -> Option<&'static Task> {
        CURRENT.with(|current| current.get())
    }

    pub struct Task {
        pub(crate) state: State,
        pub(crate) link: AtomicPtr<Task>,
        interrupted: AtomicBool,
        queued: Mutex<bool>,
        run: Condvar,
    }

    impl Task {
        pub(super) fn new() -> Self {
            Self {
                state: State::runnable(0),
                link: AtomicPtr::default(),
                interrupted: AtomicBool::new(false),
                queued: Mutex::new(false),
                run: Condvar::new(),
            }
        }

        pub(crate) unsafe fn switch_out(&self, _: Step) {
            match self.state.settle() {
                Settled::Resume => {}
                Settled::Parked { .. } => {
                    super::look();
                    self.dequeue();
                    assert!(self.state.resume(), "nobody binds it");
                }
            }
        }

        /// As in a build. Loom takes a SeqCst access for an AcqRel one, hence the fences, which the
        /// exchanges of a build imply on x86-64.
        pub(crate) fn set_interruption(&self) {
            self.interrupted.store(true, SeqCst);
            fence(SeqCst);
        }

        pub(crate) fn take_interruption(&self) -> bool {
            fence(SeqCst);
            self.interrupted.load(SeqCst) && self.interrupted.swap(false, SeqCst)
        }

        pub(super) fn enqueue(&self) {
            let mut queued = self.queued.lock().expect("a model does not poison");
            assert!(!*queued, "the task is queued already");
            *queued = true;
            self.run.notify_one();
        }

        fn dequeue(&self) {
            let mut queued = self.queued.lock().expect("a model does not poison");
            while !*queued {
                queued = self.run.wait(queued).expect("a model does not poison");
            }
            *queued = false;
        }

        /// Whether the task is queued although it runs, or has ended.
        pub fn is_queued(&self) -> bool {
            *self.queued.lock().expect("a model does not poison")
        }

        pub(crate) fn home(&self) -> &'static Worker {
            WORLD.runtime.worker()
        }

        pub(crate) fn as_ptr(&self) -> core::ptr::NonNull<Self> {
            self.into()
        }
    }
}

pub mod sched {
    use super::task::{Task, Ticket, Wake, Woken};
    use crate::reactor::{self, Poller};
    use crate::sync::Lock;
    use crate::timer::{Heap, Timer};
    use core::ptr::NonNull;

    pub type Family = u8;

    pub struct Worker {
        timers: Lock<Heap<(&'static Task, Ticket)>>,
    }

    pub struct Runtime(Worker);

    static FOR_REACTOR: reactor::Enqueue = enqueue;

    pub(crate) fn enqueue(task: &'static Task) {
        task.enqueue();
    }

    impl Runtime {
        pub(super) fn new() -> Self {
            reactor::ENQUEUE.give(&FOR_REACTOR);
            Self(Worker { timers: Lock::new(Heap::new()) })
        }

        pub(super) fn worker(&self) -> &Worker {
            &self.0
        }
    }

    impl Worker {
        pub(crate) unsafe fn schedule(&self, timer: NonNull<Timer<(&'static Task, Ticket)>>) {
            // SAFETY: the caller's promise.
            unsafe { self.timers.lock().insert(timer) };
        }

        pub(crate) unsafe fn cancel(&self, timer: NonNull<Timer<(&'static Task, Ticket)>>) {
            // SAFETY: the caller's promise.
            unsafe { self.timers.lock().remove(timer) };
        }

        pub(super) fn fire_timers(&self) {
            let mut heap = self.timers.lock();
            while let Some(timer) = heap.pop_due(super::SOON.0) {
                // SAFETY: its task must take this very lock before the timer's frame ends.
                let (task, ticket) = unsafe { timer.as_ref() }.payload;
                if task.state.wake(ticket, Wake::TimedOut) == Woken::Enqueue {
                    task.enqueue();
                }
            }
        }

        pub(crate) fn count_park(&self, _: Family) {}

        pub(crate) fn poller(&self) -> &'static Poller {
            reactor::poller_at(0).expect("a model has one")
        }
    }
}

pub mod sys {
    use super::{Condvar, Mutex};
    use core::mem::take;

    const FILES: usize = 2;

    /// The kernel: its futexes, its files, its clock.
    pub struct Kernel {
        state: Mutex<State>,
        change: Condvar,
    }

    #[derive(Default)]
    struct State {
        late: bool,
        /// Counts the calls of futex::wake.
        wakes: usize,
        files: [File; FILES],
    }

    #[derive(Default)]
    struct File {
        unread: usize,
        tag: Option<u64>,
        edge: bool,
    }

    impl Kernel {
        pub(super) fn new() -> Self {
            Self { state: Mutex::new(State::default()), change: Condvar::new() }
        }

        fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
            f(&mut self.state.lock().expect("a model does not poison"))
        }

        pub(super) fn expire(&self) {
            self.with(|state| state.late = true);
            self.change.notify_all();
        }

        pub(super) fn is_late(&self) -> bool {
            self.with(|state| state.late)
        }

        pub(super) fn produce(&self, fd: usize) {
            self.with(|state| {
                let file = &mut state.files[fd];
                file.unread += 1;
                file.edge = file.tag.is_some();
            });
        }

        pub(super) fn try_read(&self, fd: usize) -> bool {
            self.with(|state| {
                let unread = &mut state.files[fd].unread;
                let got = *unread > 0;
                *unread -= usize::from(got);
                got
            })
        }

        pub(super) fn close(&self, fd: usize) {
            self.with(|state| state.files[fd] = File::default());
        }

        pub(super) fn take_edge(&self) -> Option<epoll::Event> {
            self.with(|state| {
                let tag = state.files.iter_mut().find_map(|file| file.tag.filter(|_| take(&mut file.edge)))?;
                Some(epoll::Event { flags: epoll::IN, data: tag })
            })
        }
    }

    pub mod clock {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct Deadline(pub u64);

        impl Deadline {
            pub const NEVER: Deadline = Deadline(u64::MAX);
        }

        pub fn now() -> u64 {
            u64::from(super::super::WORLD.kernel.is_late())
        }
    }

    pub mod futex {
        use super::super::WORLD;
        use super::clock::Deadline;
        use crate::sync::{AtomicU32, SeqCst};

        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Awake {
            Woken,
            Interrupted,
            TimedOut,
        }

        /// Sleeps until any futex is woken: it may always be spurious.
        pub fn wait(word: &AtomicU32, expected: u32, deadline: Option<Deadline>) -> Awake {
            let kernel = &WORLD.kernel;
            let mut state = kernel.state.lock().expect("a model does not poison");
            let before = state.wakes;
            if word.load(SeqCst) != expected {
                return Awake::Woken;
            }
            while state.wakes == before {
                if state.late && deadline.is_some() {
                    return Awake::TimedOut;
                }
                state = kernel.change.wait(state).expect("a model does not poison");
            }
            Awake::Woken
        }

        pub fn wake(_: *const AtomicU32, _: u32) {
            WORLD.kernel.with(|state| state.wakes += 1);
            WORLD.kernel.change.notify_all();
        }
    }

    pub mod epoll {
        use super::super::WORLD;
        use rustix::fd::RawFd;
        use rustix::io::Errno;

        pub const IN: u32 = 0x1;
        pub const PRI: u32 = 0x2;
        pub const OUT: u32 = 0x4;
        pub const ERR: u32 = 0x8;
        pub const HUP: u32 = 0x10;
        pub const RDHUP: u32 = 0x2000;

        #[derive(Clone, Copy)]
        pub struct Event {
            pub flags: u32,
            pub data: u64,
        }

        #[derive(Clone, Copy)]
        pub struct Epoll;

        impl Epoll {
            pub fn add(self, fd: RawFd, data: u64) -> Result<(), Errno> {
                WORLD.kernel.with(|state| {
                    let file = &mut state.files[fd as usize];
                    if file.tag.is_some() {
                        return Err(Errno::EXIST);
                    }
                    file.tag = Some(data);
                    file.edge = file.unread > 0;
                    Ok(())
                })
            }

            pub fn modify(self, fd: RawFd, data: u64) -> Result<(), Errno> {
                WORLD.kernel.with(|state| {
                    let file = &mut state.files[fd as usize];
                    file.tag.as_mut().map(|tag| *tag = data).ok_or(Errno::NOENT)?;
                    file.edge |= file.unread > 0;
                    Ok(())
                })
            }

            pub fn delete(self, fd: RawFd) {
                WORLD.kernel.with(|state| state.files[fd as usize] = super::File::default());
            }
        }
    }

    pub mod descriptor {
        use rustix::fd::RawFd;

        /// The number 1.
        pub struct Hidden(());

        impl Hidden {
            /// The open file of `fd`, with what is unread in it.
            pub fn copy_of(fd: RawFd) -> Option<Self> {
                super::super::WORLD.kernel.with(|state| {
                    state.files[1] = super::File { unread: state.files[fd as usize].unread, ..Default::default() };
                });
                Some(Self(()))
            }

            pub fn number(&self) -> RawFd {
                1
            }
        }

        impl Drop for Hidden {
            fn drop(&mut self) {
                super::super::WORLD.kernel.close(self.number() as usize);
            }
        }
    }
}
