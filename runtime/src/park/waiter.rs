//! One wait of a task or of a native thread, and lists of them.
//!
//! A wait is announced first, then put where its wakers find it, then slept. Its node lies on the
//! waiter's stack. Two rules keep that sound: wakers touch a node only under the lock of the list
//! that it is in; and the waiter, before its frame ends, sees under that lock that the node is out.

use crate::local::Local;
use crate::sched::{self, Family, Worker};
use crate::section::{self, section};
use crate::sync::{Acquire, AtomicPtr, AtomicU32, Relaxed, Release};
use crate::sys::clock::Deadline;
use crate::sys::futex::{self, Awake};
use crate::task::{self, Step, Task, Ticket, Wake, Woken};
use crate::timer::Timer;
use core::ptr::{NonNull, null_mut};

// A native thread's word: `Local::asleep`.
/// It does not wait.
const IDLE: u32 = 0;
/// It waits, and nobody has woken it.
const ASLEEP: u32 = 1;
const UNPARKED: u32 = 2;
/// A bit beside these: somebody called [`interrupt_thread`]. The wait is over, or, if it was unparked before, the next
/// one will be at once.
const INTERRUPTED: u32 = 4;

/// Who waits.
#[derive(Clone, Copy)]
pub(crate) enum Waiter {
    Task(&'static Task, Ticket),
    /// A native thread, by the word of its own storage that it sleeps on.
    Thread(*const AtomicU32),
}

impl Waiter {
    /// The caller announces a wait.
    #[inline]
    pub fn announce() -> Self {
        match task::current() {
            Some(task) => Self::Task(task, task.state.announce()),
            None => {
                let word = &Local::mine().asleep;
                // One that was interrupted before stays so, and will not sleep.
                let _ = word.compare_exchange(IDLE, ASLEEP, Relaxed, Relaxed);
                if section::is_due() {
                    // It arrived in this section, a moment too early to end the wait, and is kept back until that ends.
                    word.fetch_or(INTERRUPTED, Relaxed);
                }
                Self::Thread(word)
            }
        }
    }

    /// Takes the announcement back; `Some`: it was woken meanwhile.
    pub fn retract(self) -> Option<Wake> {
        match self {
            Self::Task(task, _) => task.state.retract().inspect(|&why| act_on(task, why)),
            // SAFETY: the caller's own storage.
            Self::Thread(word) => end_of_thread(unsafe { &*word }),
        }
    }

    /// Sleeps until woken or `deadline`.
    pub fn wait(self, family: Family, deadline: Option<Deadline>) -> Wake {
        match self {
            Self::Task(task, ticket) => wait_as_task(task, ticket, family, deadline),
            // SAFETY: the caller's own storage.
            Self::Thread(word) => wait_as_thread(unsafe { &*word }, deadline),
        }
    }

