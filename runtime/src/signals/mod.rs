//! Signals: which thread of the program takes one, and when.
//!
//! The kernel knows OS threads, the program knows its own; while a coroutine runs, its OS thread has its mask, and what
//! the kernel delivers there is the coroutine's. Three things are left to do here:
//!
//! * **A signal to a coroutine** (pthread_kill(3)) is kept in its queue ([`send`]), since no OS thread is its own. If it
//!   waits, the wait is interrupted. If it runs, its OS thread gets the same signal, *marked*, which says only "look at
//!   your queue": the number decides in the kernel whether the call that it interrupts is restarted.
//! * **A signal to the process** that main blocks and a coroutine does not stays with the kernel until that runs
//!   ([`process`]).
//! * **A signal in the middle of our own work** must not run a handler, which may call hooks. That work is a [`section()`];
//!   what arrives there is kept back until its end. The scheduler is one long section; what the kernel gives to it, though
//!   main would have taken it, goes on to a coroutine ([`route`]).
//!
//! A signal that is kept back is queued to its OS thread once more, with every signal blocked: the kernel keeps it, and
//! delivers it, whole, when the mask is put back. So is every signal of a coroutine's queue: handlers are run by the
//! kernel alone, with their masks and stacks.

mod process;
mod queue;

pub use crate::section::{at_once, enter, is_due, leave, look, section};
pub use crate::sys::signal::{Info, Number, SI_QUEUE, SI_TKILL, SI_USER};
pub use queue::{Full, discard, pending, send, take};

use crate::local::Local;
use crate::masks;
use crate::sched::{self, Runtime, Signals};
use crate::section;
use crate::sync::{Relaxed, SeqCst};
use crate::sys::clock::Deadline;
use crate::sys::signal;
use crate::task::{self, Task};
use crate::waker;

/// At the end of a section of the calling thread: has the kernel deliver what is in its queue, and acts on a cancellation.
fn attend() {
    let Some(task) = task::own() else { return };
    take_all(task);
    if let Some(runtime) = sched::get() {
        (runtime.host.cancel)(task);
    }
}

/// What a section's end has signals do.
pub(crate) static FOR_SECTION: section::Attend = attend;

/// What the scheduler has them do.
pub(crate) const FOR_SCHED: Signals = Signals {
    route,
    hand_back,
    settle: queue::settle,
    leave: process::leave,
    ended,
    masks_changed: || masks_changed(false),
    look_at_process: process::tend,
    is_unwatched: process::is_unwatched,
};

/// Has the kernel deliver what is in the queue of `task`, the caller: by marks, where our handler sees them, since a signal
/// that is queued to an OS thread where its own mark is pending is lost.
fn take_all(task: &Task) {
    let Some(runtime) = sched::get() else { return };
    let mut coming = 0;
    while let Some(number) = Number::new((pending(task) & !task.mask() & !coming).trailing_zeros() + 1) {
        let before = task.inbox.taken.load(Relaxed);
        signal::send_to_self(number, &Info::mark());
        if task.inbox.taken.load(Relaxed) != before {
            continue;
        }
        if signal::pending() & number.bit() != 0 {
            // A handler is about to return, and the kernel still has its mask.
            coming |= number.bit();
        } else if !(runtime.host.handles)(number) {
            // It is ignored, or the mark has had its default effect.
            let _ignored = take(task, number.bit());
        }
        // Else a handler came between, and went on on another OS thread: the mark has missed us.
    }
}

/// What a handler that the kernel has just started is to do.
pub enum Arrival {
    /// Run the program's handler, with what is told of the signal by now in place.
    Run,
    /// Return: the signal was kept back, or it was only to make us look.
    Return,
}

