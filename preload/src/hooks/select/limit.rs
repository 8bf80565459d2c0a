//! How long a call may wait, in the many notations of C.

use crate::wait::{self, Deadline};
use libc::{c_int, time_t, timespec, timeval};

#[derive(Clone, Copy)]
pub enum Limit {
    /// The time-out is not a time: the call fails.
    Invalid,
    /// It does not wait.
    AtOnce,
    /// Nanoseconds, more than 0.
    For(u64),
    Forever,
}

impl Limit {
    /// As poll(2) and epoll_wait(2) take it: a negative number is for ever.
    pub fn milliseconds(ms: c_int) -> Limit {
        u64::try_from(ms).map_or(Limit::Forever, |ms| Limit::nanoseconds(ms * 1_000_000))
    }

    /// As ppoll(2), pselect(2) and epoll_pwait2(2) take it: null is for ever.
    ///
    /// # Safety
    /// `time` is null or readable. (glibc reads that of the first two, too: natively the program dies as well if it is not.)
    pub unsafe fn timespec(time: *const timespec) -> Limit {
        // SAFETY: the caller's promise.
        match unsafe { time.as_ref() } {
            None => Limit::Forever,
            Some(time) if is_time(time) => Limit::nanoseconds(wait::nanoseconds(time)),
            Some(_) => Limit::Invalid,
        }
    }

    /// As select(2) takes it; glibc's `select.c` accepts microseconds past a second, and sees 32 bits of them.
    ///
    /// # Safety
    /// As for `timespec`.
    pub unsafe fn timeval(time: *const timeval) -> Limit {
        // SAFETY: the caller's promise.
        let Some(time) = (unsafe { time.as_ref() }) else { return Limit::Forever };
        let microseconds = time.tv_usec as i32;
        if time.tv_sec < 0 || microseconds < 0 {
            return Limit::Invalid;
        }
        let seconds = wait::nanoseconds(&timespec { tv_sec: time.tv_sec, tv_nsec: 0 });
        Limit::nanoseconds(seconds.saturating_add(microseconds as u64 * 1000))
    }

    fn nanoseconds(ns: u64) -> Limit {
        if ns == 0 { Limit::AtOnce } else { Limit::For(ns) }
    }

    /// The end of a wait that begins now; `None`: there is none.
    pub fn deadline(self) -> Option<Deadline> {
        match self {
            Limit::Invalid | Limit::AtOnce => Some(Deadline::after(0)),
            Limit::For(ns) => Some(Deadline::after(ns)),
            Limit::Forever => None,
        }
    }
}

/// Whether the kernel takes it for a time (its `timespec64_valid`).
pub fn is_time(time: &timespec) -> bool {
    time.tv_sec >= 0 && (0..1_000_000_000).contains(&time.tv_nsec)
}

/// Nanoseconds until `deadline`; 0 once it has passed.
pub fn left(Deadline(at): Deadline) -> u64 {
    at.saturating_sub(iopatch_runtime::now())
}

/// As [`left`], in the notation of select(2).
pub fn left_timeval(deadline: Deadline) -> timeval {
    let left = wait::timespec_of(left(deadline));
    timeval { tv_sec: left.tv_sec as time_t, tv_usec: left.tv_nsec / 1000 }
}
