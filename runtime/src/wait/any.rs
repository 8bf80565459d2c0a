//! Waiting for any of many descriptors.

use super::descriptor::{Lease, NO_SLOT};
use crate::reactor::{Interest, Life, Poller, Refusal, Seen, Slot, slot};
use crate::sched::Family;
use crate::section::section;
use crate::sync::Relaxed;
use crate::sys::clock::Deadline;
use crate::task::{Task, Wake};
use crate::waker::Waiter;
use rustix::fd::RawFd;

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
            self.lease.node.data.fd.store(self.lease.own, Relaxed);
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
            prepare(entry, task.home().poller())?;
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

fn prepare(entry: &Entry, poller: &Poller) -> Result<(), Refusal> {
    let slot = slot(entry.fd()).ok_or(NO_SLOT)?;
    slot.disprove(entry.seen, entry.lease.node.data.interest);
    // A set of many descriptors is asked for seldom, and has been tried by one call: not to trust
    // any of them costs one call more each, but only when it must wait.
    entry.lease.watch(poller, false)
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
