//! Signals to the process that main blocks and a coroutine does not.
//!
//! Such a signal stays with the kernel until an OS thread that runs such a coroutine takes it: nobody takes it on behalf of
//! another, so it is never in between, where what was sent after it (a byte, a post, the end of a child) could overtake it,
//! and where it would be neither pending nor handled.
//!
//! * While the coroutine runs, its OS thread has its mask: the kernel delivers.
//! * Before it leaves the OS thread, it closes that thread's mask ([`close`]), so that no signal arrives in the scheduler;
//!   when it is resumed, its mask is put on in its own name, and what is pending arrives before it can see anything else.
//! * While it waits, a signalfd in every worker's epoll instance tells of a signal that is pending, and a coroutine that
//!   would take it is woken ([`look`]). So one is, of those that are left, by whoever has blocked the signal, or ends.
//!
//! While no signal is [`wanted`](masks::wanted), nothing of this is done.

use super::interrupt;
use crate::local;
use crate::masks;
use crate::reactor;
use crate::sched::{self, Runtime, Worker, carrier_of};
use crate::section;
use crate::sync::{AtomicBool, Lock, SeqCst};
use crate::sys::descriptor::{Hidden, Only};
use crate::sys::signal::{self, Number};
use crate::task::Task;

/// The signalfd; while there is none yet, or none can be had, the monitor looks.
static SIGNALFD: Only = Only::none();
static MAKING: Lock<()> = Lock::new(());
/// Who has changed what is wanted has other descriptors than the process: the signalfd is still to be told.
static STALE: AtomicBool = AtomicBool::new(false);

/// A mask has changed: other signals may be wanted. In a section.
pub(super) fn follow(runtime: &Runtime) {
    if masks::update() {
        if local::is_among_other_files() {
            STALE.store(true, SeqCst);
            runtime.monitor.poke();
        } else {
            watch(runtime);
        }
    }
    if masks::wanted() != 0 {
        // Whoever might have taken what is pending may be the one who blocks it now.
        look(runtime);
    }
}

/// Has the signalfd tell of what is wanted now.
fn watch(runtime: &Runtime) {
    let _one = MAKING.lock();
    let wanted = masks::wanted();
    if let Some(fd) = SIGNALFD.number() {
        return signal::set_signalfd(fd, wanted);
    }
    if let Some(made) = signal::signalfd(wanted).and_then(Hidden::new) {
        let told = |worker: &Worker| worker.poller().epoll().add(made.number(), reactor::SIGNAL).is_ok();
        if runtime.workers().iter().all(told) {
            SIGNALFD.set(made);
        }
    }
}

/// What the monitor does from time to time, and a worker that the signalfd has told.
pub(super) fn tend(runtime: &Runtime) {
    if STALE.swap(false, SeqCst) {
        watch(runtime);
    }
    look(runtime);
}

/// Has a coroutine look up for each signal that is pending and that it would take. The caller blocks all that is wanted.
pub(super) fn look(runtime: &Runtime) {
    let mut pending = signal::pending() & masks::wanted();
    while let Some(number) = Number::new(pending.trailing_zeros() + 1) {
        pending &= pending - 1;
        runtime.slab.any_task(&mut |task| {
            let takes_it = task.is_open_to(number) && !task.is_current();
            if takes_it {
                interrupt(task);
            }
            takes_it
        });
    }
}

/// The task, the caller, is about to leave its OS thread.
pub(super) fn leave(task: &Task) {
    if task.has_contexts.get() {
        task.note_mask(section::present_mask());
    }
    if masks::wanted() != 0 && close(task) {
        // It is taken first: the wait, if it is one, ends.
        let _ = task.state.interrupt();
    }
}

/// The task, the caller, is about to leave its OS thread: from here on no signal to the process arrives there. True: one
/// that it would have taken is pending by now.
fn close(task: &Task) -> bool {
    carrier_of(task).set_mask(signal::ALL);
    signal::pending() & !task.mask() & signal::ALL != 0
}

/// As [`close`], at the end of the task, where a signal is wanted.
pub(super) fn close_for_good(task: &Task) {
    if masks::wanted() != 0 {
        carrier_of(task).set_mask(signal::ALL);
    }
}

/// Takes back [`close_for_good`].
pub(super) fn open_again(task: &Task) {
    carrier_of(task).set_mask(task.mask());
}

/// What the caller, who has closed for good, might have taken is for others.
pub(super) fn leave_to_others() {
    if masks::wanted() != 0
        && let Some(runtime) = sched::get()
    {
        look(runtime);
    }
}

/// Whether no descriptor tells of signals that are pending: the monitor looks instead.
pub(super) fn is_unwatched() -> bool {
    SIGNALFD.number().is_none()
}

/// In the child of a fork: the signalfd is the parent's workers'.
pub(super) fn forget() {
    SIGNALFD.forget();
    STALE.store(false, SeqCst);
    // SAFETY: the child has one thread, this one, which does not hold it.
    unsafe { MAKING.forget_holder() };
}
