//! A section: a stretch of our own work in which no handler of the program's runs, since that may call hooks.
//!
//! The nesting is counted in the thread's own storage, in one instruction. A signal that arrives in a section is kept back
//! (`signals::arrive`): it is queued to its OS thread once more, with every signal blocked, until the end of the outermost
//! one. To block signals by system calls around each section would cost more than the section.

use crate::arch;
use crate::duties::Duties;
use crate::local::Local;
use crate::sync::{Relaxed, SeqCst};
use crate::sys::signal;
use core::mem::offset_of;

/// What else is due at the end of a section, of the calling thread.
pub(crate) type Attend = fn();

/// See [`Attend`].
pub(crate) static ATTEND: Duties<Attend> = Duties::none();

/// Runs `body`; a signal that arrives meanwhile waits for its end.
#[inline]
pub fn section<R>(body: impl FnOnce() -> R) -> R {
    enter();
    let result = body();
    leave();
    result
}

/// Begins a section that [`leave`] ends. They nest.
#[inline]
pub fn enter() {
    arch::local_add::<{ offset_of!(Local, critical) }>(1);
}

/// Ends a section. At the end of the outermost one the handlers of what has arrived run, which may not return.
#[inline]
pub fn leave() {
    arch::local_add::<{ offset_of!(Local, critical) }>(u32::MAX);
    let mine = Local::mine();
    if mine.due.load(Relaxed) != 0 && mine.critical.load(Relaxed) == 0 {
        attend();
    }
}

/// Has the kernel deliver what was kept back for the calling thread, and sees to the rest.
#[cold]
fn attend() {
    let mine = Local::mine();
    while mine.due.swap(0, SeqCst) != 0 {
        if mine.held.swap(0, Relaxed) != 0 {
            signal::set_mask(mine.held_mask.load(Relaxed));
        }
        if let Some(attend) = ATTEND.get() {
            attend();
        }
    }
}

/// Whether something is kept back for the calling thread, or it is to look up.
pub fn is_due() -> bool {
    Local::mine().due.load(Relaxed) != 0
}

/// Sees to what is due now, if the caller is in no section.
pub fn look() {
    enter();
    Local::mine().due.store(1, Relaxed);
    leave();
}

/// Runs `call`, with every signal blocked, as if in no section: one that it opens arrives at once.
pub fn at_once<R>(call: impl FnOnce() -> R) -> R {
    let mine = Local::mine();
    let depth = mine.critical.swap(0, Relaxed);
    let result = call();
    mine.critical.store(depth, Relaxed);
    result
}

/// The mask of the calling thread: while a signal is kept back, the kernel has another.
pub(crate) fn present_mask() -> u64 {
    let mine = Local::mine();
    if mine.held.load(Relaxed) == 0 { signal::mask() } else { mine.held_mask.load(Relaxed) }
}
