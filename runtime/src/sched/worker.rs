//! A worker: a run queue, an epoll instance and timers, and the right to run tasks.

use super::{Carrier, Queue, Runtime, current_carrier, task_at};
use crate::local;
use crate::reactor::{self, Poller};
use crate::sync::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Lock, Relaxed, SeqCst};
use crate::sys::clock::{Deadline, now};
use crate::sys::epoll::Event;
use crate::task::{Task, Ticket, Wake, Woken};
use crate::timer::{Heap, Timer};
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};
use rustix::io::Errno;

/// How many families of calls are counted apart; the host names them.
pub const FAMILIES: usize = 32;

/// The number of a family of calls.
pub type Family = u8;

/// A busy worker looks at its descriptors and timers after so many tasks (Go's figure), or once it has run all that were
/// queued at the last look, if those were more: who is found runs after these, and by then the caches would have
/// forgotten both its coroutine and its socket.
const LOOK_EVERY: u32 = 61;

/// Whom a timer wakes: a task, out of one wait.
pub(crate) type Sleeper = (&'static Task, Ticket);

/// How many events one epoll_wait takes.
const EVENTS: usize = 128;

/// By how many events a slot is fetched into the cache before it is looked at.
const AHEAD: usize = 4;

/// See the module.
#[repr(align(128))]
pub struct Worker {
    poller: Poller,
    pub(crate) queue: Queue<Task>,
    timers: Lock<Heap<Sleeper>>,
    /// The heap's earliest deadline, to be read without its lock.
    earliest: AtomicU64,
    /// The owner is in epoll_wait, or just about to be; a `notify` gets it out.
    sleeping: AtomicBool,
    /// The monitor is to ring.
    rung: AtomicBool,
    /// The next notify is for stealing.
    search: AtomicBool,
    /// Who runs the worker's tasks. The owner gives it up, and the monitor takes it, only by a
    /// compare-and-swap.
    pub(crate) owner: AtomicPtr<Carrier>,
    /// Counts the tasks that were switched to: one that stands still is a task that stays on.
    pub(crate) tick: AtomicU32,
    /// The tick of the last look, and the number of ticks until the next.
    looked_at: AtomicU32,
    look_after: AtomicU32,
    parks: [AtomicU64; FAMILIES],
    switches: AtomicU64,
}

impl Worker {
    pub(super) fn new(index: usize) -> Result<Self, Errno> {
        Ok(Self {
            poller: Poller::new(index)?,
            queue: Queue::new(),
            timers: Lock::new(Heap::new()),
            earliest: AtomicU64::new(Deadline::NEVER.0),
            sleeping: AtomicBool::new(false),
            search: AtomicBool::new(false),
            rung: AtomicBool::new(false),
            owner: AtomicPtr::new(null_mut()),
            tick: AtomicU32::new(0),
            looked_at: AtomicU32::new(0),
            look_after: AtomicU32::new(LOOK_EVERY),
            parks: [const { AtomicU64::new(0) }; FAMILIES],
            switches: AtomicU64::new(0),
        })
    }

    pub(crate) fn index(&self) -> usize {
        self.poller.index
    }

    #[inline]
    pub(crate) fn poller(&self) -> &Poller {
        &self.poller
    }

    #[inline]
    pub(crate) fn is_sleeping(&self) -> bool {
        self.sleeping.load(SeqCst)
    }

    /// Gets the owner out of its sleep, if it sleeps; false: somebody else already does.
    pub(crate) fn notify(&self) -> bool {
        let mine = self.sleeping.swap(false, SeqCst);
        if mine {
            self.ring();
        }
        mine
    }

    /// Ends one sleep in epoll. Who does not share the process's descriptors can't: it asks the monitor, by a futex.
    pub(crate) fn ring(&self) {
        match super::get().filter(|_| local::is_among_other_files()) {
            None => self.poller.ring(),
            Some(runtime) => {
                self.rung.store(true, SeqCst);
                runtime.monitor.poke();
            }
        }
    }

    /// The monitor's: rings for those who could not.
    pub(super) fn ring_for_others(&self) {
        if self.rung.load(SeqCst) && self.rung.swap(false, SeqCst) {
            self.poller.ring();
        }
    }

    /// As `notify`, and has it steal.
    pub(crate) fn notify_to_search(&self) -> bool {
        self.search.store(true, SeqCst);
        self.notify()
    }

    /// Adds a deadline. Its owner takes it out by [`Worker::cancel`] before its frame ends.
    ///
    /// # Safety
    /// `timer` is in no heap, and neither moves nor ends before it is cancelled.
    pub(crate) unsafe fn schedule(&self, timer: NonNull<Timer<Sleeper>>) {
        let mut heap = self.timers.lock();
        // SAFETY: the caller's promise.
        unsafe { heap.insert(timer) };
        let earliest = heap.earliest().0;
        let sooner = earliest < self.earliest.load(Relaxed);
        self.earliest.store(earliest, SeqCst);
        drop(heap);
        // The caller may not own the worker any more: whoever sleeps on it must sleep less long.
        if sooner && self.is_sleeping() {
            self.notify();
        }
    }

    /// Takes a deadline out, if it has not fired.
    ///
    /// # Safety
    /// `timer` was scheduled on this worker.
    pub(crate) unsafe fn cancel(&self, timer: NonNull<Timer<Sleeper>>) {
        let mut heap = self.timers.lock();
        // SAFETY: the caller's promise.
        unsafe { heap.remove(timer) };
        self.earliest.store(heap.earliest().0, SeqCst);
    }

    /// Wakes every task whose deadline has passed.
    fn fire_timers(&self, runtime: &Runtime) {
        if self.earliest.load(Relaxed) == Deadline::NEVER.0 {
            return;
        }
        let now = now();
        if self.earliest.load(Relaxed) > now {
            return;
        }
        let mut heap = self.timers.lock();
        while let Some(timer) = heap.pop_due(now) {
            // SAFETY: a popped timer is alive until its task, which is still waiting or must first
            // take this very lock, has gone on.
            let (task, ticket) = unsafe { timer.as_ref() }.payload;
            if task.state.wake(ticket, Wake::TimedOut) == Woken::Enqueue {
                runtime.enqueue_on(self.as_static(), task);
            }
        }
        self.earliest.store(heap.earliest().0, SeqCst);
    }

    /// The next task to run. `None`: there was none, and the caller may have slept; look again
    /// whether the worker is still its own.
    pub(super) fn next(&self, runtime: &Runtime) -> Option<&'static Task> {
        let tick = self.tick.load(Relaxed).wrapping_add(1);
        self.tick.store(tick, Relaxed);
        if tick.wrapping_sub(self.looked_at.load(Relaxed)) >= self.look_after.load(Relaxed) {
            self.look(runtime, Some(Deadline(0)));
            self.fire_timers(runtime);
        }
        if let Some(task) = self.queue.pop_and_see(|next| next.warm_up(&runtime.host.storage)) {
            return Some(task_at(task));
        }
        self.fire_timers(runtime);
        if self.queue.is_empty() && !self.search(runtime) {
            self.sleep(runtime);
        }
        self.queue.pop().map(task_at)
    }

    /// Steals; and when there was more than one to steal, the next sleeper may help.
    fn search(&self, runtime: &Runtime) -> bool {
        let found = runtime.steal_for(self);
        if found {
            runtime.offer(self, self.queue.len());
        }
        found
    }

    /// Sleeps until a descriptor is ready, a deadline passes, or somebody notifies; not where the worker is another carrier's
    /// by now. (It may become so a moment later: then the monitor ends the sleep.)
    fn sleep(&self, runtime: &Runtime) {
        let carrier = current_carrier();
        if carrier.is_some_and(|carrier| !carrier.owns(self)) {
            return;
        }
        self.sleeping.store(true, SeqCst);
        // Whoever queued a task before it could see `sleeping` has left it for us to see.
        crate::sync::fence(SeqCst);
        if let Some(carrier) = carrier {
            carrier.close();
        }
        if self.queue.is_empty() && !runtime.any_queued_elsewhere(self) {
            let earliest = Deadline(self.earliest.load(SeqCst));
            self.look(runtime, Some(earliest).filter(|&d| d != Deadline::NEVER));
        }
        self.sleeping.store(false, SeqCst);
        runtime.monitor.wake();
        self.fire_timers(runtime);
        if self.search.swap(false, SeqCst) {
            runtime.end_search();
            if self.queue.is_empty() {
                self.search(runtime);
            }
        }
    }

    /// Takes the descriptors' events, waiting for them until `deadline`.
    fn look(&self, runtime: &Runtime, deadline: Option<Deadline>) {
        let mut events = [MaybeUninit::<Event>::uninit(); EVENTS];
        let events = self.poller.epoll().wait(&mut events, deadline);
        self.sleeping.store(false, SeqCst);
        for event in events.iter().take(AHEAD) {
            reactor::warm_up(*event);
        }
        for (n, event) in events.iter().enumerate() {
            if let Some(soon) = events.get(n + AHEAD) {
                reactor::warm_up(*soon);
            }
            match event.data {
                reactor::SIGNAL => (runtime.above.signals.look_at_process)(runtime),
                _ => reactor::dispatch(*event, |task| runtime.enqueue_on(self.as_static(), task)),
            }
        }
        let queued = self.queue.len();
        self.looked_at.store(self.tick.load(Relaxed), Relaxed);
        self.look_after.store(LOOK_EVERY.max(queued as u32), Relaxed);
        if queued > 1 {
            runtime.offer(self, queued);
        }
    }

    /// A carrier that has lost the worker while it slept may have taken events, or the edge, that
    /// were meant for the new owner.
    pub(super) fn pass_on(&self) {
        self.ring();
    }

    /// Counts a wait of `family` that parked.
    #[inline]
    pub(crate) fn count_park(&self, family: Family) {
        // Locked, for a task that goes on without a worker counts as well.
        self.parks[family as usize % FAMILIES].fetch_add(1, Relaxed);
    }

    /// Without a locked instruction: one count may be lost in the moment of a handoff.
    #[inline]
    pub(super) fn count_switch(&self) {
        self.switches.store(self.switches.load(Relaxed) + 1, Relaxed);
    }

    /// How many tasks were switched to.
    pub(crate) fn switches(&self) -> u64 {
        self.switches.load(Relaxed)
    }

    /// How many waits of `family` parked.
    pub fn parks(&self, family: Family) -> u64 {
        self.parks[family as usize % FAMILIES].load(Relaxed)
    }

    pub(crate) fn as_static(&self) -> &'static Self {
        // SAFETY: workers exist only in the runtime's array, which is never freed.
        unsafe { &*core::ptr::from_ref(self) }
    }
}
