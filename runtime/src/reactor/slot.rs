//! What the reactor knows of one descriptor number: a cache line.

use super::tag;
use crate::park::{List, Node, Wakeups};
use crate::sched::Worker;
use crate::signals;
use crate::sync::{AcqRel, Acquire, AtomicU32, Lock, Relaxed, Release};
use crate::sys::epoll::{self, Epoll};
use core::ptr::NonNull;
use rustix::fd::RawFd;
use rustix::io::Errno;

/// What one waits for: bits of `readiness`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest(u32);

impl Interest {
    pub const NONE: Self = Self(0);
    pub const READ: Self = Self(1);
    pub const WRITE: Self = Self(2);
    pub const PRIORITY: Self = Self(4);
    /// A connection to accept: of those who wait for one, an edge wakes only the first, as in the kernel. Whoever was
    /// woken tells the next, by [`Slot::pass_on`], when it has looked.
    pub const CONNECTION: Self = Self(Self::READ.0 | EXCLUSIVE);

    /// The bits of a readiness that satisfy it.
    const fn bits(self) -> u32 {
        self.0 & BITS
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The stream has ended, failed, or carries urgent data: a short read does not mean that it is
/// drained, and there may be no further edge.
const IRREGULAR: u32 = 8;
const BITS: u32 = 0xff;
/// Not of a readiness, but of an interest.
const EXCLUSIVE: u32 = 1 << 31;
const ONE_EDGE: u32 = BITS + 1;

/// A look at a slot's readiness: bits, and how many edges there have been.
#[derive(Clone, Copy, Debug)]
pub struct Seen(u32);

impl Seen {
    /// Nothing known, as of a descriptor without a slot.
    pub const NOTHING: Self = Self(0);

    /// Whether an edge for `interest` has come that no call has disproved since.
    #[inline]
    pub fn is_ready(self, interest: Interest) -> bool {
        self.0 & interest.bits() != 0
    }

    /// Whether a read that got less than it asked for has emptied the stream.
    #[inline]
    pub fn is_regular(self) -> bool {
        self.0 & IRREGULAR == 0
    }
}

/// What a waiter's node says.
pub(super) struct Place {
    /// The number to go on with; changes when the number is closed under the waiter.
    pub fd: RawFd,
    pub interest: Interest,
}

#[cfg_attr(loom, derive(Default))]
struct Inner {
    waiters: List<Place>,
    /// How many waiters have to go on with this number, which is the library's: the last closes it.
    guests: u32,
}

impl Inner {
    /// Ends the waits that `bits` satisfy: of the exclusive ones, the first.
    fn wake(&mut self, bits: u32, wakeups: &mut Wakeups) {
        let mut exclusive_woken = false;
        for node in self.waiters.iter() {
            // SAFETY: a node in the list is alive while the list is locked.
            let (waiter, interest) = unsafe { (node.as_ref().waiter, node.as_ref().data.interest) };
            let exclusive = interest.0 & EXCLUSIVE != 0;
            if bits & interest.bits() == 0 || (exclusive && exclusive_woken) {
                continue;
            }
            // SAFETY: as above; out of the list before it is woken, since its frame may end then.
            unsafe { self.waiters.remove(node) };
            exclusive_woken |= waiter.wake(wakeups) && exclusive;
        }
    }
}

/// See the module.
#[repr(align(64))]
#[cfg_attr(loom, derive(Default))]
pub struct Slot {
    inner: Lock<Inner>,
    readiness: AtomicU32,
    /// Counts the lives of the number: an event of an earlier one is stale.
    generation: AtomicU32,
    /// 1 + the index of the worker whose epoll instance watches the number; 0: none.
    watcher: AtomicU32,
    /// For the host: what it knows of the descriptor. 0 at the start of each life.
    pub facts: AtomicU32,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Slot>() == 64);

/// Why a descriptor can't be watched: the errno of epoll_ctl(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwatchable(pub i32);

impl Slot {
    #[inline]
    pub fn look(&self) -> Seen {
        Seen(self.readiness.load(Acquire))
    }

    /// Whether the number is registered: only then do edges set bits.
    #[inline]
    pub fn is_watched(&self) -> bool {
        self.watcher.load(Relaxed) != 0
    }

    /// A call found nothing of `interest` after `seen` was taken.
    #[inline]
    pub fn disprove(&self, seen: Seen, interest: Interest) {
        let cleared = seen.0 & !interest.bits();
        let _ = self.readiness.compare_exchange(seen.0, cleared, AcqRel, Relaxed);
    }

    /// Sees to it that edges of `fd` come to this slot. `trusted`: the host knows that nothing can
    /// have replaced the open file behind this number; else the kernel is asked.
    pub(super) fn watch(&self, fd: RawFd, worker: &Worker, trusted: bool) -> Result<(), Unwatchable> {
        if trusted && self.is_watched() {
            return Ok(());
        }
        let _held = self.inner.lock();
        self.register(fd, worker).map_err(|errno| Unwatchable(errno.raw_os_error()))
    }

    /// Under the lock. Registers `fd`, or asks for its present state as a new edge.
    fn register(&self, fd: RawFd, worker: &Worker) -> Result<(), Errno> {
        if let Some(epoll) = self.watching() {
            match epoll.modify(fd, tag(fd, self.generation.load(Relaxed))) {
                Err(Errno::NOENT) => {}
                done => return done,
            }
        }
        let generation = self.generation.load(Relaxed).wrapping_add(1);
        self.generation.store(generation, Relaxed);
        self.watcher.store(worker.index as u32 + 1, Relaxed);
        let epoll = worker.epoll();
        let added = match epoll.add(fd, tag(fd, generation)) {
            // The number has been here before with this very open file, which a duplicate kept.
            Err(Errno::EXIST) => epoll.modify(fd, tag(fd, generation)),
            done => done,
        };
        if added.is_err() {
            self.watcher.store(0, Relaxed);
        }
        added
    }

    fn watching(&self) -> Option<Epoll> {
        let index = self.watcher.load(Relaxed).checked_sub(1)?;
        let worker = crate::sched::get()?.workers().get(index as usize)?;
        Some(worker.epoll())
    }

    /// Adds a waiter, unless what it waits for has come; then false.
    ///
    /// # Safety
    /// `node` is in no list, and neither moves nor ends before it was given to `leave`.
    pub(super) unsafe fn enter(&self, node: NonNull<Node<Place>>) -> bool {
        let mut inner = self.inner.lock();
        // SAFETY: the caller's node is alive, and in no list.
        let interest = unsafe { node.as_ref() }.data.interest;
        if self.look().is_ready(interest) {
            return false;
        }
        // SAFETY: the caller's promise.
        unsafe { inner.waiters.push(node) };
        true
    }

    /// Takes a waiter out, if it is in.
    ///
    /// # Safety
    /// `node` is alive and was given to `enter` of this slot, or moved to it.
    pub(super) unsafe fn leave(&self, node: NonNull<Node<Place>>) {
        let mut inner = self.inner.lock();
        // SAFETY: the caller's promise.
        unsafe { inner.waiters.remove(node) };
    }

    /// Notes an edge and ends the waits that it satisfies.
    pub(super) fn take_edge(&self, generation: u32, flags: u32, wakeups: &mut Wakeups) {
        let mut inner = self.inner.lock();
        if generation != self.generation.load(Relaxed) {
            return;
        }
        let bits = readiness_of(flags);
        let old = self.readiness.load(Relaxed);
        self.merge(old, bits);
        inner.wake(bits, wakeups);
    }

    /// One that was woken for [`Interest::CONNECTION`] has looked: if there may be more, the next one is to look.
    pub fn pass_on(&self) {
        signals::section(|| {
            let mut wakeups = Wakeups::new();
            let mut inner = self.inner.lock();
            if self.look().is_ready(Interest::CONNECTION) {
                inner.wake(Interest::CONNECTION.bits(), &mut wakeups);
            }
            drop(inner);
            wakeups.deliver();
        });
    }

    fn merge(&self, mut old: u32, bits: u32) {
        loop {
            let new = (old | bits).wrapping_add(ONE_EDGE);
            match self.readiness.compare_exchange_weak(old, new, AcqRel, Acquire) {
                Ok(_) => return,
                Err(now) => old = now,
            }
        }
    }

    /// The number begins a new life, or is about to end one: all that was known is void.
    /// `others`: other numbers or processes may share the open file, so that closing this number
    /// does not end its registration.
    ///
    /// Those who wait on the number keep the open file, as a blocked call does in the kernel: it
    /// lives on under a number of the library's, which they go on with.
    pub fn reset(&self, fd: RawFd, others: bool) {
        signals::section(|| {
            let mut inner = self.inner.lock();
            let busy = !inner.waiters.is_empty();
            if let Some(epoll) = self.watching().filter(|_| others || busy) {
                epoll.delete(fd);
            }
            let waiters = core::mem::take(&mut inner.waiters);
            let worker = self.watcher.swap(0, Relaxed);
            self.generation.store(self.generation.load(Relaxed).wrapping_add(1), Relaxed);
            self.readiness.store(0, Release);
            self.facts.store(0, Relaxed);
            drop(inner);
            if busy {
                Self::move_waiters(fd, waiters, worker);
            }
        });
    }

    /// Gives the open file behind `fd` a number of the library's, for those who wait on it.
    fn move_waiters(fd: RawFd, waiters: List<Place>, watcher: u32) {
        let ghost = crate::sys::descriptor::copy(fd).unwrap_or(fd);
        let workers = crate::sched::get().map(|runtime| runtime.workers());
        let worker = workers.and_then(|all| all.get(watcher.saturating_sub(1) as usize));
        let (Some(slot), Some(worker)) = (super::slot(ghost), worker) else {
            return;
        };
        let mut inner = slot.inner.lock();
        for mut node in waiters.iter() {
            // SAFETY: their wakers find the nodes only through this list, so they are alive and
            // this thread's to write.
            unsafe { node.as_mut().data.fd = ghost };
            inner.guests += 1;
        }
        inner.waiters = waiters;
        let _ = slot.register(ghost, worker);
    }

    /// A waiter that had to go on with a number of the library's is done with it.
    pub fn release_guest(&self, fd: RawFd) {
        signals::section(|| {
            let mut inner = self.inner.lock();
            inner.guests = inner.guests.saturating_sub(1);
            if inner.guests == 0 {
                self.watcher.store(0, Relaxed);
                crate::sys::descriptor::close_hidden(fd);
            }
        });
    }
}

/// The bits that an event's flags set.
fn readiness_of(flags: u32) -> u32 {
    const ALL: u32 = Interest::READ.and(Interest::WRITE).and(Interest::PRIORITY).0;
    let table = [
        (epoll::IN, Interest::READ.0),
        (epoll::OUT, Interest::WRITE.0),
        (epoll::PRI, Interest::PRIORITY.0 | IRREGULAR),
        (epoll::RDHUP, Interest::READ.0 | IRREGULAR),
        (epoll::HUP | epoll::ERR, ALL | IRREGULAR),
    ];
    table.iter().filter(|(flag, _)| flags & flag != 0).fold(0, |bits, (_, more)| bits | more)
}

#[cfg(all(test, not(loom)))]
mod tests;
