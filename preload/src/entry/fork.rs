//! Our handlers of fork, before any other.
//!
//! In the child, handlers run in the order in which they were registered, and a thread that one of the program's makes
//! there must find the parent's runtime forgotten. Programs and libraries may register theirs before our constructor
//! runs; `pthread_atfork` is a part of each of them, and calls libc's `__register_atfork`. So an export of that name
//! registers ours when the first is.
//!
//! It is no row of the table, whose hooks do not act before the constructor.

use crate::abi;
use crate::hooks::os::command;
use crate::hooks::sync::shared_cond;
use crate::os_thread;
use crate::os_thread::parent_death;
use crate::signals;
use crate::sys::c_types::ForkHandler;
use crate::threads::exit;
use crate::threads::start;
use crate::voice::config;
use crate::wait::fd;
use crate::wait::guard::{self, Task};
use crate::wait::lending;
use iopatch_runtime::local::Local;
use libc::{RTLD_NEXT, c_int, c_void, dlsym};
use std::ptr::null_mut;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicPtr};

type Register = unsafe extern "C-unwind" fn(ForkHandler, ForkHandler, ForkHandler, *mut c_void) -> c_int;

/// Registers our handlers, once. In the constructor at the latest, so that it is done before there are threads.
pub fn register() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if !DONE.swap(true, Relaxed)
        && let Some(real) = real()
    {
        // SAFETY: the handlers live as long as the process: the library is never unloaded.
        unsafe { real(Some(before_fork), Some(forked_in_parent), Some(forked_in_child), null_mut()) };
    }
}

/// Registers handlers of the program's, behind ours.
///
/// # Safety
/// As libc's, whose `pthread_atfork` calls it.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C-unwind" fn __register_atfork(
    prepare: ForkHandler,
    parent: ForkHandler,
    child: ForkHandler,
    object: *mut c_void,
) -> c_int {
    register();
    // SAFETY: the caller's promise.
    real().map_or(libc::ENOMEM, |real| unsafe { real(prepare, parent, child, object) })
}

fn real() -> Option<Register> {
    static REAL: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
    if REAL.load(Relaxed).is_null() {
        // SAFETY: the name ends with a NUL.
        REAL.store(unsafe { dlsym(RTLD_NEXT, c"__register_atfork".as_ptr()) }, Relaxed);
    }
    // SAFETY: null, or libc's function of this name, with its prototype (glibc include/register-atfork.h).
    unsafe { std::mem::transmute::<*mut c_void, Option<Register>>(REAL.load(Relaxed)) }
}

/// The caller is about to fork: every open file will be the child's, too.
extern "C-unwind" fn before_fork() {
    parent_death::before_fork();
    fd::begin_sharing();
}

/// There is a child, or there could be none.
extern "C-unwind" fn forked_in_parent() {
    fd::end_sharing();
}

/// The caller is the child's only thread, and native. Before our constructor there is nothing to forget, and where the
/// library stands aside there never will be.
extern "C-unwind" fn forked_in_child() {
    lending::forget();
    if !config::is_on() {
        return;
    }
    let mine = Local::mine();
    let coroutine = guard::self_task().map(Task::id);
    parent_death::in_child(coroutine.unwrap_or(0));
    start::forget();
    // SAFETY: whoever held it is not in this process.
    unsafe { abi::forget_set_aside() };
    command::forget_holders();
    shared_cond::forget();
    mine.owner.store(std::ptr::null_mut(), Relaxed);
    os_thread::begin();
    signals::begin_main();
    exit::begin_in_child(coroutine.is_some());
}
