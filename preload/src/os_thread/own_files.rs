//! Threads with a table of descriptors of their own: unshare(2) with CLONE_FILES, close_range(2) with
//! CLOSE_RANGE_UNSHARE.
//!
//! What is known of descriptors is of the table that all other threads share. Such a thread keeps its OS thread and waits
//! in the kernel; to it no number has a slot. Nor to the threads that it makes, which share its table and are native. The
//! library's own descriptors are in its table as well, and are hidden there.

use crate::os_thread;
use crate::sys::c_types::StartRoutine;
use crate::table::real;
use iopatch_runtime::local;
use iopatch_runtime::sched::{self, Changed};
use libc::*;

/// Makes a call by which the calling thread gets a table of its own. Before there is a runtime, that is the table of all.
pub fn begin(call: impl FnOnce() -> c_int) -> c_int {
    let done = os_thread::change(Changed::ForGood, || call().into()) as c_int;
    if done == 0 && sched::get().is_some() {
        local::set_own_files();
    }
    done
}

/// What a new thread of such a thread begins with.
struct Begin {
    start: StartRoutine,
    arg: *mut c_void,
}

/// Makes a native thread that shares the caller's table.
///
/// # Safety
/// As for pthread_create(3).
pub unsafe fn create(
    thread: *mut pthread_t,
    attr: *const pthread_attr_t,
    start: StartRoutine,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: memory of the program's allocator, filled in before the thread begins, which frees it.
    unsafe {
        let at = malloc(size_of::<Begin>()).cast::<Begin>();
        if at.is_null() {
            return EAGAIN;
        }
        at.write(Begin { start, arg });
        let error = real::pthread_create(thread, attr, begin_thread, at.cast());
        if error != 0 {
            free(at.cast());
        }
        error
    }
}

/// The start routine of such a thread; it may be left by unwinding.
unsafe extern "C-unwind" fn begin_thread(at: *mut c_void) -> *mut c_void {
    local::set_own_files();
    // SAFETY: what `create` has passed; the start routine is the program's.
    unsafe {
        let Begin { start, arg } = at.cast::<Begin>().read();
        free(at);
        start(arg)
    }
}
