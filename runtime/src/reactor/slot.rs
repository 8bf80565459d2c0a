//! What the reactor knows of one descriptor number: a cache line.

use super::poller::{self, Poller};
use super::{enqueue, tag};
use crate::section::section;
use crate::sync::{AcqRel, Acquire, AtomicBool, AtomicI32, AtomicU32, Lock, Relaxed, Release, yield_now};
use crate::sys::descriptor::Hidden;
use crate::sys::epoll::{self, Epoll};
use crate::waker::{List, Node, Waiter, Wakeups};
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
    /// woken tells the next when its wait is over ([`Slot::leave`]).
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

/// One life of a number, from one open file to the next. Odd: it is being closed, by a thread that has not come back
/// from the kernel, so that the number is neither the old file's nor another one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life(u32);

impl Life {
    /// That of a number without a slot.
    pub const NONE: Self = Self(0);

    const fn is_ending(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether both are one life, at whatever stage.
    const fn is_of(self, other: Life) -> bool {
        self.0 >> 1 == other.0 >> 1
    }
}

/// Why a wait did not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The kernel does not watch such a file: the errno of epoll_ctl(2).
    Unwatchable(i32),
    /// The number is another file's now, or about to be nobody's: what the caller has tried says nothing about it.
    LifeEnded,
}

/// The number of those whose open file nobody could keep.
pub(crate) const NOWHERE: RawFd = -1;

/// What a waiter's node says.
pub(crate) struct Place {
    /// The number to go on with: changes, under the lock of the slot that the node is in, when the program's own number
    /// is closed under the waiter.
    pub fd: AtomicI32,
    pub interest: Interest,
    /// Its wait has been ended by an edge. It stays in the list, so that a close finds it, until it has looked.
    pub woken: AtomicBool,
}

impl Place {
    pub fn new(fd: RawFd, interest: Interest) -> Self {
        Self { fd: AtomicI32::new(fd), interest, woken: AtomicBool::new(false) }
    }
}

#[cfg_attr(loom, derive(Default))]
pub(super) struct Inner {
    waiters: List<Place>,
    /// How many waiters have to go on with this number: the last closes it.
    guests: u32,
    /// The descriptor with this number, if that is the library's, for guests.
    ghost: Option<Hidden>,
    /// How many that have waited are making their call by this number: a close waits for them.
    tries: u32,
}

impl Inner {
    /// Ends the waits that `bits` satisfy: of the exclusive ones, the first.
    fn wake(&mut self, bits: u32, wakeups: &mut Wakeups) {
        let mut exclusive_woken = false;
        // SAFETY: the list is locked, and none is removed.
        for node in unsafe { self.waiters.iter() } {
            // SAFETY: a node in the list is alive while the list is locked.
            let node = unsafe { node.as_ref() };
            let Place { interest, woken, .. } = &node.data;
            let exclusive = interest.0 & EXCLUSIVE != 0;
            if bits & interest.bits() == 0 || woken.load(Relaxed) || (exclusive && exclusive_woken) {
                continue;
            }
            if node.waiter.wake(wakeups) {
                woken.store(true, Relaxed);
                exclusive_woken |= exclusive;
            }
        }
    }

