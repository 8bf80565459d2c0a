//! futex(2): those of C++20's atomics, Rust's std and others wait in the lot, like all our waits by address.
//!
//! A word without FUTEX_PRIVATE_FLAG may be shared with another process: then it is the kernel's. C++20's atomics never
//! set the flag, so the kernel is asked whether the memory is shared (Linux 6.11; an older one is taken to say yes). So is
//! a word that the kernel itself clears and wakes (`wait/cleared.rs`). The kernel's other kinds of futex go to the
//! kernel, and so do invalid requests, which it refuses in its own words.
//! Results and errors are those of `kernel/futex/` and futex(2).

use crate::os_thread;
use crate::sys::errno;
use crate::sys::memory;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::cleared;
use crate::wait::words::Words;
use crate::wait::{self, Deadline, Wake};
use iopatch_runtime::sys::memory as mapped;
use libc::*;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

/// Words on which some wait natively, be they private or not: together with shared ones (`futex2.rs`).
static KERNELS: Words = Words::new();

/// Whether who waits on this word is in the kernel.
pub(in crate::hooks) fn is_kernels(word: usize, private: bool) -> bool {
    KERNELS.has(word) || !private && (cleared::is_named(word) || mapped::is_shared(word))
}

/// From here on who waits on this word is in the kernel.
pub(in crate::hooks) fn leave_to_kernel(word: usize) {
    KERNELS.add(word);
}

/// An operation on two words follows the first: where that is the kernel's, the second becomes so.
pub(in crate::hooks) fn leave_second_to_kernel(first: usize, second: usize) {
    if KERNELS.has(first) {
        KERNELS.add(second);
    }
}

/// A futex word whose address the kernel would accept.
#[derive(Clone, Copy)]
struct Word(usize);

impl Word {
    /// EINVAL for an address that no futex can have.
    fn new(address: usize) -> Result<Word, c_int> {
        if address.is_multiple_of(size_of::<u32>()) { Ok(Word(address)) } else { Err(EINVAL) }
    }

    /// EFAULT unless it can be read.
    fn readable(self) -> Result<&'static AtomicU32, c_int> {
        if !memory::is_readable(self.0, size_of::<u32>()) {
            return Err(EFAULT);
        }
        // SAFETY: aligned and readable just now; a program that unmaps it meanwhile breaks its own wait.
        Ok(unsafe { &*(self.0 as *const AtomicU32) })
    }

    /// EFAULT unless it can be written. A FUTEX_WAKE_OP that changes no bit and wakes nobody, for the kernel queues no
    /// private waiter, tries it.
    fn writable(self) -> Result<&'static AtomicU32, c_int> {
        let or_zero = (FUTEX_OP_OR << 28) as usize;
        let operation = (FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG) as usize;
        // SAFETY: the kernel checks the addresses.
        if unsafe { real::syscall(SYS_futex, self.0, operation, 1, 1, self.0, or_zero) } < 0 {
            return Err(errno::get());
        }
        // SAFETY: aligned and writable just now, as in `readable`.
        Ok(unsafe { &*(self.0 as *const AtomicU32) })
    }
}

/// The time-out of a wait: None if there is none. Waits on `clock` until then, or, if None, for that long.
pub(in crate::hooks) fn deadline(address: usize, clock: Option<clockid_t>) -> Result<Option<Deadline>, c_int> {
    if address == 0 {
        return Ok(None);
    }
    let mut time = memory::read(address as *const timespec).ok_or(EFAULT)?;
    if time.tv_sec < 0 || !(0..1_000_000_000).contains(&time.tv_nsec) {
        return Err(EINVAL);
    }
    if clock.is_none() {
        let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `now` is writable.
        unsafe { clock_gettime(CLOCK_MONOTONIC, &mut now) };
        let nanoseconds = time.tv_nsec + now.tv_nsec;
        time.tv_sec = time.tv_sec.saturating_add(now.tv_sec + nanoseconds / 1_000_000_000);
        time.tv_nsec = nanoseconds % 1_000_000_000;
    }
    wait::deadline(clock.unwrap_or(CLOCK_MONOTONIC), &time).map(Some)
}

