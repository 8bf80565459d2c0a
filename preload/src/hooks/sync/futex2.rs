//! The futex calls that came later, with a size and other flags for each word (linux/futex.h, FUTEX2_*): futex_waitv(2) of
//! Wine and Proton, and futex_wait, futex_wake and futex_requeue. They share their waiters with futex(2), in the lot.
//!
//! Each asks the kernel first, by the same call, which must not wait. So what is invalid, or not known to this kernel, is
//! refused by the kernel in its own order, and who waits there is woken; what the kernel would wait for, the lot does.
//!
//! One wait can't be in the lot for some words and in the kernel for others. Where one of them is shared with other
//! processes, all go to the kernel, and stay there for good (`futex::leave_to_kernel`).

use super::futex;
use crate::sys::errno;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::{self, Deadline, Wake};
use libc::*;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Acquire;

const FUTEX2_PRIVATE: u32 = 128;

/// struct futex_waitv (linux/futex.h).
#[repr(C)]
#[derive(Clone, Copy)]
struct Waitv {
    value: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

impl Waitv {
    fn word(&self) -> usize {
        self.address as usize
    }

    fn holds(&self) -> bool {
        // SAFETY: the kernel has read it just now; a program that unmaps it meanwhile breaks its own wait.
        unsafe { &*(self.word() as *const AtomicU32) }.load(Acquire) == self.value as u32
    }

    fn is_kernels(&self) -> bool {
        futex::is_kernels(self.word(), self.flags & FUTEX2_PRIVATE != 0)
    }
}

/// Whether the kernel's answer is the call's: it has refused, or woken somebody. None: it would wait.
fn answered(result: c_long, before: c_int) -> Option<c_long> {
    if result >= 0 || errno::get() != ETIMEDOUT {
        return Some(result);
    }
    errno::set(before);
    None
}

/// A wait for one of `words`, which `call` makes with a time-out at an address; `park` is that in the lot.
fn wait_for<'a>(
    timeout: usize,
    clock: clockid_t,
    call: impl Fn(usize, clockid_t) -> c_long,
    words: impl FnOnce() -> &'a [Waitv],
    park: impl Fn(&[Waitv], Option<Deadline>) -> Result<usize, Wake>,
) -> c_long {
    let errno = errno::get();
    let Ok(deadline) = futex::deadline(timeout, Some(clock)) else { return call(timeout, clock) };
    let past = timespec { tv_sec: 0, tv_nsec: 0 };
    let clock_of_try = if timeout == 0 { CLOCK_MONOTONIC } else { clock };
    if let Some(answer) = answered(call((&raw const past).addr(), clock_of_try), errno) {
        return answer;
    }
    let words = words();
    if words.iter().any(Waitv::is_kernels) {
        words.iter().for_each(|word| futex::leave_to_kernel(word.word()));
        return wait::may_block(|| call(timeout, clock));
    }
    wait::begin();
    loop {
        match park(words, deadline) {
            Ok(woken) => return woken as c_long,
            Err(Wake::NotEqual) => return errno::fail(EAGAIN) as c_long,
            Err(Wake::TimedOut) => return errno::fail(ETIMEDOUT) as c_long,
            // It is restarted with its time-out, which is absolute.
            Err(_) if wait::is_interrupted(true) => return errno::fail(EINTR) as c_long,
            Err(_) => {}
        }
    }
}

// SAFETY, of the functions below: the program's, who owes what the system calls demand; the kernel has checked it first.

pub unsafe fn futex_waitv(
    number: c_long,
    words: usize,
    n: c_uint,
    flags: c_uint,
    timeout: usize,
    clock: clockid_t,
) -> c_long {
    let call = |timeout: usize, clock: clockid_t| unsafe {
        real::syscall(number, words, n as usize, flags as usize, timeout, clock as usize, 0)
    };
    let list = || unsafe { std::slice::from_raw_parts(words as *const Waitv, (n as usize).min(wait::MOST)) };
    wait_for(timeout, clock, call, list, |words, deadline| {
        let (word, holds) = (|n: usize| words[n].word(), |n: usize| words[n].holds());
        wait::park_any(Family::Futex, words.len(), word, holds, deadline)
    })
}

pub unsafe fn futex_wait(
    number: c_long,
    word: usize,
    value: usize,
    mask: usize,
    flags: c_uint,
    timeout: usize,
    clock: clockid_t,
) -> c_long {
    let call = |timeout: usize, clock: clockid_t| unsafe {
        real::syscall(number, word, value, mask, flags as usize, timeout, clock as usize)
    };
    let one = [Waitv { value: value as u64, address: word as u64, flags, reserved: 0 }];
    wait_for(
        timeout,
        clock,
        call,
        || &one,
        |words, deadline| match wait::park_mask(Family::Futex, word, mask as u32, || words[0].holds(), deadline) {
            Wake::Unparked => Ok(0),
            why => Err(why),
        },
    )
}

pub unsafe fn futex_wake(number: c_long, word: usize, mask: usize, n: c_int, flags: c_uint) -> c_long {
    let woken = unsafe { real::syscall(number, word, mask, n as usize, flags as usize, 0, 0) };
    let left = futex::at_least_one(n).saturating_sub(woken.max(0) as usize);
    if woken < 0 || n == 0 || left == 0 || futex::is_kernels(word, flags & FUTEX2_PRIVATE != 0) {
        return woken;
    }
    woken + wait::unpark_mask(word, left, mask as u32) as c_long
}

pub unsafe fn futex_requeue(number: c_long, words: usize, flags: c_uint, wake: c_int, limit: c_int) -> c_long {
    let call = |wake: c_int, limit: c_int| unsafe {
        real::syscall(number, words, flags as usize, wake as usize, limit as usize, 0, 0)
    };
    // Moves nobody.
    if call(0, 0) < 0 {
        return -1;
    }
    let [from, to] = unsafe { *(words as *const [Waitv; 2]) };
    futex::leave_second_to_kernel(from.word(), to.word());
    let done = call(wake, limit);
    if done < 0 || from.is_kernels() {
        return done;
    }
    match futex::requeue(from.word(), to.word(), wake as usize, limit as usize, || from.holds()) {
        Ok(count) => done + count as c_long,
        Err(error) => errno::fail(error) as c_long,
    }
}
