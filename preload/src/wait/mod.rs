//! The primitives that hooks are made of, and the only way to the runtime.
//!
//! | primitive | waits for |
//! |---|---|
//! | [`retry`] | a call on a descriptor to have something to do |
//! | [`any`] | any of several descriptors |
//! | [`park`], [`unpark`] | a change of a word |
//! | [`sleep_until`] | a time |
//! | [`may_block`], [`block`] | a call of libc that blocks by itself |
//! | [`yield_now`] | nothing: lets others run |
//!
//! A thread of the kernel's goes through the same functions: it waits in the lot by a futex of its own, and its calls on
//! descriptors are libc's. No frame of these functions or of a hook has anything to drop, since pthread_exit and
//! cancellation unwind through them.

pub mod cleared;
pub mod fd;
pub mod fd_table;
pub mod guard;
pub mod lending;
pub mod words;

use crate::abi::Tcb;
use crate::sys::errno;
use crate::table::real;
use crate::table::rows::Family;
use crate::voice::say::log;
use guard::Task;
use iopatch_runtime::reactor::{Life, Refusal, Seen, Slot};
use iopatch_runtime::signals::{self, Handled};
use iopatch_runtime::sys::signal;
use iopatch_runtime::wait::{self as lot, Lease};
use iopatch_runtime::{reactor, sched, task, waker};
use libc::{c_int, clockid_t, sigset_t, ssize_t, timespec};

pub use iopatch_runtime::Deadline;
pub use iopatch_runtime::reactor::Interest;
pub use iopatch_runtime::wait::{Entry, MOST};

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// What was waited for has come, or may have.
    Unparked,
    TimedOut,
    /// A signal handler ran, or the thread is to be cancelled.
    Interrupted,
    /// There was nothing to wait for: the word had changed before.
    NotEqual,
}

impl From<task::Wake> for Wake {
    fn from(wake: task::Wake) -> Self {
        match wake {
            task::Wake::Unparked => Wake::Unparked,
            task::Wake::TimedOut => Wake::TimedOut,
            task::Wake::Interrupted => Wake::Interrupted,
        }
    }
}

/// Sleeps on `addr`, if `validate` (asked when no `unpark` of that address can come between) says so.
pub fn park(family: Family, addr: usize, validate: impl FnOnce() -> bool, deadline: Option<Deadline>) -> Wake {
    park_mask(family, addr, u32::MAX, validate, deadline)
}

/// As [`park`], to be woken only by an [`unpark_mask`] that has a bit in common.
pub fn park_mask(
    family: Family,
    addr: usize,
    mask: u32,
    validate: impl FnOnce() -> bool,
    deadline: Option<Deadline>,
) -> Wake {
    lot::park(family as u8, addr, mask, validate, deadline).map_or(Wake::NotEqual, Wake::from)
}

/// Sleeps on `count` words, at most [`MOST`], as [`park`] does on one: `Ok` of the one that was unparked.
pub fn park_any(
    family: Family,
    count: usize,
    addr: impl Fn(usize) -> usize,
    validate: impl Fn(usize) -> bool,
    deadline: Option<Deadline>,
) -> Result<usize, Wake> {
    match lot::park_any(family as u8, count, addr, validate, deadline) {
        Some(ended) => ended.map_err(Wake::from),
        None => Err(Wake::NotEqual),
    }
}

/// Wakes up to `n` of those who sleep on `addr`, the longest sleeping first; returns how many.
pub fn unpark(addr: usize, n: usize) -> usize {
    lot::unpark(addr, n, u32::MAX)
}

/// As [`unpark`], of those whose mask has a bit in common.
pub fn unpark_mask(addr: usize, n: usize, mask: u32) -> usize {
    lot::unpark(addr, n, mask)
}

/// Wakes up to `wake` of those who sleep on `from` and moves up to `most` of the others to `to`, if `validate` says so;
/// returns how many of each.
pub fn requeue(
    from: usize,
    to: usize,
    wake: usize,
    most: usize,
    validate: impl FnOnce() -> bool,
) -> Option<(usize, usize)> {
    lot::requeue(from, to, wake, most, validate).map(|done| (done.woken, done.moved))
}

/// Sleeps until `deadline`: `TimedOut`, or `Interrupted` before.
pub fn sleep_until(family: Family, deadline: Deadline) -> Wake {
    lot::sleep(family as u8, deadline).into()
}