/// FUTEX_WAIT and FUTEX_WAIT_BITSET.
///
/// A word that is named meanwhile to the kernel has changed, too: who tries again goes there.
fn wait_for(word: usize, expected: u32, mask: u32, private: bool, deadline: Option<Deadline>) -> Result<usize, c_int> {
    let (mask, word) = (nonzero(mask)?, Word::new(word)?.readable()?);
    let address = word.as_ptr().addr();
    let stays = || !KERNELS.has(address) && (private || !cleared::is_named(address));
    let validate = || word.load(Acquire) == expected && stays();
    wait::begin();
    loop {
        match wait::park_mask(Family::Futex, address, mask, validate, deadline) {
            Wake::Unparked => return Ok(0),
            Wake::NotEqual => return Err(EAGAIN),
            Wake::TimedOut => return Err(ETIMEDOUT),
            Wake::Interrupted if wait::is_interrupted(deadline.is_none()) => return Err(EINTR),
            Wake::Interrupted => {}
        }
    }
}

fn nonzero(mask: u32) -> Result<u32, c_int> {
    if mask == 0 { Err(EINVAL) } else { Ok(mask) }
}

/// How many to wake: the kernel counts after the first wake, so 0 and negative numbers mean one.
pub(in crate::hooks) fn at_least_one(n: c_int) -> usize {
    n.max(1) as usize
}

/// FUTEX_REQUEUE and, with an expected value, FUTEX_CMP_REQUEUE.
fn requeue_if(from: usize, to: usize, wake: c_int, limit: c_int, expected: Option<u32>) -> Result<usize, c_int> {
    if wake < 0 || limit < 0 {
        return Err(EINVAL);
    }
    let (from, to) = (Word::new(from)?, Word::new(to)?);
    let word = match expected {
        Some(expected) => Some((from.readable()?, expected)),
        None => None,
    };
    let validate = || word.is_none_or(|(word, expected)| word.load(Acquire) == expected);
    requeue(from.0, to.0, wake as usize, limit as usize, validate)
}

/// Wakes up to `wake` of those who wait on `from`, and moves up to `limit` of the others to `to`: how many of both. Where
/// that is the kernel's word they are woken, to go there.
pub(in crate::hooks) fn requeue(
    from: usize,
    to: usize,
    wake: usize,
    limit: usize,
    validate: impl FnOnce() -> bool,
) -> Result<usize, c_int> {
    let (wake, limit) = if KERNELS.has(to) { (wake.saturating_add(limit), 0) } else { (wake, limit) };
    match wait::requeue(from, to, wake, limit, validate) {
        Some((woken, moved)) => Ok(woken + moved),
        None => Err(EAGAIN),
    }
}

/// FUTEX_WAKE_OP: changes `second` as `code` says, wakes of `first`, and of `second` if its old value compares.
fn futex_wake_op(first: usize, second: usize, wake: c_int, wake_second: c_int, code: u32) -> Result<usize, c_int> {
    let first = Word::new(first)?;
    let word = Word::new(second)?.writable()?;
    let signed = |bits: u32| ((bits << 20) as i32 >> 20) as u32;
    let (mut operand, compared) = (signed(code >> 12), signed(code) as i32);
    if code >> 28 & FUTEX_OP_OPARG_SHIFT as u32 != 0 {
        operand = 1 << (operand & 31);
    }
    let change: fn(u32, u32) -> u32 = match (code >> 28 & 7) as c_int {
        FUTEX_OP_SET => |_, operand| operand,
        FUTEX_OP_ADD => u32::wrapping_add,
        FUTEX_OP_OR => |old, operand| old | operand,
        FUTEX_OP_ANDN => |old, operand| old & !operand,
        FUTEX_OP_XOR => |old, operand| old ^ operand,
        _ => return Err(ENOSYS),
    };
    let old = word.fetch_update(SeqCst, Relaxed, |old| Some(change(old, operand))).unwrap_or_else(|old| old);
    let compare: fn(&i32, &i32) -> bool = match (code >> 24 & 15) as c_int {
        FUTEX_OP_CMP_EQ => i32::eq,
        FUTEX_OP_CMP_NE => i32::ne,
        FUTEX_OP_CMP_LT => i32::lt,
        FUTEX_OP_CMP_LE => i32::le,
        FUTEX_OP_CMP_GT => i32::gt,
        FUTEX_OP_CMP_GE => i32::ge,
        // As in the kernel, which has changed the word by now.
        _ => return Err(ENOSYS),
    };
    let mut woken = wait::unpark(first.0, at_least_one(wake));
    if compare(&(old as i32), &compared) {
        woken += wake_private(second, at_least_one(wake_second));
    }
    Ok(woken)
}

