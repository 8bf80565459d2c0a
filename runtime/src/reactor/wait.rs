//! Waiting for one descriptor, or for any of many.
//!
//! A wait is a [`Lease`]: of one life of a number, taken before the call is tried, and given back when its result is
//! there. Whatever closes the number meanwhile either finds the waiter in the slot's list, and takes it along to another
//! number of the same open file, or ends the life first, and the wait is refused.

use super::slot::{Interest, Life, NOWHERE, Place, Refusal, Seen, Slot};
use super::table::slot;
use crate::park::{Node, Waiter};
use crate::sched::{Family, Worker};
use crate::section::section;
use crate::sys::clock::Deadline;
use crate::task::{Task, Wake};
use core::ptr::NonNull;
use rustix::fd::RawFd;

/// Of a number past the table.
const NO_SLOT: Refusal = Refusal::Unwatchable(38); // ENOSYS

/// See the module.
pub struct Lease {
    node: Node<Place>,
    own: RawFd,
    life: Life,
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
        self.node.data.fd.load(crate::sync::Acquire)
    }

    fn is_guest(&self) -> bool {
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
        self.watch(task.home(), trusted)?;
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

    fn watch(&self, worker: &Worker, trusted: bool) -> Result<(), Refusal> {
        if self.entered || self.fd() != self.own {
            return Ok(());
        }
        slot(self.own).ok_or(NO_SLOT)?.watch(self.own, self.life, worker, trusted)
    }

    /// # Safety
    /// As for [`Lease::wait`].
    unsafe fn enter(&mut self, waiter: Waiter) -> Result<bool, Refusal> {
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

    fn leave(&mut self, passes_on: bool) {
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
            self.node.data.fd.store(NOWHERE, crate::sync::Relaxed);
        }
    }
}

/// One descriptor of a wait for many.
pub struct Entry {
    lease: Lease,
    seen: Seen,
}

impl Entry {
    /// For `fd`, at a look at its readiness taken now; the caller tries its call next.
    pub fn new(fd: RawFd, interest: Interest) -> Self {
        let mut entry = Self { lease: Lease::new(fd, Life::NONE, interest), seen: Seen::NOTHING };
        entry.look_again();
        entry
    }

    /// The number to go on with.
    pub fn fd(&self) -> RawFd {
        self.lease.fd()
    }

    /// Takes a fresh look, before another try.
    pub fn look_again(&mut self) {
        let slot = slot(self.fd());
        if !self.lease.is_guest() {
            self.lease.life = slot.map_or(Life::NONE, Slot::life);
        }
        self.seen = slot.map_or(Seen::NOTHING, Slot::look);
    }

    /// Goes back to its own number, whatever that is now, with a fresh look: for a call that looks at the number, and so
    /// says nothing about the file that the last wait was moved to.
    pub fn go_home(&mut self) {
        if self.fd() != self.lease.own {
            self.release();
            self.lease.node.data.fd.store(self.lease.own, crate::sync::Relaxed);
            self.look_again();
        }
    }

    /// Gives back what the waits went on with.
    pub fn release(&mut self) {
        section(|| self.lease.end());
    }
}

/// Waits until any of `entries` may be ready, `deadline`, or an interruption. The caller has tried
/// since the entries' looks, and found none of them ready.
pub fn wait_any(
    task: &'static Task,
    family: Family,
    entries: &mut [Entry],
    deadline: Option<Deadline>,
) -> Result<Wake, Refusal> {
    section(|| {
        for entry in entries.iter() {
            prepare(entry, task.home())?;
        }
        let waiter = Waiter::announce();
        let entered = enter_all(entries, waiter);
        let why = match entered {
            Ok(true) => Ok(waiter.wait(family, deadline)),
            Ok(false) => Ok(waiter.retract().unwrap_or(Wake::Unparked)),
            Err(refusal) => {
                waiter.retract();
                Err(refusal)
            }
        };
        entries.iter_mut().for_each(|entry| entry.lease.leave(false));
        why
    })
}

fn prepare(entry: &Entry, worker: &Worker) -> Result<(), Refusal> {
    let slot = slot(entry.fd()).ok_or(NO_SLOT)?;
    slot.disprove(entry.seen, entry.lease.node.data.interest);
    // A set of many descriptors is asked for seldom, and has been tried by one call: not to trust
    // any of them costs one call more each, but only when it must wait.
    entry.lease.watch(worker, false)
}

/// Enters the entries one by one until one is ready, then false, or refused.
fn enter_all(entries: &mut [Entry], waiter: Waiter) -> Result<bool, Refusal> {
    for entry in entries.iter_mut() {
        // SAFETY: `wait_any` takes every node out before it, a section, ends.
        if !unsafe { entry.lease.enter(waiter) }? {
            return Ok(false);
        }
    }
    Ok(true)
}