/// Runs a call of libc that may block. Nothing is to be done before or after it: should it block, the monitor sees the OS
/// thread asleep, and gives the worker to another one.
#[inline(always)]
pub fn may_block<R>(call: impl FnOnce() -> R) -> R {
    call()
}

/// As [`may_block`], for a call that is known to block: the worker goes at once.
pub fn block<R>(call: impl FnOnce() -> R) -> R {
    sched::hand_over_for(call)
}

/// Lets the other runnable coroutines of this worker, or other threads, run.
pub fn yield_now() {
    match guard::coroutine() {
        Some(task) => sched::give_way(task),
        // SAFETY: it has no precondition.
        None => drop(unsafe { real::sched_yield() }),
    }
}

/// Whether the calling thread, coroutine or native, is to be cancelled at its next cancellation point.
#[inline]
pub fn cancel_requested() -> bool {
    Tcb::mine().cancel_requested()
}

/// A cancellation point: does not return if the thread was cancelled.
#[inline]
pub fn testcancel() {
    if cancel_requested() {
        // SAFETY: it has no precondition; it unwinds to the thread's first frame.
        unsafe { real::pthread_testcancel() };
    }
}

/// An absolute time on `clock` as a deadline; EINVAL for a time or clock that has none.
///
/// A time of day becomes a deadline as the clocks stand now: one that is set later does not move the wait.
pub fn deadline(clock: clockid_t, at: *const timespec) -> Result<Deadline, c_int> {
    // SAFETY: the program's pointer, which libc would read as well.
    let time = unsafe { at.read() };
    if !(0..1_000_000_000).contains(&time.tv_nsec) {
        return Err(libc::EINVAL);
    }
    match clock {
        libc::CLOCK_MONOTONIC => Ok(Deadline(nanoseconds(&time))),
        libc::CLOCK_REALTIME | libc::CLOCK_BOOTTIME | libc::CLOCK_TAI => {
            let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: the call writes one timespec.
            unsafe { libc::clock_gettime(clock, &mut now) };
            Ok(Deadline::after(nanoseconds(&time).saturating_sub(nanoseconds(&now))))
        }
        _ => Err(libc::EINVAL),
    }
}

/// A time as nanoseconds; one before the epoch, or past 584 years, as the nearest that there is.
pub fn nanoseconds(time: &timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

/// `ns` nanoseconds as a time.
pub fn timespec_of(ns: u64) -> timespec {
    timespec { tv_sec: (ns / 1_000_000_000) as i64, tv_nsec: (ns % 1_000_000_000) as i64 }
}

/// How a call on a descriptor waits.
#[derive(Clone, Copy)]
pub struct Call {
    pub family: Family,
    pub fd: c_int,
    pub side: Interest,
    /// The caller has said that this one call is not to wait (MSG_DONTWAIT).
    pub dontwait: bool,
    /// A result of fewer bytes than these means that the stream is drained; 0: it never does.
    pub whole: usize,
    /// Until when to wait; `None`: as long as the socket's own time-out allows.
    pub deadline: Option<Deadline>,
    /// Whether libc's own call is a cancellation point.
    pub cancels: bool,
}

impl Call {
    pub const fn new(family: Family, fd: c_int, side: Interest) -> Self {
        Self { family, fd, side, dontwait: false, whole: 0, deadline: None, cancels: true }
    }

    pub const fn dontwait(self, dontwait: bool) -> Self {
        Self { dontwait, ..self }
    }

    pub const fn whole(self, bytes: usize) -> Self {
        Self { whole: bytes, ..self }
    }
}

/// An attempt's answer: it is worth its while, but only a call that may wait after all can tell. No call of libc has it.
pub const MAY_WAIT: ssize_t = ssize_t::MIN;

/// How an attempt is to make its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It must not wait.
    Now,
    /// As `Now`, where a wait is at its end, by time or by a signal: what is done by then is the result.
    Last,
    /// libc's own call, as the program made it.
    Plain,
}

impl How {
    pub fn waits(self) -> bool {
        self == How::Plain
    }

    /// What a call on a socket is told.
    pub fn flag(self) -> c_int {
        if self.waits() { 0 } else { libc::MSG_DONTWAIT }
    }
}

/// How often a call begins again because its number is being closed, before it is libc's to make.
const PATIENCE: u32 = 1000;

