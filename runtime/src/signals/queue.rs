//! The signals that were sent to a coroutine and that it has not taken yet.

use super::rouse;
use crate::sched;
use crate::section::section;
use crate::sync::{Lock, Relaxed, SeqCst};
use crate::sys::memory;
use crate::sys::signal::{self, Info, Number};
use crate::task::{Entry, Task};
use core::ptr::{NonNull, null_mut};
use rustix::process::{Resource, getrlimit};

/// Entries are made by the chunk; the first word of a chunk is the one made before.
const CHUNK: usize = 64 * 1024;

struct Pool {
    /// Given back ones, linked.
    free: *mut Entry,
    /// Those of the newest chunk that were never used.
    fresh: *mut Entry,
    fresh_left: usize,
    newest_chunk: *mut *mut u8,
    used: u64,
}

// SAFETY: the pool is reached under its lock.
unsafe impl Send for Pool {}

impl Pool {
    const EMPTY: Self = Self { free: null_mut(), fresh: null_mut(), fresh_left: 0, newest_chunk: null_mut(), used: 0 };
}

/// Every queue of the process is reached under this lock.
static POOL: Lock<Pool> = Lock::new(Pool::EMPTY);

impl Pool {
    /// Room for one more. `None`: there are as many as may be, which only bounds those that queue, as in the kernel.
    fn allocate(&mut self, number: Number) -> Option<&mut Entry> {
        if number.queues() && getrlimit(Resource::Sigpending).current.is_some_and(|most| self.used >= most) {
            return None;
        }
        let entry = if self.free.is_null() { self.fresh()? } else { self.free };
        // SAFETY: an entry that was given back, or never used.
        let entry = unsafe { &mut *entry };
        if core::ptr::eq(entry, self.free) {
            self.free = entry.next;
        }
        self.used += 1;
        Some(entry)
    }

    fn fresh(&mut self) -> Option<*mut Entry> {
        if self.fresh_left == 0 {
            let chunk = memory::reserve(CHUNK)?.as_ptr().cast::<*mut u8>();
            // SAFETY: the chunk is new, and larger than a word.
            unsafe { chunk.write(self.newest_chunk.cast()) };
            self.newest_chunk = chunk;
            self.fresh = chunk.cast::<Entry>().wrapping_add(1);
            self.fresh_left = CHUNK / size_of::<Entry>() - 1;
        }
        self.fresh_left -= 1;
        let entry = self.fresh;
        self.fresh = entry.wrapping_add(1);
        // SAFETY: in the chunk, and nobody's.
        unsafe { entry.write(Entry { info: Info::zero(), number: Number(0), passed_on: false, next: null_mut() }) };
        Some(entry)
    }

    fn release(&mut self, entry: *mut Entry) {
        // SAFETY: the caller has taken the entry out of its queue.
        unsafe { (*entry).next = self.free };
        self.free = entry;
        self.used -= 1;
    }

    /// Gives all of the memory back: no queue has an entry.
    fn clear(&mut self) {
        let mut chunk = self.newest_chunk;
        while let Some(at) = NonNull::new(chunk) {
            // SAFETY: a chunk begins with the address of the one before, and has no user left.
            unsafe {
                chunk = at.as_ptr().read().cast();
                memory::release(at.cast(), CHUNK);
            }
        }
        *self = Self::EMPTY;
    }
}

/// No room for another signal: EAGAIN. Or the thread, one of several that might take it, has just ended.
#[derive(Clone, Copy, Debug)]
pub struct Full;

/// Sends a signal to a coroutine, and has it look up if it does not block it. One that acts as a native thread has it from
/// the kernel, as these do.
pub fn send(task: &'static Task, number: Number, info: &Info) -> Result<(), Full> {
    match task.acts_natively().then(|| send_natively(task, number, info)).flatten() {
        Some(0) => Ok(()),
        Some(_) => Err(Full),
        None => append(task, number, info, false),
    }
}

/// The kernel's answer. `None`: the task has ended, or has no OS thread of its own.
fn send_natively(task: &Task, number: Number, info: &Info) -> Option<isize> {
    let send = |tid| signal::send_from_program(tid, number, info);
    sched::get()?.if_bound(task, |carrier| carrier.map(|carrier| send(carrier.tid()))).ok()?
}