    /// Ends the wait as unparked, if it lasts. The rest of the work is left in `wakeups`, to be
    /// done when the caller's locks are free.
    #[inline]
    pub fn wake(self, wakeups: &mut Wakeups) -> bool {
        match self {
            Self::Task(task, ticket) => match task.state.wake(ticket, Wake::Unparked) {
                Woken::Lost => false,
                Woken::Noticed => true,
                Woken::Enqueue => {
                    wakeups.add_task(task);
                    true
                }
            },
            Self::Thread(word) => {
                // SAFETY: the node is in a list whose lock the caller holds, so its thread waits, hence lives.
                let first = unsafe { &*word }.compare_exchange(ASLEEP, UNPARKED, Release, Relaxed).is_ok();
                if first {
                    wakeups.add_thread(word);
                }
                first
            }
        }
    }
}

fn wait_as_task(task: &'static Task, ticket: Ticket, family: Family, deadline: Option<Deadline>) -> Wake {
    // Who interrupts sets the flag, then ends the wait; who waits announces it, then looks at the flag.
    if task.take_interruption() {
        let why = task.state.retract().unwrap_or(Wake::Interrupted);
        if why != Wake::Interrupted {
            // A waker was quicker: the interruption is for the next wait.
            task.set_interruption();
        }
        return why;
    }
    let home = task.home();
    home.count_park(family);
    let Some(deadline) = deadline else {
        // SAFETY: the caller is the task, and holds no lock.
        unsafe { task.switch_out(Step::Park) };
        return why(task);
    };
    let mut timer = Timer::new(deadline, (task, ticket));
    let timer = NonNull::from(&mut timer);
    // SAFETY: the timer is cancelled below, before its frame ends.
    unsafe {
        home.schedule(timer);
        task.switch_out(Step::Park);
        let why = why(task);
        if why != Wake::TimedOut {
            home.cancel(timer);
        }
        why
    }
}

/// Why the wait of `task`, the caller, has ended.
fn why(task: &Task) -> Wake {
    let why = task.state.why();
    act_on(task, why);
    why
}

/// An interruption that has ended one wait does not end the next.
fn act_on(task: &Task, why: Wake) {
    if why == Wake::Interrupted {
        task.take_interruption();
    }
}

fn wait_as_thread(word: &AtomicU32, deadline: Option<Deadline>) -> Wake {
    while word.load(Acquire) == ASLEEP {
        let why = match futex::wait(word, ASLEEP, deadline) {
            Awake::Woken => continue,
            Awake::Interrupted => Wake::Interrupted,
            Awake::TimedOut => Wake::TimedOut,
        };
        // A waker that was quicker has spent its wake on this thread: it counts as unparked.
        if word.compare_exchange(ASLEEP, IDLE, Acquire, Relaxed).is_ok() {
            return why;
        }
    }
    end_of_thread(word).unwrap_or(Wake::Unparked)
}

/// Ends the calling thread's wait; why it had ended already, if it had.
fn end_of_thread(word: &AtomicU32) -> Option<Wake> {
    match word.fetch_and(INTERRUPTED, Acquire) {
        IDLE | ASLEEP => None,
        // An interruption that came after is for the next wait.
        before if before & UNPARKED != 0 => Some(Wake::Unparked),
        _ => {
            // An exchange: what its interrupter left for this thread to see must be seen.
            word.swap(IDLE, Acquire);
            Some(Wake::Interrupted)
        }
    }
}

/// Ends the wait of a native thread as interrupted; if it does not wait, its next one.
///
/// # Safety
/// `tp` is the thread pointer of a thread that is alive.
pub unsafe fn interrupt_thread(tp: usize) {
    // SAFETY: the caller's promise.
    interrupt(unsafe { Local::of(tp) });
}

/// As [`interrupt_thread`].
pub(crate) fn interrupt(thread: &Local) {
    if thread.asleep.fetch_or(INTERRUPTED, Release) == ASLEEP {
        futex::wake(&thread.asleep, 1);
    }
}

/// Ends the calling thread's wait, if it is in one: a signal has arrived in it. Async-signal-safe.
pub(crate) fn look_up(mine: &Local) {
    let waiting = |word: u32| (word != IDLE).then_some(word | INTERRUPTED);
    let _ = mine.asleep.fetch_update(Relaxed, Relaxed, waiting);
}

/// Sleeps until `deadline`; `Unparked` never comes.
pub fn sleep(family: Family, deadline: Deadline) -> Wake {
    section(|| Waiter::announce().wait(family, Some(deadline)))
}

/// What is left to do for waits that were ended under a lock.
pub(crate) struct Wakeups {
    tasks: *mut Task,
    threads: [*const AtomicU32; Self::THREADS],
    count: usize,
}

impl Wakeups {
    /// How many native threads are woken after the lock is free; any further ones at once.
    const THREADS: usize = 8;

    #[inline]
    pub const fn new() -> Self {
        Self { tasks: null_mut(), threads: [core::ptr::null(); Self::THREADS], count: 0 }
    }

    fn add_task(&mut self, task: &'static Task) {
        task.link.store(self.tasks, Relaxed);
        self.tasks = task.as_ptr().as_ptr();
    }

    fn add_thread(&mut self, word: *const AtomicU32) {
        match self.threads.get_mut(self.count) {
            Some(place) => {
                *place = word;
                self.count += 1;
            }
            None => futex::wake(word, 1),
        }
    }

