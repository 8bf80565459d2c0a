//! Process-shared condition variables with a private mutex: only threads of this process can wait so.
//!
//! Their words are libc's, whose waiters (in other processes, and here with a mutex that is shared) they count. So those who
//! wait here with a private mutex are in a list of ours, each with a word of its own: a signal goes to the one that has
//! waited longest, and to nobody of another variable. The lock of the list decides between a signal and a time-out: who
//! is found there is signalled, whatever else ends its wait.

use crate::table::rows::Family;
use crate::wait::{self, Deadline, Wake};
use iopatch_runtime::signals::section;
use iopatch_runtime::sync::Lock;
use std::ptr::{from_ref, null};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr};

/// One who waits, on its own stack.
pub struct Waiter {
    /// The address of the variable.
    cond: usize,
    signalled: AtomicBool,
    /// The one that came before; under the lock.
    older: AtomicPtr<Waiter>,
}

/// The one that came last.
struct Newest(*const Waiter);
// SAFETY: the waiters in the list stay where they are until they have left it; it is reached under its lock.
unsafe impl Send for Newest {}

static WAITERS: Lock<Newest> = Lock::new(Newest(null()));

impl Waiter {
    pub const fn new(cond: usize) -> Self {
        Self { cond, signalled: AtomicBool::new(false), older: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// From here on signals find the caller. It leaves before its frame ends.
    pub fn enter(&self) {
        section(|| {
            let mut newest = WAITERS.lock();
            self.older.store(newest.0.cast_mut(), Relaxed);
            newest.0 = self;
        });
    }

    /// Sleeps until it is signalled. Signal handlers do not end the wait, cancellation does.
    pub fn sleep(&self, deadline: Option<Deadline>) -> Wake {
        loop {
            let waits = || !self.signalled.load(Acquire);
            match wait::park(Family::Cond, self.address(), waits, deadline) {
                Wake::Interrupted if !wait::cancel_requested() => {}
                wake => return wake,
            }
        }
    }

    /// Whether the caller was signalled; nobody finds it any more.
    pub fn leave(&self) -> bool {
        section(|| {
            let mut newest = WAITERS.lock();
            if newest.0 == from_ref(self) {
                newest.0 = self.older.load(Relaxed);
            } else if let Some(next) =
                newest.iter().find(|next| next.older.load(Relaxed).cast_const() == from_ref(self))
            {
                next.older.store(self.older.load(Relaxed), Relaxed);
            }
            self.signalled.load(Relaxed)
        })
    }

    fn address(&self) -> usize {
        self.signalled.as_ptr().addr()
    }

    fn signal(&self) {
        self.signalled.store(true, Release);
        wait::unpark(self.address(), 1);
    }
}

impl Newest {
    /// All, the last first. Under the lock.
    fn iter(&self) -> impl Iterator<Item = &Waiter> {
        // SAFETY: a waiter in the list is there while the lock is held.
        let at = |it: *const Waiter| unsafe { it.as_ref() };
        std::iter::successors(at(self.0), move |it| at(it.older.load(Relaxed)))
    }

    fn of(&self, cond: usize) -> impl Iterator<Item = &Waiter> {
        self.iter().filter(move |it| it.cond == cond && !it.signalled.load(Relaxed))
    }
}

/// In the child of a fork, where nobody waits.
pub fn forget() {
    // SAFETY: no other thread of this process exists.
    unsafe { WAITERS.forget_holder() };
    WAITERS.lock().0 = null();
}

/// Signals the one that has waited longest on the variable; whether there was one.
pub fn signal(cond: usize) -> bool {
    section(|| WAITERS.lock().of(cond).last().inspect(|it| it.signal()).is_some())
}

/// Signals all who wait on the variable.
pub fn broadcast(cond: usize) {
    section(|| WAITERS.lock().of(cond).for_each(Waiter::signal));
}
