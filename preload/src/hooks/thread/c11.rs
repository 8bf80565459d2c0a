//! C11 threads: the threads, mutexes and condition variables of pthread by other names, with glibc's results.
//!
//! glibc's objects are the same, so the two kinds of names may be mixed; `mtx_init`, `cnd_init` and keys are libc's own.
//! Source: `sysdeps/pthread/{thrd,mtx,cnd}_*.c`, `call_once.c`, `thrd_priv.h`.

use crate::hooks::sync::cond;
use crate::hooks::sync::mutex;
use crate::hooks::sync::once;
use crate::hooks::thread;
use crate::hooks::time;
use crate::sys::c_types::*;
use crate::table::real;
use crate::threads;
use crate::threads::start;
use crate::wait;
use libc::*;
use std::ptr::null;

/// An error of pthread's as <threads.h> has it: thrd_success, thrd_nomem, thrd_timedout, thrd_busy, thrd_error.
fn outcome(error: c_int) -> c_int {
    match error {
        0 => 0,
        ENOMEM => 3,
        ETIMEDOUT => 4,
        EBUSY => 1,
        _ => 2,
    }
}

// SAFETY, of all hooks below: the program's, to whom C says what the arguments must be.

pub unsafe fn thrd_create(thread: *mut thrd_t, start: thrd_start_t, arg: *mut c_void) -> c_int {
    let plan = unsafe { threads::Plan::read(null(), start as usize) };
    match plan.and_then(|plan| Some((plan, start::runtime()?))) {
        Some((plan, runtime)) => {
            outcome(unsafe { threads::create(runtime, thread, &plan, threads::returning_int(start), arg) })
        }
        _ => unsafe { real::thrd_create(thread, start, arg) },
    }
}

/// glibc leaves an arbitrary value in `result` on an error; this leaves it alone.
pub unsafe fn thrd_join(thread: thrd_t, result: *mut c_int) -> c_int {
    let mut value = null::<c_void>().cast_mut();
    let error = unsafe { thread::pthread_join(thread, &mut value) };
    if let Some(result) = unsafe { result.as_mut() }.filter(|_| error == 0) {
        *result = value.addr() as c_int;
    }
    outcome(error)
}

pub unsafe fn thrd_detach(thread: thrd_t) -> c_int {
    outcome(unsafe { thread::pthread_detach(thread) })
}

pub unsafe fn thrd_exit(result: c_int) -> ! {
    unsafe { thread::pthread_exit(result as isize as *mut c_void) }
}

/// -1 after a signal's handler, -2 for a time that is none.
pub unsafe fn thrd_sleep(time: *const timespec, left: *mut timespec) -> c_int {
    match unsafe { time::clock_nanosleep(CLOCK_REALTIME, 0, time, left) } {
        0 => 0,
        EINTR => -1,
        _ => -2,
    }
}

pub unsafe fn thrd_yield() {
    wait::yield_now();
}

pub unsafe fn mtx_lock(mutex: *mut mtx_t) -> c_int {
    outcome(unsafe { mutex::pthread_mutex_lock(mutex.cast()) })
}

pub unsafe fn mtx_trylock(mutex: *mut mtx_t) -> c_int {
    outcome(unsafe { mutex::pthread_mutex_trylock(mutex.cast()) })
}

pub unsafe fn mtx_timedlock(mutex: *mut mtx_t, deadline: *const timespec) -> c_int {
    outcome(unsafe { mutex::pthread_mutex_timedlock(mutex.cast(), deadline) })
}

pub unsafe fn mtx_unlock(mutex: *mut mtx_t) -> c_int {
    outcome(unsafe { mutex::pthread_mutex_unlock(mutex.cast()) })
}

pub unsafe fn cnd_wait(cond: *mut cnd_t, mutex: *mut mtx_t) -> c_int {
    outcome(unsafe { cond::pthread_cond_wait(cond.cast(), mutex.cast()) })
}

pub unsafe fn cnd_timedwait(cond: *mut cnd_t, mutex: *mut mtx_t, deadline: *const timespec) -> c_int {
    outcome(unsafe { cond::pthread_cond_timedwait(cond.cast(), mutex.cast(), deadline) })
}

pub unsafe fn cnd_signal(cond: *mut cnd_t) -> c_int {
    outcome(unsafe { cond::pthread_cond_signal(cond.cast()) })
}

pub unsafe fn cnd_broadcast(cond: *mut cnd_t) -> c_int {
    outcome(unsafe { cond::pthread_cond_broadcast(cond.cast()) })
}

pub unsafe fn cnd_destroy(cond: *mut cnd_t) {
    unsafe { cond::pthread_cond_destroy(cond.cast()) };
}

pub unsafe fn call_once(once: *mut once_flag, init: InitRoutine) {
    unsafe { once::pthread_once(once, init) };
}
