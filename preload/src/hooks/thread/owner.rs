//! The owner of a descriptor, to whom SIGIO goes (F_SETOWN_EX and its like, fcntl(2)).
//!
//! The kernel is asked first. It does not know a coroutine, and says ESRCH: then the coroutine keeps its OS thread, which is
//! the owner to the kernel, and shown as the coroutine to the program.

use super::whose::{COROUTINES, Whose};
use crate::sys::errno;
use crate::table::real;
use iopatch_runtime::sched;
use libc::*;

// <fcntl.h>; the crate lacks these.
pub const F_SETOWN_EX: c_int = 15;
pub const F_GETOWN_EX: c_int = 16;
const F_OWNER_TID: c_int = 0;

/// struct f_owner_ex.
#[repr(C)]
#[derive(Clone, Copy)]
struct Owner {
    kind: c_int,
    pid: pid_t,
}

/// The coroutine that keeps the OS thread of this kernel's id, or that id itself.
fn shown(tid: pid_t) -> pid_t {
    let kept = sched::get().and_then(|runtime| runtime.id_of_bound(tid as u32));
    kept.map_or(tid, |id| id as pid_t)
}

// SAFETY, of the functions below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn set(fd: c_int, owner: usize) -> c_int {
    let errno = errno::get();
    let result = unsafe { real::fcntl(fd, F_SETOWN_EX, owner) };
    if result == 0 || errno::get() != ESRCH {
        return result;
    }
    // The kernel has read it.
    let asked = unsafe { *(owner as *const Owner) };
    if asked.kind != F_OWNER_TID || asked.pid < COROUTINES {
        return result;
    }
    let set = |pid: pid_t| unsafe { real::fcntl(fd, F_SETOWN_EX, std::ptr::from_ref(&Owner { pid, ..asked }).addr()) };
    let result = Whose::by_id(asked.pid).watch(set);
    if result == 0 {
        errno::set(errno);
    }
    result
}

pub unsafe fn get(fd: c_int, owner: usize) -> c_int {
    let result = unsafe { real::fcntl(fd, F_GETOWN_EX, owner) };
    let told = owner as *mut Owner;
    if result == 0 && unsafe { (*told).kind } == F_OWNER_TID {
        unsafe { (*told).pid = shown((*told).pid) };
    }
    result
}

/// F_GETOWN: a thread's id, or a process's, or that of a group, negative.
pub unsafe fn get_id(fd: c_int) -> c_int {
    match unsafe { real::fcntl(fd, F_GETOWN, 0) } {
        id @ 1.. => shown(id),
        other => other,
    }
}
