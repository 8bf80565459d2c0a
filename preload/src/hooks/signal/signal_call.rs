//! Signals as the kernel has them, for syscall(2): its structures are not libc's, its sets are of eight bytes, and it says
//! EFAULT of a bad address.

use super::signal_wait;
use crate::hooks::by_call::kernel;
use crate::hooks::select::limit::is_time;
use crate::hooks::signal;
use crate::signals;
use crate::sys::c_types::KernelAction;
use crate::sys::memory::is_readable_or_null;
use crate::wait::guard;
use crate::wait::{self, Deadline};
use iopatch_runtime::signals::Info;
use libc::*;
use std::mem::{MaybeUninit, zeroed};
use std::ptr::null;

/// Bytes of the kernel's sigset_t.
const SIZE: usize = 8;

impl KernelAction {
    fn as_libc(&self) -> sigaction {
        // SAFETY: all-zero is a value of this plain structure; the kernel's mask is the first word of its set.
        unsafe {
            let mut action: sigaction = zeroed();
            action.sa_sigaction = self.handler;
            action.sa_flags = self.flags as c_int;
            (&raw mut action.sa_mask).cast::<u64>().write(self.mask);
            action
        }
    }

    /// The program's restorer is not the kernel's: any that returns is as good.
    fn of(action: &sigaction) -> Self {
        let restorer = action.sa_restorer.map_or(0, |it| it as usize);
        // SAFETY: a set of libc's.
        let mask = unsafe { signals::bits(&action.sa_mask) };
        Self { handler: action.sa_sigaction, flags: action.sa_flags as u32 as u64, restorer, mask }
    }
}

// SAFETY, of all functions below: the program's, who owes what the system call demands.

pub unsafe fn rt_sigaction(
    number: c_long,
    signum: c_int,
    new: *const KernelAction,
    old: *mut KernelAction,
    size: usize,
) -> c_int {
    if size != SIZE || signals::is_libcs(signum) || !is_readable_or_null(new) || !is_readable_or_null(old) {
        return unsafe { kernel(number, [signum as usize, new.addr(), old.addr(), size]) } as c_int;
    }
    let (new, mut before) = (unsafe { new.as_ref() }.map(KernelAction::as_libc), unsafe { zeroed() });
    let result = unsafe { signals::act(signum, new.as_ref().map_or(null(), std::ptr::from_ref), &mut before) };
    if let Some(old) = unsafe { old.as_mut() }.filter(|_| result == 0) {
        *old = KernelAction::of(&before);
    }
    result
}

pub unsafe fn rt_sigprocmask(number: c_long, how: c_int, set: *const u64, old: *mut u64, size: usize) -> c_int {
    let result = unsafe { kernel(number, [how as usize, set.addr(), old.addr(), size]) } as c_int;
    if result == 0 && !set.is_null() {
        signal::note_mask(how, unsafe { *set });
    }
    result
}

pub unsafe fn rt_sigpending(number: c_long, set: *mut u64, size: usize) -> c_int {
    let result = unsafe { kernel(number, [set.addr(), size]) } as c_int;
    if size == SIZE {
        signal::add_own_pending(result, set);
    }
    result
}

pub unsafe fn rt_sigtimedwait(
    number: c_long,
    set: *const u64,
    info: *mut siginfo_t,
    timeout: *const timespec,
    size: usize,
) -> c_int {
    let natively = || unsafe { kernel(number, [set.addr(), info.addr(), timeout.addr(), size]) } as c_int;
    let readable =
        !set.is_null() && is_readable_or_null(set) && is_readable_or_null(info) && is_readable_or_null(timeout);
    let Some(task) = guard::self_task().filter(|_| size == SIZE && readable) else { return wait::may_block(natively) };
    let time = unsafe { timeout.as_ref() };
    if time.is_some_and(|time| !is_time(time)) {
        return natively();
    }
    let mut told = MaybeUninit::<Info>::zeroed();
    let told = unsafe { told.assume_init_mut() };
    let deadline = time.map(|time| Deadline::after(wait::nanoseconds(time)));
    let result = signal_wait::take(task, unsafe { *set }, told, deadline);
    if result > 0 && !info.is_null() {
        unsafe { info.cast::<Info>().write(*told) };
    }
    result
}

pub unsafe fn rt_sigsuspend(number: c_long, mask: *const u64, size: usize) -> c_int {
    match guard::self_task() {
        Some(task) if size == SIZE && !mask.is_null() && is_readable_or_null(mask) => {
            signal_wait::suspend(task, unsafe { *mask })
        }
        _ => wait::may_block(|| unsafe { kernel(number, [mask.addr(), size]) } as c_int),
    }
}

/// The mask with which the call waits, if it has one.
unsafe fn mask_of(number: c_long, args: &[usize; 6]) -> Option<u64> {
    let (set, size) = if number == SYS_ppoll {
        (args[3], args[4])
    } else if number == SYS_epoll_pwait || number == SYS_epoll_pwait2 {
        (args[4], args[5])
    } else {
        // A structure of these two.
        let both = args[5] as *const [usize; 2];
        if both.is_null() || !is_readable_or_null(both) {
            return None;
        }
        let [set, size] = unsafe { *both };
        (set, size)
    };
    let set = set as *const u64;
    (size == SIZE && !set.is_null() && is_readable_or_null(set)).then(|| unsafe { *set })
}

pub unsafe fn waits_with_mask(
    number: c_long,
    a1: usize,
    a2: usize,
    a3: usize,
    a4: usize,
    a5: usize,
    a6: usize,
) -> c_long {
    let args = [a1, a2, a3, a4, a5, a6];
    let call = || unsafe { kernel(number, args) };
    match (guard::self_task(), unsafe { mask_of(number, &args) }) {
        (Some(task), Some(mask)) => {
            wait::with_mask(task, Some(mask), || wait::natively(task, |_| call() as c_int)) as c_long
        }
        _ => wait::may_block(call),
    }
}
