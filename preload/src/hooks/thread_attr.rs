//! What a thread is asked and told about itself: its attributes, name, CPUs, scheduling, clock.
//!
//! libc asks the kernel by the thread id in the descriptor, and the kernel does not know a coroutine's. What the kernel
//! keeps per thread, a coroutine gets by keeping its OS thread (`wait::pin`); another thread can't do that to it.

use crate::abi;
use crate::export::real;
use crate::guard::{self, Task};
use crate::wait;
use iopatch_runtime::task::life;
use libc::*;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes of a name, with its end.
const NAME: usize = 16;

fn is_self(task: &Task) -> bool {
    guard::self_task().is_some_and(|me| std::ptr::eq(me, task))
}

/// Makes `call`, by the kernel's id of the caller (0), if `task` is the caller; else there is no such kernel thread.
fn of_self(task: &Task, call: impl FnOnce() -> c_int) -> c_int {
    if !is_self(task) {
        return ESRCH;
    }
    wait::pin("asks for what the kernel keeps of an OS thread: CPUs, priority or CPU clock");
    if call() == -1 { crate::fd::errno() } else { 0 }
}

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn pthread_getattr_np(thread: pthread_t, attr: *mut pthread_attr_t) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return unsafe { real::pthread_getattr_np(thread, attr) };
    };
    let stack = unsafe { abi::stack(thread as *mut u8) };
    let detached = task.life.load(Relaxed) & life::DETACHED != 0;
    let state = if detached { PTHREAD_CREATE_DETACHED } else { PTHREAD_CREATE_JOINABLE };
    unsafe {
        pthread_attr_init(attr);
        pthread_attr_setdetachstate(attr, state);
        pthread_attr_setguardsize(attr, stack.reported_guard);
        pthread_attr_setstack(attr, stack.block.add(stack.guard).cast(), stack.size - stack.guard)
    }
}

pub unsafe fn pthread_setname_np(thread: pthread_t, name: *const c_char) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return unsafe { real::pthread_setname_np(thread, name) };
    };
    let bytes = unsafe { std::ffi::CStr::from_ptr(name) }.to_bytes();
    if bytes.len() >= NAME {
        return ERANGE;
    }
    let mut whole = [0; NAME];
    whole[..bytes.len()].copy_from_slice(bytes);
    task.set_name(whole);
    0
}

pub unsafe fn pthread_getname_np(thread: pthread_t, name: *mut c_char, n: size_t) -> c_int {
    let Some(task) = (unsafe { guard::task_of(thread) }) else {
        return unsafe { real::pthread_getname_np(thread, name, n) };
    };
    if n < NAME {
        return ERANGE;
    }
    unsafe { name.cast::<[u8; NAME]>().write(task.name()) };
    0
}

pub unsafe fn pthread_setaffinity_np(thread: pthread_t, n: size_t, cpus: *const cpu_set_t) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) => of_self(task, || unsafe { real::sched_setaffinity(0, n, cpus) }),
        None => unsafe { real::pthread_setaffinity_np(thread, n, cpus) },
    }
}

pub unsafe fn pthread_getaffinity_np(thread: pthread_t, n: size_t, cpus: *mut cpu_set_t) -> c_int {
    match unsafe { guard::task_of(thread) } {
        // The OS threads' are the process's, and a pinned coroutine's its own.
        Some(_) => match unsafe { real::sched_getaffinity(0, n, cpus) } {
            -1 => crate::fd::errno(),
            _ => 0,
        },
        None => unsafe { real::pthread_getaffinity_np(thread, n, cpus) },
    }
}

pub unsafe fn pthread_setschedparam(thread: pthread_t, policy: c_int, param: *const sched_param) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) => of_self(task, || unsafe { real::sched_setscheduler(0, policy, param) }),
        None => unsafe { real::pthread_setschedparam(thread, policy, param) },
    }
}

pub unsafe fn pthread_getschedparam(thread: pthread_t, policy: *mut c_int, param: *mut sched_param) -> c_int {
    if unsafe { guard::task_of(thread) }.is_none() {
        return unsafe { real::pthread_getschedparam(thread, policy, param) };
    }
    unsafe { policy.write(real::sched_getscheduler(0)) };
    if unsafe { real::sched_getparam(0, param) } == -1 { crate::fd::errno() } else { 0 }
}

pub unsafe fn pthread_setschedprio(thread: pthread_t, priority: c_int) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) => {
            let param = sched_param { sched_priority: priority };
            of_self(task, || unsafe { real::sched_setparam(0, &param) })
        }
        None => unsafe { real::pthread_setschedprio(thread, priority) },
    }
}

/// A coroutine's CPU time is not counted by the kernel: its clock is there once it keeps an OS thread.
pub unsafe fn pthread_getcpuclockid(thread: pthread_t, clock: *mut clockid_t) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) if !is_self(task) => ESRCH,
        Some(_) => {
            wait::pin("asks for what the kernel keeps of an OS thread: CPUs, priority or CPU clock");
            unsafe { real::pthread_getcpuclockid(thread, clock) }
        }
        None => unsafe { real::pthread_getcpuclockid(thread, clock) },
    }
}
