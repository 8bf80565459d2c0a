//! What the kernel keeps by thread id: the id itself, and the name.

use crate::export::real;
use crate::guard;
use libc::{PR_GET_NAME, PR_SET_NAME, c_int, pid_t};

/// A coroutine's own id: unique in the process, the same for its whole life, whatever OS thread runs it.
pub unsafe fn gettid() -> pid_t {
    match guard::self_task() {
        Some(task) => task.id as pid_t,
        // SAFETY: it has no precondition.
        None => unsafe { real::gettid() },
    }
}

/// The name is the thread's, so the coroutine's; all other options are the process's or the OS thread's.
pub unsafe fn prctl(option: c_int, a2: usize, a3: usize, a4: usize, a5: usize) -> c_int {
    match (guard::self_task(), option) {
        // SAFETY: the program's: 16 bytes to be written.
        (Some(task), PR_GET_NAME) => unsafe { (a2 as *mut [u8; 16]).write(task.name()) },
        // SAFETY: the program's: a string, of which the kernel reads 16 bytes at most.
        (Some(task), PR_SET_NAME) => task.set_name(unsafe { read_name(a2 as *const u8) }),
        // SAFETY: the program's.
        _ => return unsafe { real::prctl(option, a2, a3, a4, a5) },
    }
    0
}

/// The first 15 bytes of a string.
unsafe fn read_name(text: *const u8) -> [u8; 16] {
    let mut name = [0; 16];
    for (at, byte) in name[..15].iter_mut().enumerate() {
        // SAFETY: every byte before this one was not the end.
        *byte = unsafe { *text.add(at) };
        if *byte == 0 {
            break;
        }
    }
    name
}