    /// Ends all waits: there is no file for them to go on with.
    fn orphan(&mut self, wakeups: &mut Wakeups) {
        // SAFETY: the list is locked, and the present one alone is removed.
        for node in unsafe { self.waiters.iter() } {
            // SAFETY: as in `wake`; out of the list before it is told, since its frame may end then.
            unsafe {
                self.waiters.remove(node);
                let waiter = node.as_ref().waiter;
                node.as_ref().data.fd.store(NOWHERE, Release);
                waiter.wake(wakeups);
            }
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
    /// Which life of the number this is: see [`Life`]. Changes under the lock.
    life: AtomicU32,
    /// 1 + the index of the poller that watches the number; 0: none; [`NOBODY`]: none ever will.
    watcher: AtomicU32,
    /// For the host: what it knows of the descriptor. 0 at the start of each life.
    pub facts: AtomicU32,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Slot>() == 64);

/// In place of a watcher: in this life of the number its file is not to be watched.
const NOBODY: u32 = u32::MAX;

/// How often a close looks whether those who make their calls are done, before it goes on regardless: one of them may be
/// in a call that waits after all.
const LOOKS: u32 = 2000;

impl Slot {
    #[inline]
    pub fn look(&self) -> Seen {
        Seen(self.readiness.load(Acquire))
    }

    /// Whether the number is registered: only then do edges set bits.
    #[inline]
    pub fn is_watched(&self) -> bool {
        !matches!(self.watcher.load(Relaxed), 0 | NOBODY)
    }

    /// A call found nothing of `interest` after `seen` was taken.
    #[inline]
    pub fn disprove(&self, seen: Seen, interest: Interest) {
        let cleared = seen.0 & !interest.bits();
        let _ = self.readiness.compare_exchange(seen.0, cleared, AcqRel, Relaxed);
    }

    /// The present life: to be taken before the call that a wait follows.
    #[inline]
    pub fn life(&self) -> Life {
        Life(self.life.load(Acquire))
    }

    /// Under the lock: whether `life` lasts.
    fn is_still(&self, life: Life) -> bool {
        self.life() == life && !life.is_ending()
    }

    /// Changes what the host knows of the file that has `life`; bits that others change meanwhile are theirs.
    pub fn note(&self, life: Life, change: impl FnOnce(u32) -> u32) {
        section(|| {
            let _held = self.inner.lock();
            if self.is_still(life) {
                let old = self.facts.load(Relaxed);
                let new = change(old);
                self.facts.fetch_and(!(old & !new), Relaxed);
                self.facts.fetch_or(new & !old, Relaxed);
            }
        });
    }

    /// Sees to it that edges of `fd` come to this slot. `trusted`: the host knows that nothing can
    /// have replaced the open file behind this number; else the kernel is asked.
    pub(crate) fn watch(&self, fd: RawFd, life: Life, poller: &Poller, trusted: bool) -> Result<(), Refusal> {
        if trusted && self.is_watched() {
            return Ok(());
        }
        let _held = self.inner.lock();
        if !self.is_still(life) {
            return Err(Refusal::LifeEnded);
        }
        if self.watcher.load(Relaxed) == NOBODY {
            return Err(Refusal::Unwatchable(Errno::PERM.raw_os_error()));
        }
        self.register(fd, poller).map_err(|errno| Refusal::Unwatchable(errno.raw_os_error()))
    }

    /// In `life` nobody is to watch the file any more; who waits for it finds out.
    pub fn stop_watching(&self, fd: RawFd, life: Life) {
        section(|| {
            let mut wakeups = Wakeups::new();
            let mut inner = self.inner.lock();
            if !self.is_still(life) {
                return;
            }
            if let Some(epoll) = self.watching() {
                epoll.delete(fd);
            }
            self.watcher.store(NOBODY, Relaxed);
            self.generation.store(self.generation.load(Relaxed).wrapping_add(1), Relaxed);
            inner.wake(BITS, &mut wakeups);
            drop(inner);
            wakeups.deliver(enqueue);
        });
    }

    /// Takes [`Slot::stop_watching`] back.
    pub fn may_watch(&self, life: Life) {
        section(|| {
            let _held = self.inner.lock();
            if self.is_still(life) && self.is_for_nobody() {
                self.watcher.store(0, Relaxed);
            }
        });
    }

    /// Whether nobody is to watch the file.
    pub fn is_for_nobody(&self) -> bool {
        self.watcher.load(Relaxed) == NOBODY
    }

    /// Under the lock. Registers `fd`, or asks for its present state as a new edge.
    fn register(&self, fd: RawFd, poller: &Poller) -> Result<(), Errno> {
        if let Some(epoll) = self.watching() {
            match epoll.modify(fd, tag(fd, self.generation.load(Relaxed))) {
                Err(Errno::NOENT) => {}
                done => return done,
            }
        }
        let generation = self.generation.load(Relaxed).wrapping_add(1);
        self.generation.store(generation, Relaxed);
        self.watcher.store(poller.index as u32 + 1, Relaxed);
        let epoll = poller.epoll();
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
        poller_of(self.watcher.load(Relaxed)).map(Poller::epoll)
    }

    /// Adds a waiter, unless what it waits for has come; then false. `life`: the one that the number must still have;
    /// `None` for a guest, whose number lasts as long as the guest stays.
    ///
    /// # Safety
    /// `node` is in no list, has this slot's number, and neither moves nor ends before it was given to `leave`.
    pub(crate) unsafe fn enter(
        &self,
        mut node: NonNull<Node<Place>>,
        waiter: Waiter,
        life: Option<Life>,
    ) -> Result<bool, Refusal> {
        let mut inner = self.inner.lock();
        if life.is_some_and(|life| !self.is_still(life)) {
            return Err(Refusal::LifeEnded);
        }
        // SAFETY: the caller's node is alive, and in no list.
        unsafe { node.as_mut() }.waiter = waiter;
        // SAFETY: as above.
        if self.is_ready_for(unsafe { node.as_ref() }) {
            return Ok(false);
        }
        // SAFETY: the caller's promise.
        unsafe { inner.waiters.push(node) };
        Ok(true)
    }

    /// Under the lock. Begins another wait of a node, unless what it waits for has come.
    fn is_ready_for(&self, node: &Node<Place>) -> bool {
        let ready = self.look().is_ready(node.data.interest);
        node.data.woken.store(ready, Relaxed);
        ready
    }

    /// Under the lock of the slot that `node` is in, or was: `body`. `None`: it is nowhere.
    fn of<R>(node: NonNull<Node<Place>>, body: impl FnOnce(&'static Slot, RawFd, &mut Inner) -> R) -> Option<R> {
        loop {
            // SAFETY: the caller's own node.
            let fd = unsafe { node.as_ref() }.data.fd.load(Acquire);
            let slot = super::slot(fd)?;
            let mut inner = slot.inner.lock();
            // SAFETY: as above. It moves under the locks of both slots: now it stays.
            if unsafe { node.as_ref() }.data.fd.load(Relaxed) == fd {
                return Some(body(slot, fd, &mut inner));
            }
        }
    }

    /// The caller's node, which is in a list, waits once more, unless what it waits for has come; then false.
    pub(crate) fn wait_again(mut node: NonNull<Node<Place>>, waiter: Waiter) -> bool {
        Self::of(node, |slot, _, _| {
            // SAFETY: the caller's own node, which others read under this lock.
            unsafe { node.as_mut() }.waiter = waiter;
            // SAFETY: as above.
            !slot.is_ready_for(unsafe { node.as_ref() })
        })
        .unwrap_or(false)
    }

    /// Takes the caller's node out of the list that it is in, if it is in one. One that was woken for a connection has
    /// looked now: if there may be more, and it `passes_on`, the next one is to look.
    ///
    /// # Safety
    /// `node` is alive and was given to `enter`.
    pub(crate) unsafe fn leave(node: NonNull<Node<Place>>, passes_on: bool) {
        let mut wakeups = Wakeups::new();
        Self::of(node, |slot, _, inner| {
            // SAFETY: the caller's promise: it is in this slot's list, or in none.
            unsafe { inner.waiters.remove(node) };
            if passes_on && slot.look().is_ready(Interest::CONNECTION) {
                inner.wake(Interest::CONNECTION.bits(), &mut wakeups);
            }
        });
        wakeups.deliver(enqueue);
    }

    /// The caller, whose node has entered, is about to make its call by the number that is told: until `end_try`
    /// nobody closes that.
    pub(crate) fn begin_try(node: NonNull<Node<Place>>) -> (RawFd, Option<&'static Slot>) {
        Self::of(node, |slot, fd, inner| {
            inner.tries += 1;
            (fd, Some(slot))
        })
        .unwrap_or((NOWHERE, None))
    }

    /// Ends what `begin_try` began, in a life of the number.
    pub(crate) fn end_try(&self, life: Life) {
        let mut inner = self.inner.lock();
        if self.life().is_of(life) {
            inner.tries = inner.tries.saturating_sub(1);
        }
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

    fn merge(&self, mut old: u32, bits: u32) {
        loop {
            let new = (old | bits).wrapping_add(ONE_EDGE);
            match self.readiness.compare_exchange_weak(old, new, AcqRel, Acquire) {
                Ok(_) => return,
                Err(now) => old = now,
            }
        }
    }

    /// Under the lock: all that was known is void. The count of edges goes on, so that no look at an earlier life can
    /// disprove what comes in the next.
    fn forget(&self, life: u32) {
        self.life.store(life, Release);
        self.watcher.store(0, Relaxed);
        self.generation.store(self.generation.load(Relaxed).wrapping_add(1), Relaxed);
        let void = (self.readiness.load(Relaxed) & !BITS).wrapping_add(ONE_EDGE);
        self.readiness.store(void, Release);
        self.facts.store(0, Relaxed);
    }

    /// The kernel has given the number to a new file, of which the host knows `facts`. Whoever still waits on an earlier
    /// one, which was closed by nobody that we saw, is told that it is not open.
    pub fn begin(&self, facts: u32) {
        section(|| {
            let mut wakeups = Wakeups::new();
            let mut inner = self.inner.lock();
            inner.orphan(&mut wakeups);
            inner.tries = 0;
            self.forget((self.life().0 | 1).wrapping_add(1));
            self.facts.store(facts, Relaxed);
            drop(inner);
            wakeups.deliver(enqueue);
        });
    }

    /// The number is about to be closed; [`Slot::end`] says when the kernel has done so. `others`: other numbers or
    /// processes may share the open file, so that closing this number does not end its registration.
    ///
    /// Those who wait on the number keep the open file, as a blocked call does in the kernel: it lives on under a number of
    /// the library's, which they go on with. From here on nobody enters or registers; those who wait no more, and make
    /// their call, are waited for.
    pub fn begin_end(&self, fd: RawFd, others: bool) -> Life {
        section(|| {
            let inner = self.inner.lock();
            if self.life().is_ending() {
                return self.life();
            }
            let life = self.life().0.wrapping_add(1);
            let busy = !inner.waiters.is_empty();
            let watching = self.watching();
            let watcher = self.watcher.load(Relaxed);
            self.forget(life);
            drop(inner);
            if busy {
                self.move_waiters(fd, watcher);
            }
            if let Some(epoll) = watching.filter(|_| others || busy) {
                epoll.delete(fd);
            }
            self.let_tries_end();
            Life(life)
        })
    }

    /// The close that [`Slot::begin_end`] announced is done.
    pub fn end(&self, life: Life) {
        section(|| {
            let _held = self.inner.lock();
            if self.life() == life && life.is_ending() {
                self.life.store(life.0.wrapping_add(1), Release);
            }
        });
    }

    /// Whether a close of the number has begun and not ended.
    pub fn is_ending(&self) -> bool {
        self.life().is_ending()
    }

    fn let_tries_end(&self) {
        for _ in 0..LOOKS {
            if self.inner.lock().tries == 0 {
                return;
            }
            yield_now();
        }
    }

    /// Gives the open file behind `fd` a number of the library's, for those who wait on it: nodes move under the locks of
    /// both slots, taken in the order of their addresses.
    fn move_waiters(&self, fd: RawFd, watcher: u32) {
        let ghost = Hidden::copy_of(fd);
        let there = ghost.as_ref().and_then(|ghost| super::slot(ghost.number()));
        let (Some(ghost), Some(there), Some(poller)) = (ghost, there, poller_of(watcher)) else {
            let mut wakeups = Wakeups::new();
            self.inner.lock().orphan(&mut wakeups);
            return wakeups.deliver(enqueue);
        };
        let number = ghost.number();
        let first_is_ours = core::ptr::from_ref(self) < core::ptr::from_ref(there);
        let (first, second) = if first_is_ours { (self, there) } else { (there, self) };
        let (mut a, mut b) = (first.inner.lock(), second.inner.lock());
        let (ours, theirs) = if first_is_ours { (&mut *a, &mut *b) } else { (&mut *b, &mut *a) };
        // SAFETY: as in `orphan`.
        for node in unsafe { ours.waiters.iter() } {
            // SAFETY: a node in the list is alive while the list is locked; it leaves one list for the other.
            unsafe {
                ours.waiters.remove(node);
                node.as_ref().data.fd.store(number, Release);
                theirs.waiters.push(node);
            }
            theirs.guests += 1;
        }
        if theirs.guests == 0 {
            // All have left meanwhile.
            return;
        }
        theirs.ghost = Some(ghost);
        let _ = there.register(number, poller);
    }

    /// A waiter that had to go on with a number of the library's is done with it.
    pub(crate) fn release_guest(&self) {
        let mut inner = self.inner.lock();
        inner.guests = inner.guests.saturating_sub(1);
        if inner.guests == 0 {
            inner.tries = 0;
            self.forget(self.life().0.wrapping_add(2));
            inner.ghost = None;
        }
    }
}

/// The poller that a slot's `watcher` says.
fn poller_of(watcher: u32) -> Option<&'static Poller> {
    poller::at(watcher.checked_sub(1)? as usize)
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
