//! Who waits, a task or a native thread: what a waker has to know. `wait` is the other side.
//!
//! A wait is announced first, then put where its wakers find it, then slept. Its node lies on the
//! waiter's stack. Two rules keep that sound: wakers touch a node only under the lock of the list
//! that it is in; and the waiter, before its frame ends, sees under that lock that the node is out.

mod list;

pub(crate) use list::{List, Node};

use crate::local::Local;
use crate::section;
use crate::sync::{Acquire, AtomicU32, Relaxed, Release};
use crate::sys::futex;
use crate::task::{self, Task, Ticket, Wake, Woken};
use core::ptr::null_mut;

// A native thread's word: `Local::asleep`.
/// It does not wait.
pub(crate) const IDLE: u32 = 0;
/// It waits, and nobody has woken it.
pub(crate) const ASLEEP: u32 = 1;
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

/// An interruption that has ended one wait does not end the next.
pub(crate) fn act_on(task: &Task, why: Wake) {
    if why == Wake::Interrupted {
        task.take_interruption();
    }
}

/// Ends the calling thread's wait; why it had ended already, if it had.
pub(crate) fn end_of_thread(word: &AtomicU32) -> Option<Wake> {
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

    /// Queues the tasks, by `enqueue`, in the order in which they waited, and wakes the threads.
    #[inline]
    pub fn deliver(self, enqueue: impl Fn(&'static Task)) {
        for word in &self.threads[..self.count] {
            futex::wake(*word, 1);
        }
        if !self.tasks.is_null() {
            self.deliver_tasks(enqueue);
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