    /// Queues the tasks, in the order in which they waited, and wakes the threads.
    #[inline]
    pub fn deliver(self) {
        for word in &self.threads[..self.count] {
            futex::wake(*word, 1);
        }
        if let (false, Some(runtime)) = (self.tasks.is_null(), sched::get()) {
            self.deliver_tasks(|task| runtime.enqueue(task));
        }
    }

    /// As `deliver`, by a carrier that looks after `worker`.
    pub fn deliver_on(self, worker: &'static Worker) {
        for word in &self.threads[..self.count] {
            futex::wake(*word, 1);
        }
        if let (false, Some(runtime)) = (self.tasks.is_null(), sched::get()) {
            self.deliver_tasks(|task| runtime.enqueue_on(worker, task));
        }
    }

    fn deliver_tasks(&self, enqueue: impl Fn(&'static Task)) {
        let mut reversed: *mut Task = null_mut();
        let mut next = self.tasks;
        // SAFETY: the chain's tasks are the waker's alone, until they are queued.
        while let Some(task) = unsafe { next.as_ref() } {
            next = task.link.swap(reversed, Relaxed);
            reversed = task.as_ptr().as_ptr();
        }
        // SAFETY: as above; each link is read before its task is queued.
        while let Some(task) = unsafe { reversed.as_ref() } {
            reversed = task.link.load(Relaxed);
            enqueue(task);
        }
    }
}

/// A waiter in a list, with what the list's owner keeps of it.
pub(crate) struct Node<T> {
    next: AtomicPtr<Node<T>>,
    back: AtomicPtr<Node<T>>,
    queued: bool,
    pub waiter: Waiter,
    pub data: T,
}

impl<T> Node<T> {
    pub fn new(waiter: Waiter, data: T) -> Self {
        Self { next: AtomicPtr::new(null_mut()), back: AtomicPtr::new(null_mut()), queued: false, waiter, data }
    }
}

/// A first-in-first-out list of nodes that lie on their waiters' stacks.
pub(crate) struct List<T> {
    head: *mut Node<T>,
    tail: *mut Node<T>,
}

// SAFETY: a list is reached under the lock that holds it, its nodes only through it.
unsafe impl<T> Send for List<T> {}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> List<T> {
    pub const fn new() -> Self {
        Self { head: null_mut(), tail: null_mut() }
    }

    pub fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// # Safety
    /// `node` is in no list, and neither moves nor ends before it is removed.
    pub unsafe fn push(&mut self, node: NonNull<Node<T>>) {
        let node = node.as_ptr();
        // SAFETY: the caller's promise; the tail is queued, hence alive.
        unsafe {
            (*node).queued = true;
            (*node).next.store(null_mut(), Relaxed);
            (*node).back.store(self.tail, Relaxed);
            match self.tail.as_ref() {
                None => self.head = node,
                Some(tail) => tail.next.store(node, Relaxed),
            }
        }
        self.tail = node;
    }

    /// Takes `node` out, if it is in.
    ///
    /// # Safety
    /// `node` is alive and was never in another list.
    pub unsafe fn remove(&mut self, node: NonNull<Node<T>>) {
        // SAFETY: the caller's promise; neighbours are queued, hence alive.
        unsafe {
            let node = node.as_ptr();
            if !(*node).queued {
                return;
            }
            (*node).queued = false;
            let next = (*node).next.load(Relaxed);
            let back = (*node).back.load(Relaxed);
            match next.as_ref() {
                None => self.tail = back,
                Some(next) => next.back.store(back, Relaxed),
            }
            match back.as_ref() {
                None => self.head = next,
                Some(back) => back.next.store(next, Relaxed),
            }
        }
    }

    /// The nodes from the oldest on; the present one may be removed.
    pub fn iter(&self) -> impl Iterator<Item = NonNull<Node<T>>> + use<T> {
        let mut next = self.head;
        core::iter::from_fn(move || {
            let node = NonNull::new(next)?;
            // SAFETY: a node that is reached through the list is queued, hence alive.
            next = unsafe { node.as_ref() }.next.load(Relaxed);
            Some(node)
        })
    }
}

#[cfg(all(test, not(loom)))]
impl<T> Node<T> {
    fn is_queued(&self) -> bool {
        self.queued
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