/// Tries, waits, tries again: what every call on a descriptor is.
///
/// An attempt that must not wait says by EAGAIN that it would have to, by [`MAY_WAIT`] that it might. The number may change
/// on the way: a descriptor that was closed under its waiter goes on under one of the library's.
#[inline]
pub fn retry(call: Call, mut attempt: impl FnMut(c_int, How) -> ssize_t) -> ssize_t {
    match guard::coroutine() {
        Some(task) if !call.dontwait => retry_as_task(task, call, &mut attempt),
        _ => attempt(call.fd, How::Plain),
    }
}

#[inline]
fn retry_as_task(task: &'static Task, call: Call, attempt: &mut impl FnMut(c_int, How) -> ssize_t) -> ssize_t {
    if call.cancels {
        testcancel();
    }
    signals::forget_handlers();
    let mut waits = Waits { task, call, deadline: call.deadline, patience: PATIENCE, errno: errno::get() };
    loop {
        let look = Look::at(call.fd);
        // A stream that was drained, with no edge since: the call would only say so.
        let drained = call.whole > 0 && !look.seen.is_ready(call.side) && fd::is_drained_stream(call.fd);
        if !drained {
            if let Some(result) = try_now(call, look, waits.errno, attempt) {
                return result;
            }
            if fd::is_nonblocking(call.fd) {
                return errno::fail(libc::EAGAIN);
            }
        }
        if let Some(result) = waits.wait_and_retry(look, attempt) {
            return result;
        }
    }
}

/// A descriptor's slot, and what is known of it before an attempt.
#[derive(Clone, Copy)]
struct Look {
    slot: Option<&'static Slot>,
    seen: Seen,
    life: Life,
}

impl Look {
    #[inline]
    fn at(fd: c_int) -> Look {
        let slot = reactor::known(fd);
        Look { slot, life: slot.map_or(Life::NONE, Slot::life), seen: slot.map_or(Seen::NOTHING, Slot::look) }
    }
}

/// What an attempt that must not wait has led to.
enum Tried {
    Done(ssize_t),
    /// It would have to wait, and the readiness says so.
    Waits,
    MayWait,
}