/// A signal has arrived on the calling OS thread. `info` is the kernel's, `mask` the one that is put back when the
/// handler returns. Async-signal-safe.
///
/// # Safety
/// Called by a signal handler, of what the kernel has given it.
pub unsafe fn arrive(number: Number, info: &mut Info, mask: &mut u64) -> Arrival {
    let mine = Local::mine();
    let marked = info.is_mark();
    if mine.critical.load(Relaxed) == 0 {
        if !marked {
            return Arrival::Run;
        }
        let told = task::own().and_then(|task| take(task, number.bit()));
        return match told {
            Some((_, told)) => {
                *info = told;
                Arrival::Run
            }
            // It has been taken before, or it was for whoever ran here before.
            None => Arrival::Return,
        };
    }
    if info.is_fault(number) {
        return Arrival::Run;
    }
    if !marked {
        // Of several, some may have interrupted the others' handlers: what all of them leave open is what was open before.
        let others = if mine.held.load(Relaxed) == 0 { u64::MAX } else { mine.held_mask.load(Relaxed) };
        mine.held_mask.store(others & *mask, Relaxed);
        mine.held.fetch_or(number.bit(), Relaxed);
        *mask = signal::ALL;
        signal::send_to_self(number, info);
    }
    mine.due.store(1, SeqCst);
    waker::look_up(&mine);
    wake_scheduler();
    Arrival::Return
}

/// The scheduler may be about to sleep: it must look first.
fn wake_scheduler() {
    if let Some(carrier) = sched::current_carrier() {
        carrier.home().ring();
    }
}

/// What a thread of the scheduler's does, outside of all locks, with a signal that was kept back while it worked: gives
/// it to a coroutine that does not block it; where there is none by now, back to the process. Every signal is blocked.
fn route(runtime: &Runtime, mine: &Local) {
    mine.due.store(0, SeqCst);
    for_each_held(mine, |number, info| {
        runtime.slab.any_task(&mut |task| task.is_open_to(number) && queue::send_on(task, number, info).is_ok())
    });
}

/// Takes the signals that were kept back from the kernel, for `give`; those that it can't give go back to the process.
fn for_each_held(mine: &Local, mut give: impl FnMut(Number, &Info) -> bool) {
    let mut left = mine.held.swap(0, Relaxed);
    while let Some(number) = Number::new(left.trailing_zeros() + 1) {
        left &= left - 1;
        if let Some(info) = signal::take_pending(number)
            && !give(number, &info)
        {
            signal::send_to_process(number, info);
        }
    }
}

/// What was kept back on the OS thread of `task`, which has parked since, is for the task to take. Every signal is
/// blocked.
fn hand_back(task: &'static Task, mine: &Local) {
    for_each_held(mine, |number, info| queue::send_on(task, number, info).is_ok());
}

/// The caller, `task`, in a section, has its mask again after a wait with another one. What that one has let in, and no
/// handler has run for, is as if it had never arrived.
pub fn end_masked(task: &'static Task, mask: u64) {
    signal::block_all();
    for_each_held(&Local::mine(), |number, info| {
        mask & number.bit() == 0 && queue::send_on(task, number, info).is_ok()
    });
    task.set_mask(mask);
}

/// Has a coroutine look up from whatever it does: its wait ends, or its OS thread is told by the signal `number`.
fn rouse(task: &'static Task, number: Number) {
    if !task.is_current() {
        interrupt(task);
        if task.state.is_running() {
            signal::send_to_thread(sched::os_thread(task), number, &Info::mark());
        }
    }
    local_of(task).due.store(1, SeqCst);
}

/// Ends the wait that `task` is in, or else its next one.
fn interrupt(task: &'static Task) {
    let local = local_of(task);
    local.due.store(1, SeqCst);
    if let Some(runtime) = sched::get() {
        runtime.interrupt(task);
    }
    if task.acts_natively() {
        waker::interrupt(local);
    }
}

fn local_of(task: &Task) -> &Local {
    // SAFETY: the task's TCB exists while the task does.
    unsafe { Local::of(task.thread_pointer()) }
}

/// Has a coroutine look whether it is to be cancelled: its wait ends, and if it is to act wherever it is (`at_once`), its
/// OS thread is interrupted, too.
pub fn nudge(task: &'static Task, at_once: bool) {
    section(|| match at_once {
        true => rouse(task, Number::NUDGE),
        false => interrupt(task),
    });
}