/// Wakes up to `n` of those who wait on a private word, wherever that is.
fn wake_private(word: usize, n: usize) -> usize {
    if !KERNELS.has(word) {
        return wait::unpark(word, n);
    }
    let operation = (FUTEX_WAKE | FUTEX_PRIVATE_FLAG) as usize;
    // SAFETY: the kernel only looks the address up.
    unsafe { real::syscall(SYS_futex, word, operation, n.min(c_int::MAX as usize), 0, 0, 0) }.max(0) as usize
}

/// What is waited for, or woken, in the lot. None: it is the kernel's.
fn in_lot(
    word: usize,
    operation: c_int,
    value: u32,
    a4: usize,
    second: usize,
    value3: u32,
) -> Option<Result<usize, c_int>> {
    const REALTIME: c_int = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME;
    let private = operation & FUTEX_PRIVATE_FLAG != 0;
    let kind = operation & !FUTEX_PRIVATE_FLAG;
    if is_kernels(word, private) {
        if matches!(kind, FUTEX_REQUEUE | FUTEX_CMP_REQUEUE | FUTEX_WAKE_OP) {
            leave_second_to_kernel(word, second);
        }
        return None;
    }
    let n = value as c_int;
    let result = match kind {
        FUTEX_WAIT => deadline(a4, None).and_then(|deadline| wait_for(word, value, u32::MAX, private, deadline)),
        FUTEX_WAIT_BITSET => {
            deadline(a4, Some(CLOCK_MONOTONIC)).and_then(|at| wait_for(word, value, value3, private, at))
        }
        REALTIME => deadline(a4, Some(CLOCK_REALTIME)).and_then(|at| wait_for(word, value, value3, private, at)),
        FUTEX_WAKE => Word::new(word).map(|word| wait::unpark(word.0, at_least_one(n))),
        FUTEX_WAKE_BITSET => {
            nonzero(value3).and_then(|mask| Ok(wait::unpark_mask(Word::new(word)?.0, at_least_one(n), mask)))
        }
        FUTEX_REQUEUE => requeue_if(word, second, n, a4 as c_int, None),
        FUTEX_CMP_REQUEUE => requeue_if(word, second, n, a4 as c_int, Some(value3)),
        FUTEX_WAKE_OP => futex_wake_op(word, second, n, a4 as c_int, value3),
        _ => return None,
    };
    Some(result)
}

/// A priority-inheriting futex has its owner's thread id in it, which the kernel must know.
fn has_owner(operation: c_int) -> bool {
    matches!(
        operation & !(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME),
        FUTEX_LOCK_PI
            | FUTEX_LOCK_PI2
            | FUTEX_TRYLOCK_PI
            | FUTEX_UNLOCK_PI
            | FUTEX_WAIT_REQUEUE_PI
            | FUTEX_CMP_REQUEUE_PI
    )
}

/// futex(2), by syscall(2). The program owes what the system call demands.
pub unsafe fn futex(
    number: c_long,
    word: usize,
    operation: c_int,
    value: c_uint,
    timeout: usize,
    second: usize,
    mask: c_uint,
) -> c_long {
    match in_lot(word, operation, value, timeout, second, mask) {
        Some(Ok(count)) => return count as c_long,
        Some(Err(error)) => return errno::fail(error) as c_long,
        None if has_owner(operation) => os_thread::bind("a priority-inheriting futex holds its OS thread's id"),
        None => {}
    }
    let (operation, value, mask) = (operation as usize, value as usize, mask as usize);
    wait::may_block(|| unsafe { real::syscall(number, word, operation, value, timeout, second, mask) })
}