/// As [`send`], of a signal that was sent to the process.
pub(super) fn send_on(task: &'static Task, number: Number, info: &Info) -> Result<(), Full> {
    append(task, number, info, true)
}

fn append(task: &'static Task, number: Number, info: &Info, passed_on: bool) -> Result<(), Full> {
    section(|| {
        let mut pool = POOL.lock();
        if !task.is_launched() {
            // What is sent to a thread at its end is lost, as in the kernel; what was sent to the process is not.
            return if passed_on { Err(Full) } else { Ok(()) };
        }
        if !number.queues() && task.signals.load(Relaxed) & number.bit() != 0 {
            return Ok(());
        }
        let entry = pool.allocate(number).ok_or(Full)?;
        *entry = Entry { info: *info, number, passed_on, next: null_mut() };
        let entry: *mut Entry = entry;
        // SAFETY: the queue is a chain of entries, reached under the pool's lock, which is held.
        unsafe {
            let mut last = task.inbox.first.as_ptr();
            while !(*last).is_null() {
                last = &raw mut (**last).next;
            }
            *last = entry;
        }
        task.signals.fetch_or(number.bit(), SeqCst);
        // Under the lock, so that whoever has it after this knows that the mark, if any, is on its way.
        if task.is_open_to(number) {
            rouse(task, number);
        } else if task.awaits(number) {
            // Not by its own number, which the OS thread blocks, and might keep for another.
            rouse(task, Number::NUDGE);
        }
        Ok(())
    })
}

/// Takes a signal of `set` from the queue of `task`: the lowest number first, as the kernel does.
pub fn take(task: &Task, set: u64) -> Option<(Number, Info)> {
    take_entry(task, set).map(|(number, info, _)| (number, info))
}

/// As [`take`]; the flag: it was sent to the process.
fn take_entry(task: &Task, set: u64) -> Option<(Number, Info, bool)> {
    if task.signals.load(Relaxed) & set == 0 {
        return None;
    }
    section(|| {
        let mut pool = POOL.lock();
        let number = Number::new((task.signals.load(Relaxed) & set).trailing_zeros() + 1)?;
        let (mut taken, mut more) = (null_mut::<Entry>(), false);
        // SAFETY: as in `send`.
        unsafe {
            let mut link = task.inbox.first.as_ptr();
            while let Some(entry) = (*link).as_mut() {
                if entry.number != number {
                    link = &raw mut entry.next;
                } else if taken.is_null() {
                    taken = *link;
                    *link = entry.next;
                } else {
                    more = true;
                    break;
                }
            }
            if !more {
                task.signals.fetch_and(!number.bit(), Relaxed);
            }
            let Entry { info, passed_on, .. } = *taken.as_ref()?;
            pool.release(taken);
            task.inbox.taken.fetch_add(1, Relaxed);
            Some((number, info, passed_on))
        }
    })
}

/// The signals in the queue of `task`: a mask of the kernel's.
pub fn pending(task: &Task) -> u64 {
    task.signals.load(Relaxed)
}

/// What a coroutine that has ended has not taken is lost, but for what was sent to the process.
pub(super) fn clear(task: &Task) {
    while let Some((number, info, passed_on)) = take_entry(task, u64::MAX) {
        if passed_on {
            signal::send_to_process(number, info);
        }
    }
}

/// The task, the caller, is at its end: from here on no signal is sent to it. False: it has one to take first.
pub(super) fn refuse(task: &Task) -> bool {
    let _alone = POOL.lock();
    let done = pending(task) & !task.mask() == 0;
    if done {
        task.refuse_signals();
    }
    done
}

/// The program ignores `number` from here on: what is pending of it, for whatever thread, is gone.
pub fn discard(number: Number) {
    section(|| {
        if let Some(runtime) = sched::get() {
            runtime.slab().any_task(&mut |task| {
                while take_entry(task, number.bit()).is_some() {}
                false
            });
        }
    });
}

/// The OS thread that ran a task with signals in its queue, which has parked, is to run another: whatever mark was sent for
/// the task has come, or comes with the next system call, before that other one makes a call that the mark would interrupt.
pub(super) fn settle() {
    drop(POOL.lock());
    let _any_call = rustix::process::getpid();
}

/// In the child of a fork: the other threads' queues are gone.
pub(super) fn forget() {
    // SAFETY: the child has one thread, this one, which holds no lock.
    unsafe { POOL.forget_holder() };
    POOL.lock().clear();
}
