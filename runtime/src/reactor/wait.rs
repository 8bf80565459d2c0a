//! Waiting for one descriptor, or for any of many.

use super::slot::{Interest, Place, Seen, Slot, Unwatchable};
use super::table::slot;
use crate::park::{Node, Waiter};
use crate::sched::{Family, Worker};
use crate::signals;
use crate::sys::clock::Deadline;
use crate::task::{Task, Wake};
use core::ptr::NonNull;
use rustix::fd::RawFd;

/// How a wait for a descriptor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    pub why: Wake,
    /// The number to go on with: another one if the program has closed its own meanwhile. Give that
    /// one back by `Slot::release_guest`.
    pub fd: RawFd,
}

/// Waits until `fd` is ready for `interest`, `deadline`, or an interruption. The caller has tried,
/// and disproved what it had seen. See `Slot::watch` for `trusted`.
pub fn wait(
    task: &'static Task,
    family: Family,
    fd: RawFd,
    interest: Interest,
    deadline: Option<Deadline>,
    trusted: bool,
) -> Result<Waited, Unwatchable> {
    signals::section(|| {
        const ENOSYS: i32 = 38;
        let slot = slot(fd).ok_or(Unwatchable(ENOSYS))?;
        slot.watch(fd, task.home(), trusted)?;
        let waiter = Waiter::announce();
        let mut node = Node::new(waiter, Place { fd, interest });
        let node = NonNull::from(&mut node);
        // SAFETY: the node leaves below, before its frame ends.
        if !unsafe { slot.enter(node) } {
            let why = waiter.retract().unwrap_or(Wake::Unparked);
            return Ok(Waited { why, fd });
        }
        let why = waiter.wait(family, deadline);
        Ok(Waited { why, fd: leave(node, why) })
    })
}

/// Takes a node out of whatever slot it is in now; returns that slot's number.
fn leave(node: NonNull<Node<Place>>, why: Wake) -> RawFd {
    loop {
        // SAFETY: the node is in the caller's frame. Volatile: `Slot::move_waiters` writes the
        // number under the lock of the slot that it moves the node to, hence the second look.
        let fd = unsafe { (&raw const (*node.as_ptr()).data.fd).read_volatile() };
        if why == Wake::Unparked {
            return fd;
        }
        let Some(slot) = slot(fd) else { return fd };
        // SAFETY: the node entered that slot, or was moved to it.
        unsafe { slot.leave(node) };
        // SAFETY: as above.
        let now = unsafe { (&raw const (*node.as_ptr()).data.fd).read_volatile() };
        // SAFETY: as above.
        if now == fd && !unsafe { node.as_ref() }.is_queued() {
            return fd;
        }
    }
}

/// One descriptor of a wait for many.
pub struct Entry {
    node: Node<Place>,
    seen: Seen,
}

impl Entry {
    /// For `fd`, at a look at its readiness taken now; the caller tries its call next.
    pub fn new(fd: RawFd, interest: Interest) -> Self {
        let unused = Waiter::Thread(core::ptr::null());
        Self { node: Node::new(unused, Place { fd, interest }), seen: slot(fd).map_or(Seen::NOTHING, Slot::look) }
    }

    /// The number to go on with.
    pub fn fd(&self) -> RawFd {
        self.node.data.fd
    }

    /// Takes a fresh look, before another try.
    pub fn look_again(&mut self) {
        self.seen = slot(self.fd()).map_or(Seen::NOTHING, Slot::look);
    }
}

/// Waits until any of `entries` may be ready, `deadline`, or an interruption. The caller has tried
/// since the entries' looks, and found none of them ready.
pub fn wait_any(
    task: &'static Task,
    family: Family,
    entries: &mut [Entry],
    deadline: Option<Deadline>,
) -> Result<Wake, Unwatchable> {
    signals::section(|| {
        for entry in entries.iter() {
            prepare(entry, task.home())?;
        }
        let waiter = Waiter::announce();
        let all = entries.len();
        let entered = enter_all(entries, waiter);
        let why =
            if entered == all { waiter.wait(family, deadline) } else { waiter.retract().unwrap_or(Wake::Unparked) };
        for entry in &mut entries[..entered] {
            // Any of them, but one: whoever woke us took out only the node that it woke.
            leave(NonNull::from(&mut entry.node), Wake::Interrupted);
        }
        Ok(why)
    })
}

fn prepare(entry: &Entry, worker: &Worker) -> Result<(), Unwatchable> {
    const ENOSYS: i32 = 38;
    let Place { fd, interest } = entry.node.data;
    let slot = slot(fd).ok_or(Unwatchable(ENOSYS))?;
    slot.disprove(entry.seen, interest);
    // A set of many descriptors is asked for seldom, and has been tried by one call: not to trust
    // any of them costs one call more each, but only when it must wait.
    slot.watch(fd, worker, false)
}

/// Enters the entries one by one until one is ready; returns how many have entered.
fn enter_all(entries: &mut [Entry], waiter: Waiter) -> usize {
    for (n, entry) in entries.iter_mut().enumerate() {
        entry.node.waiter = waiter;
        let Some(slot) = slot(entry.fd()) else {
            continue;
        };
        // SAFETY: `wait_any` takes every entered node out before it returns.
        if !unsafe { slot.enter(NonNull::from(&mut entry.node)) } {
            return n;
        }
    }
    entries.len()
}
