//! Sleeping. All sleeps are clock_nanosleep(2), as in glibc (`nanosleep.c`, `sysdeps/posix/sleep.c`, `usleep.c`).
//!
//! A sleep of no time still lets others run, and is a cancellation point: programs wait in loops of usleep(0).

use super::select::limit::{is_time, left as time_left};
use super::thread::cpu_clock;
use super::thread::whose::COROUTINES;
use crate::sys::errno;
use crate::sys::memory;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::guard;
use crate::wait::{self, Deadline, Wake};
use libc::*;
use std::ptr::null_mut;

/// Sleeps on one of the clocks that go on by themselves. 0, EINTR, or what the kernel says of a bad time.
fn sleep_on(clock: clockid_t, flags: c_int, time: *const timespec, left: *mut timespec) -> c_int {
    wait::testcancel();
    wait::begin();
    let Some(span) = memory::read(time) else { return EFAULT };
    if !is_time(&span) {
        return EINVAL;
    }
    if flags & TIMER_ABSTIME != 0 {
        return sleep_until(clock, &span);
    }
    let deadline = Deadline::after(wait::nanoseconds(&span));
    if !is_interrupted(deadline) {
        return 0;
    }
    match time_left(deadline) {
        0 => 0,
        ns if !left.is_null() && !memory::write(left, wait::timespec_of(ns)) => EFAULT,
        _ => EINTR,
    }
}

/// Sleeps until a moment of `clock`, which may be set meanwhile: whether it has come is asked again at the end.
fn sleep_until(clock: clockid_t, moment: &timespec) -> c_int {
    loop {
        match wait::deadline(clock, moment) {
            Err(error) => return error,
            Ok(deadline) if is_interrupted(deadline) => return EINTR,
            Ok(_) => {}
        }
        let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the call writes one timespec.
        unsafe { clock_gettime(clock, &mut now) };
        if (now.tv_sec, now.tv_nsec) >= (moment.tv_sec, moment.tv_nsec) {
            return 0;
        }
    }
}

/// Sleeps until `deadline`; true if a signal's handler has run before.
fn is_interrupted(deadline: Deadline) -> bool {
    while wait::sleep_until(Family::Time, deadline) == Wake::Interrupted {
        wait::testcancel();
        if wait::is_interrupted(false) {
            return true;
        }
    }
    false
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

/// Clocks of CPU time are the kernel's, which refuses the caller's own; it and glibc refuse all others but these.
pub unsafe fn clock_nanosleep(clock: clockid_t, flags: c_int, time: *const timespec, left: *mut timespec) -> c_int {
    if guard::self_task().is_some_and(|me| me.id() as clockid_t == clock) {
        return EINVAL;
    }
    let clock = if clock >= COROUTINES { cpu_clock::for_kernel(clock) } else { clock };
    match (guard::coroutine(), clock) {
        (Some(_), CLOCK_REALTIME | CLOCK_MONOTONIC | CLOCK_BOOTTIME | CLOCK_TAI) => sleep_on(clock, flags, time, left),
        _ => wait::may_block(|| unsafe { real::clock_nanosleep(clock, flags, time, left) }),
    }
}

pub unsafe fn nanosleep(time: *const timespec, left: *mut timespec) -> c_int {
    match unsafe { clock_nanosleep(CLOCK_REALTIME, 0, time, left) } {
        0 => 0,
        error => errno::fail(error) as c_int,
    }
}

/// Returns the whole seconds that were not slept.
pub unsafe fn sleep(seconds: c_uint) -> c_uint {
    let mut time = timespec { tv_sec: seconds.into(), tv_nsec: 0 };
    let left = &raw mut time;
    match unsafe { nanosleep(left, left) } {
        0 => 0,
        _ => unsafe { left.read() }.tv_sec as c_uint,
    }
}

pub unsafe fn usleep(microseconds: useconds_t) -> c_int {
    let (tv_sec, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let time = timespec { tv_sec: tv_sec.into(), tv_nsec: c_long::from(rest) * 1000 };
    unsafe { nanosleep(&time, null_mut()) }
}
