//! Binding: a coroutine gets an OS thread of its own, by its own wish or by another thread's.
//!
//! What the kernel keeps for a thread (CPUs, scheduling class, nice value), somebody may want to set or to know of a
//! coroutine that is anywhere: running, queued, parked, about to end. From here on one carrier runs it, and nothing
//! else, until it ends. Which one is decided by where it is in that moment, and the bit in its state word makes that
//! moment one:
//!
//! | seen | its carrier | who learns of it |
//! |---|---|---|
//! | on an OS thread | the one that it is on; that gives its worker away | the carrier, when the task parks or gives way |
//! | in a run queue | an idle one | whoever takes it from the queue: `State::resume` fails, and it is delivered |
//! | parked, or woken and not queued yet | an idle one | whoever queues it: it is delivered |
//! | ended | none | |
//!
//! One binds at a time, under a lock. The same lock is held while something is set for the OS thread, and taken by the
//! carrier at the task's end: so nothing is set for an OS thread that runs another task by now.

use super::{Carrier, Runtime, carrier_of};
use crate::section::section;
use crate::sync::Relaxed;
use crate::task::{Task, Whereabouts};
use core::ptr::null_mut;

/// Why a coroutine was not bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbound {
    /// It has ended.
    Ended,
    /// No carrier is idle: the monitor makes one; or that one's OS thread has not run yet.
    NoCarrier,
}

impl Runtime {
    /// Binds the task and calls `set` with its carrier; during the call it can't end.
    pub fn with_bound<R>(&self, task: &'static Task, set: impl Fn(&Carrier) -> R) -> Result<R, Unbound> {
        section(|| {
            let _one = self.binding.lock();
            self.bind(task).map(set)
        })
    }

    /// Calls `ask` with the carrier that the task is bound to, if it is; during the call it can't end.
    pub fn if_bound<R>(&self, task: &Task, ask: impl Fn(Option<&Carrier>) -> R) -> Result<R, Unbound> {
        section(|| {
            let _one = self.binding.lock();
            match task.state.look().1 {
                Whereabouts::Ended => Err(Unbound::Ended),
                Whereabouts::Bound => Ok(ask(Some(task.own_carrier()))),
                Whereabouts::On | Whereabouts::Off => Ok(ask(None)),
            }
        })
    }

    /// The id of the coroutine that keeps the OS thread with this id of the kernel's.
    pub fn id_of_bound(&self, tid: u32) -> Option<u32> {
        section(|| {
            let _one = self.binding.lock();
            let mut id = None;
            self.slab.any_task(&mut |task| {
                let keeps = task.state.look().1 == Whereabouts::Bound && task.own_carrier().tid() == tid;
                id = keeps.then(|| task.id());
                keeps
            });
            id
        })
    }

    fn bind(&self, task: &'static Task) -> Result<&'static Carrier, Unbound> {
        loop {
            let (seen, whereabouts) = task.state.look();
            let carrier = match whereabouts {
                Whereabouts::Ended => return Err(Unbound::Ended),
                Whereabouts::Bound => return Ok(task.own_carrier()),
                Whereabouts::On => carrier_of(task),
                Whereabouts::Off => self.idle_for(task)?,
            };
            task.bound_to.store(core::ptr::from_ref(carrier).cast_mut().cast(), Relaxed);
            let bound = task.state.bind(seen);
            match whereabouts {
                Whereabouts::On if bound => carrier.hand_over(self),
                Whereabouts::Off if !bound => self.give_back(carrier),
                _ => {}
            }
            if bound {
                return Ok(carrier);
            }
        }
    }

    /// An idle carrier, to wait for `task` alone.
    fn idle_for(&self, task: &'static Task) -> Result<&'static Carrier, Unbound> {
        let idle = self.take_idle();
        // The monitor keeps a spare one.
        self.monitor.poke();
        let carrier = idle.ok_or(Unbound::NoCarrier)?;
        if carrier.tid() == 0 {
            // Nothing can be set for its OS thread yet.
            self.put_idle(carrier);
            return Err(Unbound::NoCarrier);
        }
        carrier.give(self.worker_for_stranger(), task.as_ptr().as_ptr());
        Ok(carrier)
    }

    fn give_back(&self, carrier: &'static Carrier) {
        carrier.give(carrier.home(), null_mut());
        self.put_idle(carrier);
    }

    /// A bound task has ended: whoever sets something for its OS thread has done so, and nobody begins to.
    pub(super) fn unbind(&self) {
        drop(self.binding.lock());
    }
}
