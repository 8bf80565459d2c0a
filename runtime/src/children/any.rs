//! Who waits for any child parks, and an OS thread waits in the kernel in their stead, until some child has something to
//! tell. It takes nothing (WNOWAIT): those who wait do.
//!
//! A waiter reads the word, asks wait4(2) without waiting, has the children watched, and parks on the word, if it is
//! still the same. The watcher never spins: it waits only when asked, and a waiter asks only after a look at the very
//! same children has found nothing, so that what the watcher is told of was not there before.

use super::{State, tell};
use crate::arch;
use crate::sched;
use crate::section::section;
use crate::sync::{AcqRel, AtomicU32, Lock, Relaxed};
use crate::sys::futex;
use core::ffi::c_void;
use core::ptr::null_mut;

/// Changes when some child had something to tell.
static TOLD: AtomicU32 = AtomicU32::new(0);
/// 1: the watcher is to wait; its futex.
static ASKED: AtomicU32 = AtomicU32::new(0);
static STATE: Lock<State> = Lock::new(State::Unborn);

/// The word that changes when a child has ended, or has stopped for its tracer.
pub fn word() -> &'static AtomicU32 {
    &TOLD
}

/// Has the process's children watched; false where that can't be.
pub fn watch() -> bool {
    let Some(runtime) = sched::get() else { return false };
    let watching = section(|| {
        let mut state = STATE.lock();
        if *state == State::Unborn {
            *state = match (runtime.host.spawn)(main, null_mut()) {
                0 => State::Watching,
                _ => State::Unable,
            };
        }
        *state == State::Watching
    });
    if watching && ASKED.swap(1, AcqRel) == 0 {
        futex::wake(&ASKED, 1);
    }
    watching
}

pub(super) fn is_watching() -> bool {
    *STATE.lock() == State::Watching
}

pub(super) fn forget() {
    // SAFETY: whoever held it is not in this process.
    unsafe { STATE.forget_holder() };
    *STATE.lock() = State::Unborn;
    ASKED.store(0, Relaxed);
}

extern "C" fn main(_: *mut c_void) -> *mut c_void {
    loop {
        while ASKED.swap(0, AcqRel) == 0 {
            futex::wait(&ASKED, 0, None);
        }
        wait_for_any();
        tell(&TOLD);
    }
}

/// Returns when there is something that wait(2) would take, or nothing to wait for.
fn wait_for_any() {
    const SYS_WAITID: usize = 247;
    const P_ALL: usize = 0;
    const WEXITED: usize = 4;
    const WNOWAIT: usize = 0x0100_0000;
    // SAFETY: without a place for the answer the call writes nothing.
    unsafe { arch::syscall(SYS_WAITID, [P_ALL, 0, 0, WEXITED | WNOWAIT, 0, 0]) };
}
