//! Clocks of CPU time. The kernel's count OS threads; a coroutine's is counted by the runtime, and its clock id is its
//! thread id, which is no clock of the kernel's: those are small, or negative.
//!
//! Where the kernel itself is to act when the clock comes to a value (timers, sleeps), the coroutine keeps an OS
//! thread, and the kernel gets the clock of that.

use super::whose::COROUTINES;
use crate::os_thread;
use crate::os_thread::Other;
use crate::sys::errno;
use crate::sys::memory;
use crate::table::real;
use crate::wait;
use crate::wait::guard;
use iopatch_runtime::sched;
use libc::*;

/// The coroutine whose clock it is.
fn coroutine_of(clock: clockid_t) -> Option<Other> {
    match clock {
        CLOCK_THREAD_CPUTIME_ID => guard::self_task().map(Other::Handle),
        COROUTINES.. => Some(Other::Id(clock as u32)),
        _ => None,
    }
}

/// The kernel's clock to give to it in place of `clock`: of a coroutine's, that of the OS thread that it keeps from
/// here on.
pub fn for_kernel(clock: clockid_t) -> clockid_t {
    match coroutine_of(clock) {
        Some(Other::Handle(task)) => {
            os_thread::bind("a timer runs on its CPU clock");
            sched::kernel_clock(sched::os_thread(task))
        }
        // One that has ended has no clock: as it is, the kernel refuses it.
        Some(Other::Id(id)) if guard::self_task().is_some_and(|me| me.id() == id) => {
            for_kernel(CLOCK_THREAD_CPUTIME_ID)
        }
        Some(other) => other.ask_bound(|os| sched::kernel_clock(os as u32)).unwrap_or(clock),
        None => clock,
    }
}

// SAFETY, of all hooks below: the program's, to whom POSIX says what the arguments must be.

pub unsafe fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    match coroutine_of(clock) {
        None => unsafe { real::clock_gettime(clock, time) },
        Some(other) => match other.cpu_time() {
            Some(used) if memory::write(time, wait::timespec_of(used)) => 0,
            Some(_) => errno::fail(EFAULT) as c_int,
            None => errno::fail(EINVAL) as c_int,
        },
    }
}

pub unsafe fn clock_getres(clock: clockid_t, resolution: *mut timespec) -> c_int {
    match coroutine_of(clock) {
        Some(other) if other.cpu_time().is_none() => errno::fail(EINVAL) as c_int,
        Some(_) => unsafe { real::clock_getres(CLOCK_THREAD_CPUTIME_ID, resolution) },
        None => unsafe { real::clock_getres(clock, resolution) },
    }
}

/// The kernel has such clocks of processes only; libc's would make one of a process that has nothing to do with the
/// thread.
pub unsafe fn clock_getcpuclockid(pid: pid_t, clock: *mut clockid_t) -> c_int {
    if pid >= COROUTINES { ESRCH } else { unsafe { real::clock_getcpuclockid(pid, clock) } }
}

/// Of a coroutine, the time is its own, divided into the program's and the kernel's as that of its OS thread is; the
/// rest is its OS thread's.
pub unsafe fn getrusage(who: c_int, usage: *mut rusage) -> c_int {
    let result = unsafe { real::getrusage(who, usage) };
    let asked = guard::self_task().filter(|_| who == RUSAGE_THREAD && result == 0);
    if let Some(used) = asked.and_then(|task| Other::Handle(task).cpu_time()) {
        let usage = unsafe { &mut *usage };
        let (user, system) = (microseconds(&usage.ru_utime), microseconds(&usage.ru_stime));
        let whole = used / 1000;
        let in_kernel = (u128::from(whole) * u128::from(system) / u128::from((user + system).max(1))) as u64;
        (usage.ru_utime, usage.ru_stime) = (timeval_of(whole - in_kernel), timeval_of(in_kernel));
    }
    result
}

fn microseconds(time: &timeval) -> u64 {
    time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64
}

fn timeval_of(us: u64) -> timeval {
    timeval { tv_sec: (us / 1_000_000) as i64, tv_usec: (us % 1_000_000) as i64 }
}
