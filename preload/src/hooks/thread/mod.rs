//! Threads: made, joined, detached, ended.
//!
//! A thread is a coroutine, unless it cannot be one: then libc makes a native thread, and is asked about it.

pub mod c11;
pub mod cpu_clock;
pub mod owner;
mod thread_attr;
pub mod tid;
pub mod whose;

pub use super::signal::{pthread_kill, pthread_sigmask, pthread_sigqueue};
pub use crate::hooks::sync::once::pthread_once;
pub use crate::hooks::thread::thread_attr::{
    pthread_getaffinity_np, pthread_getattr_np, pthread_getcpuclockid, pthread_getname_np, pthread_getschedparam,
    pthread_setaffinity_np, pthread_setname_np, pthread_setschedparam, pthread_setschedprio,
};

use crate::hooks::sync::mutex;
use crate::os_thread::own_files;
use crate::signals;
use crate::table::real;
use crate::threads;
use crate::threads::{exit, start};
use crate::wait;
use crate::wait::guard;
use iopatch_runtime::local;
use libc::*;

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn pthread_create(
    thread: *mut pthread_t,
    attr: *const pthread_attr_t,
    start: crate::sys::c_types::StartRoutine,
    arg: *mut c_void,
) -> c_int {
    let plan = unsafe { threads::Plan::read(attr, start as usize) };
    match plan.and_then(|plan| Some((plan, start::runtime()?))) {
        Some((plan, runtime)) => unsafe { threads::create(runtime, thread, &plan, start, arg) },
        _ if local::has_own_files() => unsafe { own_files::create(thread, attr, start, arg) },
        _ => unsafe { real::pthread_create(thread, attr, start, arg) },
    }
}

pub unsafe fn pthread_join(thread: pthread_t, result: *mut *mut c_void) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) => unsafe { threads::join(task, result, None) },
        None => wait::may_block(|| unsafe { real::pthread_join(thread, result) }),
    }
}

pub unsafe fn pthread_tryjoin_np(thread: pthread_t, result: *mut *mut c_void) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) if !task.is_finished() => EBUSY,
        Some(task) => unsafe { threads::join(task, result, None) },
        None => unsafe { real::pthread_tryjoin_np(thread, result) },
    }
}

pub unsafe fn pthread_timedjoin_np(thread: pthread_t, result: *mut *mut c_void, deadline: *const timespec) -> c_int {
    unsafe { pthread_clockjoin_np(thread, result, CLOCK_REALTIME, deadline) }
}

pub unsafe fn pthread_clockjoin_np(
    thread: pthread_t,
    result: *mut *mut c_void,
    clock: clockid_t,
    deadline: *const timespec,
) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return wait::may_block(|| unsafe { real::pthread_clockjoin_np(thread, result, clock, deadline) });
    };
    if deadline.is_null() {
        return unsafe { threads::join(task, result, None) };
    }
    match mutex::deadline(clock, deadline) {
        Ok(deadline) => unsafe { threads::join(task, result, Some(deadline)) },
        // glibc looks at the time only when it must wait.
        Err(_) if task.is_finished() => unsafe { threads::join(task, result, None) },
        Err(error) => error,
    }
}

pub unsafe fn pthread_detach(thread: pthread_t) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) => threads::detach(task),
        None => unsafe { real::pthread_detach(thread) },
    }
}

pub unsafe fn pthread_exit(result: *mut c_void) -> ! {
    if guard::self_task().is_none() {
        exit::before_native_exit();
    }
    unsafe { real::pthread_exit(result) }
}

pub unsafe fn pthread_cancel(thread: pthread_t) -> c_int {
    if let Some(task) = unsafe { guard::task_of(thread) } {
        threads::cancel(task);
        return 0;
    }
    if signals::is_mains(thread as usize) {
        exit::before_cancel_of_main();
    }
    let error = unsafe { real::pthread_cancel(thread) };
    unsafe { wait::interrupt_native(thread) };
    error
}

/// sched_yield(2) of a coroutine lets the others of its worker run; none of it is the kernel's business.
pub unsafe fn sched_yield() -> c_int {
    wait::yield_now();
    0
}