/// The handlers that have run since [`forget_handlers`], and what they mean for the call that they interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// None has run.
    Nothing,
    /// The first was installed with SA_RESTART.
    Restart,
    /// The first was installed without.
    Interrupt,
}

/// A handler of the program's runs on the calling thread.
pub fn note_handler(restarts: bool) {
    let first = if restarts { Handled::Restart } else { Handled::Interrupt };
    let _ = Local::mine().handled.compare_exchange(Handled::Nothing as u32, first as u32, Relaxed, Relaxed);
}

/// The calling thread is in a call again that `handled` has interrupted so far.
pub fn note_handlers(handled: Handled) {
    Local::mine().handled.store(handled as u32, Relaxed);
}

/// The calling thread begins a call that handlers may interrupt.
#[inline]
pub fn forget_handlers() {
    Local::mine().handled.store(Handled::Nothing as u32, Relaxed);
}

/// See [`Handled`].
#[inline]
pub fn handled() -> Handled {
    match Local::mine().handled.load(Relaxed) {
        0 => Handled::Nothing,
        1 => Handled::Restart,
        _ => Handled::Interrupt,
    }
}

/// How long whoever changes a mask waits until the carriers have followed, in nanoseconds, before it goes on regardless: on
/// a busy machine one may wait for a CPU; but it may also wait for a lock of the program's, to free memory, and the caller
/// may have that.
const PATIENCE_NS: u64 = 500_000_000;

/// A mask has changed: other signals may be wanted of the process, and carriers in the scheduler are to take none that are
/// for nobody, or for a coroutine that is parked. They block these before this returns: a program that blocks a signal may
/// send it at once, and find it pending. `shrunk`: less may be left open than before.
fn masks_changed(shrunk: bool) {
    let Some(runtime) = sched::get() else { return };
    section(|| process::follow(runtime));
    if !shrunk && masks::wanted() == 0 {
        return;
    }
    if runtime.close_carriers() {
        return;
    }
    let patience = Deadline::after(PATIENCE_NS);
    while patience.left() > 0 && !runtime.close_carriers() {
        rustix::thread::sched_yield();
    }
}

impl Task {
    /// Notes that the kernel has given the OS thread of the caller, this task, another mask.
    pub fn note_mask(&self, mask: u64) {
        section(|| {
            let before = self.change_mask(mask);
            if before != mask {
                masks::remove(before);
                masks::add(mask);
                sched::carrier_of(self).note_mask(mask);
                masks_changed(true);
            }
            // Whoever sends a signal notes it, then looks at the mask.
            if self.signals.load(SeqCst) & !mask != 0 {
                Local::mine().due.store(1, Relaxed);
            }
        });
    }

    /// Gives the caller, this task, another mask; what it opens arrives before this returns.
    pub fn set_mask(&self, mask: u64) {
        signal::set_mask(mask);
        self.note_mask(mask);
    }
}

/// A coroutine has left its stack for good: what it has not taken is lost, but for what was sent to the process.
fn ended(task: &Task) {
    queue::clear(task);
    masks_changed(masks::remove(task.mask()));
}

/// Main blocks the signals of `mask` now.
pub fn set_main_mask(mask: u64) {
    masks::set_main(mask);
    masks_changed(true);
}

/// The life of `task`, the caller, ends: the handlers of what was sent to it, and of what the kernel has given it, run; what
/// comes from here on is for others. Begins a section that does not end.
pub fn end(task: &'static Task) {
    enter();
    process::close_for_good(task);
    while is_due() || !queue::refuse(task) {
        process::open_again(task);
        leave();
        enter();
        process::close_for_good(task);
    }
    process::leave_to_others();
}

/// In the child of a fork: the other threads' queues are gone, and so is what told of the process's.
pub(crate) fn forget() {
    queue::forget();
    process::forget();
}

/// A [`nudge`] has arrived on the calling OS thread. Async-signal-safe, but for the cancellation that it may be.
pub fn nudged() {
    let mine = Local::mine();
    if mine.critical.load(Relaxed) == 0 {
        look();
    } else {
        waker::look_up(&mine);
        wake_scheduler();
    }
}