/// One attempt, after a look.
#[inline]
fn try_once(
    call: Call,
    fd: c_int,
    (slot, seen): (Option<&'static Slot>, Seen),
    how: How,
    attempt: &mut impl FnMut(c_int, How) -> ssize_t,
) -> Tried {
    let result = attempt(fd, how);
    if result == MAY_WAIT {
        return Tried::MayWait;
    }
    let waits = result < 0 && errno::get() == libc::EAGAIN;
    // A stream that gave less than was asked for has no more: the next edge tells when it has.
    let drained = result > 0 && (result as usize) < call.whole && seen.is_regular();
    if let Some(slot) = slot.filter(|_| waits || drained) {
        slot.disprove(seen, call.side);
    }
    match waits {
        true if is_shut(call, fd, seen) => Tried::MayWait,
        true => Tried::Waits,
        false => Tried::Done(result),
    }
}

/// Whether a socket without connections may be shut for reading: a call that waits ends at once there, with nothing; one that
/// must not wait says that it would have to.
fn is_shut(call: Call, fd: c_int, seen: Seen) -> bool {
    call.side == Interest::READ && !seen.is_regular() && fd::kind(fd) == Some(fd::Kind::Socket)
}

/// The attempt before any wait. `None`: the call has to wait. A call of libc's sees the program's `errno`.
#[inline]
fn try_now(call: Call, look: Look, errno: c_int, attempt: &mut impl FnMut(c_int, How) -> ssize_t) -> Option<ssize_t> {
    let mut seen = look.seen;
    loop {
        match try_once(call, call.fd, (look.slot, seen), How::Now, attempt) {
            Tried::Done(result) => return Some(result),
            Tried::Waits => return None,
            Tried::MayWait => {
                errno::set(errno);
                if let done @ Some(_) = unless_again(may_block(|| attempt(call.fd, How::Plain))) {
                    return done;
                }
            }
        }
        seen = look.slot.map_or(Seen::NOTHING, Slot::look);
    }
}

/// `result`, unless it is the failure EAGAIN.
fn unless_again(result: ssize_t) -> Option<ssize_t> {
    (result >= 0 || errno::get() != libc::EAGAIN).then_some(result)
}

/// The waits of one call.
struct Waits {
    task: &'static Task,
    call: Call,
    /// Known from the first wait on: it bounds all of them.
    deadline: Option<Deadline>,
    patience: u32,
    /// The program's at the start: what tries leave there is neither its own nor its handlers' to see.
    errno: c_int,
}

/// Why the waits on one life of a number ended.
enum Ended {
    Done(ssize_t),
    Refused(Refusal),
    /// By a signal, or for a cancellation.
    Interrupted,
}

impl Waits {
    /// `None`: the call is to begin again, on its number, whatever that is now. So does the kernel's after a handler.
    #[inline(never)]
    fn wait_and_retry(&mut self, look: Look, attempt: &mut impl FnMut(c_int, How) -> ssize_t) -> Option<ssize_t> {
        let Call { fd, side, .. } = self.call;
        // Known from the first wait on, so that later calls can tell a drained stream.
        fd::kind(fd);
        self.deadline = self.deadline.or_else(|| fd::timeout(fd, side).map(Deadline::after));
        let mut lease = Lease::new(fd, look.life, side);
        signals::enter();
        let ended = self.hold(&mut lease, attempt);
        lease.end();
        if !matches!(ended, Ended::Done(..0)) {
            errno::set(self.errno);
        }
        signals::leave();
        match ended {
            Ended::Done(result) => Some(result),
            Ended::Refused(Refusal::LifeEnded) if self.patience > 0 => {
                self.patience -= 1;
                yield_now();
                None
            }
            Ended::Refused(_) => {
                log(format_args!("descriptor {fd} can't be watched: a wait on it blocks an OS thread"));
                Some(may_block(|| attempt(fd, How::Plain)))
            }
            Ended::Interrupted => {
                if self.call.cancels {
                    testcancel();
                }
                is_interrupted(self.deadline.is_none()).then(|| errno::fail(libc::EINTR))
            }
        }
    }

    /// In a section: waits and tries in turn.
    fn hold(&self, lease: &mut Lease, attempt: &mut impl FnMut(c_int, How) -> ssize_t) -> Ended {
        let Self { task, call, deadline, .. } = *self;
        loop {
            // SAFETY: the caller's section lasts until the lease has ended; a pause below ends before its handlers run.
            let why = match unsafe { lease.wait(task, call.family as u8, deadline, fd::is_trusted(call.fd)) } {
                Ok(why) => why,
                Err(refusal) => return Ended::Refused(refusal),
            };
            if call.cancels && cancel_requested() {
                return Ended::Interrupted;
            }
            if let Some(result) = self.try_leased(lease, why, attempt) {
                return Ended::Done(result);
            }
            match why {
                task::Wake::TimedOut => return Ended::Done(errno::fail(libc::EAGAIN)),
                task::Wake::Interrupted => return Ended::Interrupted,
                task::Wake::Unparked => {}
            }
        }
    }

    /// An attempt after a wait, by a number that nobody can close meanwhile. Once the time is up none may wait any more.
    fn try_leased(
        &self,
        lease: &mut Lease,
        why: task::Wake,
        attempt: &mut impl FnMut(c_int, How) -> ssize_t,
    ) -> Option<ssize_t> {
        let how = if why == task::Wake::Unparked { How::Now } else { How::Last };
        let (fd, slot, seen) = lease.begin_try();
        let result = match try_once(self.call, fd, (slot, seen), how, attempt) {
            Tried::Done(result) => Some(result),
            Tried::Waits => None,
            Tried::MayWait if why == task::Wake::TimedOut => None,
            Tried::MayWait => {
                lease.pause();
                errno::set(self.errno);
                signals::leave();
                let result = may_block(|| attempt(fd, How::Plain));
                signals::enter();
                unless_again(result)
            }
        };
        lease.end_try();
        result
    }
}

/// Ends the wait of a native thread in the lot, where the kernel's signals for libc's own waits do not.
///
/// # Safety
/// `thread` is a thread that has not been joined.
pub unsafe fn interrupt_native(thread: libc::pthread_t) {
    // SAFETY: the caller's promise.
    unsafe { waker::interrupt_thread(thread as usize) };
}

/// Whether a call that waits is to end with EINTR, by the handlers that have run since it began. Of the calls that
/// `restart`, only a handler without SA_RESTART ends one (signal(7)): one that goes on has begun again, for the handlers
/// that are still to run.
pub fn is_interrupted(restarts: bool) -> bool {
    match signals::handled() {
        Handled::Nothing => false,
        Handled::Restart if restarts => {
            signals::forget_handlers();
            false
        }
        Handled::Restart | Handled::Interrupt => true,
    }
}

/// The calling thread begins a wait by [`park`] that [`is_interrupted`] may end.
pub fn begin() {
    signals::forget_handlers();
}

/// Runs `wait` with `mask` as the coroutine's signal mask.
///
/// As in the kernel, what that lets in is looked at only when nothing else ends the wait: all of it is a section, in which
/// [`let_handlers_run`] is the only place where they do. So a result other than EINTR says that none has run that the mask
/// has let in.
pub fn with_mask(task: &'static Task, mask: Option<u64>, wait: impl FnOnce() -> c_int) -> c_int {
    let before = task.mask();
    signals::forget_handlers();
    let Some(mask) = mask.filter(|&mask| mask != before) else { return wait() };
    signals::enter();
    task.thread.masked_wait.set(true);
    task.thread.mask_after.set(Some(before));
    task.set_mask(mask);
    let result = wait();
    let errno = errno::get();
    task.thread.masked_wait.set(false);
    task.thread.mask_after.set(None);
    signals::end_masked(task, before);
    signals::leave();
    errno::set(errno);
    result
}

/// A cancellation point, where in a wait with a mask the handlers run of what has arrived; the last of them returns to the
/// mask from before the wait.
pub fn let_handlers_run(task: &'static Task) {
    let masked = task.thread.masked_wait.get();
    if masked {
        signals::leave();
    }
    testcancel();
    if masked {
        signals::enter();
    }
}

/// Makes a call of libc that waits, with the mask that the kernel is to wait with; null: the thread's. Again, if a signal
/// has ended it for which no handler has run.
///
/// In a wait with a mask every signal is blocked until the kernel has that mask: else one could come a moment before the
/// call, and not end it.
pub fn natively(task: &'static Task, call: impl Fn(*const sigset_t) -> c_int) -> c_int {
    loop {
        let result =
            if task.thread.masked_wait.get() { masked_call(task, &call) } else { block(|| call(std::ptr::null())) };
        if result != -1 || errno::get() != libc::EINTR || is_interrupted(false) {
            return result;
        }
    }
}

fn masked_call(task: &'static Task, call: impl FnOnce(*const sigset_t) -> c_int) -> c_int {
    signal::block_all();
    if signals::is_due() {
        signal::set_mask(task.mask());
        let_handlers_run(task);
        return errno::fail(libc::EINTR) as c_int;
    }
    // SAFETY: all-zero is an empty set, whose first word is the kernel's mask.
    let mut set: sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    unsafe { (&raw mut set).cast::<u64>().write(task.mask()) };
    signals::leave();
    let result = block(|| call(&set));
    signals::enter();
    result
}

/// Waits until `attempt` has a result other than 0, or until `deadline`: what poll(2) and its like are.
///
/// `entries` are the descriptors that `attempt` looks at. An attempt never waits, and is no cancellation point; it returns 0
/// for "none is ready".
pub fn any(
    task: &'static Task,
    family: Family,
    entries: &mut [Entry],
    deadline: Option<Deadline>,
    mut attempt: impl FnMut(&mut [Entry]) -> c_int,
) -> Any {
    if !task.thread.masked_wait.get() {
        signals::forget_handlers();
    }
    let mut timed_out = false;
    loop {
        entries.iter_mut().for_each(Entry::look_again);
        let result = attempt(entries);
        if result != 0 {
            return Any::Done(result);
        }
        let_handlers_run(task);
        if is_interrupted(false) {
            return Any::Done(errno::fail(libc::EINTR) as c_int);
        }
        if timed_out || deadline.is_some_and(|Deadline(at)| at <= iopatch_runtime::now()) {
            return Any::Done(0);
        }
        match lot::wait_any(task, family as u8, entries, deadline) {
            Err(Refusal::Unwatchable(_)) => return Any::Unwatchable,
            Err(Refusal::LifeEnded) => yield_now(),
            Ok(task::Wake::TimedOut) => timed_out = true,
            Ok(task::Wake::Interrupted | task::Wake::Unparked) => {}
        }
    }
}

/// How [`any`] ended.
pub enum Any {
    Done(c_int),
    /// The kernel does not watch one of the descriptors: the caller makes libc's own call, detached.
    Unwatchable,
}
