//! What a thread is asked and told about itself: its attributes, name, CPUs, scheduling, clock.
//!
//! libc asks the kernel by the thread id in the descriptor, and the kernel does not know a coroutine's.

use super::whose::Whose;
use crate::os_thread::{self, Other};
use crate::sys::errno;
use crate::table::real;
use crate::threads;
use crate::wait::guard::{self, Task};
use iopatch_runtime::task::life;
use libc::*;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes of a name, with its end.
const NAME: usize = 16;

/// The result of a pthread function, which returns the error.
fn code(result: c_int) -> c_int {
    if result == -1 { errno::get() } else { 0 }
}

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn pthread_getattr_np(thread: pthread_t, attr: *mut pthread_attr_t) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return unsafe { real::pthread_getattr_np(thread, attr) };
    };
    let stack = guard::tcb(task).stack();
    let detached = task.thread.life.load(Relaxed) & life::DETACHED != 0;
    let state = if detached { PTHREAD_CREATE_DETACHED } else { PTHREAD_CREATE_JOINABLE };
    unsafe {
        pthread_attr_init(attr);
        pthread_attr_setdetachstate(attr, state);
        pthread_attr_setguardsize(attr, stack.reported_guard);
        pthread_attr_setstack(attr, stack.block.add(stack.guard).cast(), stack.size - stack.guard);
        let mut cpus: cpu_set_t = std::mem::zeroed();
        match pthread_getaffinity_np(thread, size_of::<cpu_set_t>(), &mut cpus) {
            0 => pthread_attr_setaffinity_np(attr, size_of::<cpu_set_t>(), &cpus),
            error => error,
        }
    }
}

/// A thread that has ended has no name: glibc finds no file of it in /proc.
const NAMELESS: c_int = ENOENT;

pub unsafe fn pthread_setname_np(thread: pthread_t, name: *const c_char) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return unsafe { real::pthread_setname_np(thread, name) };
    };
    let bytes = unsafe { std::ffi::CStr::from_ptr(name) }.to_bytes();
    if bytes.len() >= NAME {
        return ERANGE;
    }
    if task.is_finished() {
        return NAMELESS;
    }
    let mut whole = [0; NAME];
    whole[..bytes.len()].copy_from_slice(bytes);
    task.thread.set_name(whole);
    if os_thread::is_bound(task) { unsafe { real::pthread_setname_np(thread, name) } } else { 0 }
}

pub unsafe fn pthread_getname_np(thread: pthread_t, name: *mut c_char, n: size_t) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return unsafe { real::pthread_getname_np(thread, name, n) };
    };
    if n < NAME {
        return ERANGE;
    }
    if task.is_finished() {
        return NAMELESS;
    }
    unsafe { name.cast::<[u8; NAME]>().write(task.thread.name()) };
    0
}

/// The thread that an affinity of an ended one is about. glibc passes on what it has as the id: 0, which is the caller
/// for the kernel, until the thread is joined.
fn instead_of(ended: &'static Task) -> Whose {
    if threads::is_gone(ended) { Whose::of(ended) } else { Whose::Mine }
}

pub unsafe fn pthread_setaffinity_np(thread: pthread_t, n: size_t, cpus: *const cpu_set_t) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return unsafe { real::pthread_setaffinity_np(thread, n, cpus) };
    };
    let set = |tid| unsafe { real::sched_setaffinity(tid, n, cpus) };
    code(Whose::of(task).set_if_alive(set).unwrap_or_else(|| instead_of(task).set(set)))
}

pub unsafe fn pthread_getaffinity_np(thread: pthread_t, n: size_t, cpus: *mut cpu_set_t) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return unsafe { real::pthread_getaffinity_np(thread, n, cpus) };
    };
    let get = |tid| unsafe { real::sched_getaffinity(tid, n, cpus) };
    code(Whose::of(task).get_if_alive(get).unwrap_or_else(|| instead_of(task).get(get)))
}

pub unsafe fn pthread_setschedparam(thread: pthread_t, policy: c_int, param: *const sched_param) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) => code(Whose::of(task).set(|tid| unsafe { real::sched_setscheduler(tid, policy, param) })),
        None => unsafe { real::pthread_setschedparam(thread, policy, param) },
    }
}

pub unsafe fn pthread_getschedparam(thread: pthread_t, policy: *mut c_int, param: *mut sched_param) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return unsafe { real::pthread_getschedparam(thread, policy, param) };
    };
    code(Whose::of(task).get(|tid| unsafe {
        policy.write(real::sched_getscheduler(tid));
        real::sched_getparam(tid, param)
    }))
}

pub unsafe fn pthread_setschedprio(thread: pthread_t, priority: c_int) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) => {
            let param = sched_param { sched_priority: priority };
            code(Whose::of(task).set(|tid| unsafe { real::sched_setparam(tid, &param) }))
        }
        None => unsafe { real::pthread_setschedprio(thread, priority) },
    }
}

pub unsafe fn pthread_getcpuclockid(thread: pthread_t, clock: *mut clockid_t) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) if task.is_finished() => ESRCH,
        Some(task) => {
            // Counted exactly from here on.
            Other::Handle(task).cpu_time();
            unsafe { clock.write(task.id() as clockid_t) };
            0
        }
        None => unsafe { real::pthread_getcpuclockid(thread, clock) },
    }
}
