//! Waiting for one descriptor.
//!
//! A wait is a [`Lease`]: of one life of a number, taken before the call is tried, and given back when its result is
//! there. Whatever closes the number meanwhile either finds the waiter in the slot's list, and takes it along to another
//! number of the same open file, or ends the life first, and the wait is refused.

use crate::reactor::{Interest, Life, NOWHERE, Place, Poller, Refusal, Seen, Slot, slot};
use crate::sched::Family;
use crate::sync::{Acquire, Relaxed};
use crate::sys::clock::Deadline;
use crate::task::{Task, Wake};
use crate::waker::{Node, Waiter};
use core::ptr::NonNull;
use rustix::fd::RawFd;

/// Of a number past the table.
pub(super) const NO_SLOT: Refusal = Refusal::Unwatchable(38); // ENOSYS

/// See the module.
pub struct Lease {
    pub(super) node: Node<Place>,
    pub(super) own: RawFd,
    pub(super) life: Life,
    /// Whether the node is in a list.
    entered: bool,
    /// Whether it left the list before its call: then it has not told the next yet.
    paused: bool,
    /// The slot in which a try has begun and not ended.
    trying: Option<&'static Slot>,
}

impl Lease {
    /// Of `life`, which `fd` had before the caller tried its call.
    pub fn new(fd: RawFd, life: Life, interest: Interest) -> Self {
        let unused = Waiter::Thread(core::ptr::null());
        Self {
            node: Node::new(unused, Place::new(fd, interest)),
            own: fd,
            life,
            entered: false,
            paused: false,
            trying: None,
        }
    }

    /// The number to go on with: another one if the program has closed its own meanwhile, -1 if it could not be kept.
    pub fn fd(&self) -> RawFd {
        self.node.data.fd.load(Acquire)
    }

    pub(super) fn is_guest(&self) -> bool {
        self.fd() != self.own && self.fd() != NOWHERE
    }

    /// Waits until the file is ready, `deadline`, or an interruption. The caller has tried, and disproved what it had
    /// seen. See `Slot::watch` for `trusted`.
    ///
    /// # Safety
    /// The caller is in a section (`section::enter`) that lasts until [`Lease::pause`] or [`Lease::end`]: no handler, which
    /// could leave the frame, runs while the node is in a list. Nor does the lease move before.
    pub unsafe fn wait(
        &mut self,
        task: &'static Task,
        family: Family,
        deadline: Option<Deadline>,
        trusted: bool,
    ) -> Result<Wake, Refusal> {
        self.watch(task.home().poller(), trusted)?;
        let waiter = Waiter::announce();
        // SAFETY: the caller's promise.
        match unsafe { self.enter(waiter) } {
            Ok(true) => Ok(waiter.wait(family, deadline)),
            Ok(false) => Ok(waiter.retract().unwrap_or(Wake::Unparked)),
            Err(refusal) => {
                waiter.retract();
                Err(refusal)
            }
        }
    }

    pub(super) fn watch(&self, poller: &Poller, trusted: bool) -> Result<(), Refusal> {
        if self.entered || self.fd() != self.own {
            return Ok(());
        }
        slot(self.own).ok_or(NO_SLOT)?.watch(self.own, self.life, poller, trusted)
    }

    /// # Safety
    /// As for [`Lease::wait`].
    pub(super) unsafe fn enter(&mut self, waiter: Waiter) -> Result<bool, Refusal> {
        let node = NonNull::from(&mut self.node);
        if self.entered {
            return Ok(Slot::wait_again(node, waiter));
        }
        let Some(slot) = slot(self.fd()) else { return Ok(false) };
        let life = if self.is_guest() { None } else { Some(self.life) };
        // SAFETY: the node is in no list; the rest is the caller's promise.
        self.entered = unsafe { slot.enter(node, waiter, life) }?;
        Ok(self.entered)
    }

    /// Begins a call by the number that is returned, which keeps its open file until [`Lease::end_try`]; with the slot of
    /// that number, and a look at its readiness. A lease that has not entered has nothing to keep it by.
    pub fn begin_try(&mut self) -> (RawFd, Option<&'static Slot>, Seen) {
        let (fd, slot) = if self.entered {
            let (fd, slot) = Slot::begin_try(NonNull::from(&mut self.node));
            self.trying = slot;
            (fd, slot)
        } else {
            (self.fd(), slot(self.fd()))
        };
        (fd, slot, slot.map_or(Seen::NOTHING, Slot::look))
    }

    pub fn end_try(&mut self) {
        if let Some(slot) = self.trying.take() {
            let life = if core::ptr::eq(slot, self.own_slot()) { self.life } else { slot.life() };
            slot.end_try(life);
        }
    }

    fn own_slot(&self) -> *const Slot {
        slot(self.own).map_or(core::ptr::null(), core::ptr::from_ref)
    }

    /// Leaves the list, in the middle of a try, before a call that may wait: handlers may run now.
    pub fn pause(&mut self) {
        self.paused |= self.entered;
        self.leave(false);
    }

    pub(super) fn leave(&mut self, passes_on: bool) {
        if core::mem::take(&mut self.entered) || (passes_on && self.paused) {
            // SAFETY: the node has entered, and is the caller's; it may be out again.
            unsafe { Slot::leave(NonNull::from(&mut self.node), passes_on) };
        }
    }

    /// Ends the wait.
    pub fn end(&mut self) {
        self.end_try();
        self.leave(self.node.data.interest == Interest::CONNECTION);
        if let Some(slot) = slot(self.fd()).filter(|_| self.is_guest()) {
            slot.release_guest();
            self.node.data.fd.store(NOWHERE, Relaxed);
        }
    }
}
