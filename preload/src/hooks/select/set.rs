//! The descriptors of one wait, and the memory that the wait needs for them.
//!
//! That memory lies on the coroutine's stack if the descriptors are few, else in a mapping: poll(2) may be called from a
//! signal handler, malloc(3) may not. What the wait holds is given back by a cleanup handler of the old kind
//! (`_pthread_cleanup_push`, glibc `nptl/cleanup_compat.c`), which libc runs when a cancellation, pthread_exit(3) or
//! longjmp(3) leaves our frame: none of our frames has anything to drop, which a forced unwinding would not allow.

use crate::sys::errno;
use crate::table::real;
use crate::table::rows::Family;
use crate::wait::fd;
use crate::wait::guard::Task;
use crate::wait::{self, Any, Deadline, Entry, Interest};
use libc::*;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

/// How many descriptors a wait keeps on the stack: some 1.5 KiB.
const FEW: usize = 16;

/// What one descriptor needs, in one block of two arrays.
#[repr(C)]
struct Share {
    entry: Entry,
    asked: pollfd,
}

/// glibc's struct _pthread_cleanup_buffer.
#[repr(C)]
struct Cleanup([usize; 4]);

/// See the module.
pub struct Set {
    entries: *mut Entry,
    /// What is asked of each, by the program's own number.
    asked: *mut pollfd,
    len: usize,
    /// The size of the mapping; 0: the arrays lie on the stack.
    mapped: usize,
}

impl Set {
    /// Runs `wait` with an empty set that has room for `capacity` descriptors; -1 with ENOMEM if there is no room.
    pub fn with(capacity: usize, wait: impl FnOnce(&mut Set) -> c_int) -> c_int {
        let mut few = MaybeUninit::<[Share; FEW]>::uninit();
        let mapped = if capacity > FEW { capacity.saturating_mul(size_of::<Share>()) } else { 0 };
        let block = if mapped > 0 { map(mapped) } else { few.as_mut_ptr().cast() };
        if block.is_null() {
            return errno::fail(ENOMEM) as c_int;
        }
        let mut set = Set::within(block, capacity.max(FEW), mapped);
        let mut cleanup = Cleanup([0; 4]);
        let cleanup = (&raw mut cleanup).cast();
        // SAFETY: the handler is taken out below, before this frame ends, or run by libc while it ends; the set stays
        // where it is.
        unsafe { real::_pthread_cleanup_push(cleanup, end, (&raw mut set).cast()) };
        let result = wait(&mut set);
        // SAFETY: the innermost handler is ours.
        unsafe { real::_pthread_cleanup_pop(cleanup, 1) };
        result
    }

    /// The two arrays in `block`, of `capacity` elements each: the one with the stricter alignment comes first.
    fn within(block: *mut u8, capacity: usize, mapped: usize) -> Set {
        let entries = block.cast::<Entry>();
        Set { entries, asked: entries.wrapping_add(capacity).cast(), len: 0, mapped }
    }

    /// Adds a descriptor, of which `events` are asked; at most as many as there is room for.
    pub fn add(&mut self, fd: c_int, events: c_short) {
        // SAFETY: the caller has asked for room for each that it adds.
        unsafe {
            self.entries.add(self.len).write(Entry::new(fd, interest(events)));
            self.asked.add(self.len).write(pollfd { fd, events, revents: 0 });
        }
        self.len += 1;
    }

    /// Waits until `attempt` has a result other than 0, or until `deadline`. It is given what is asked, and the entries,
    /// which know the numbers to go on with; it never waits. `None`: a descriptor that the kernel does not watch, so
    /// libc's own call has to wait.
    pub fn wait(
        &mut self,
        task: &'static Task,
        family: Family,
        deadline: Option<Deadline>,
        mut attempt: impl FnMut(&mut [pollfd], &mut [Entry]) -> c_int,
    ) -> Option<c_int> {
        // SAFETY: `add` has written that many of both; only this wait uses them.
        let (entries, asked) = unsafe {
            (
                std::slice::from_raw_parts_mut(self.entries, self.len),
                std::slice::from_raw_parts_mut(self.asked, self.len),
            )
        };
        // Of some kinds nobody is to take a look: found out here, once in a descriptor's life.
        entries.iter().for_each(|entry| _ = fd::kind(entry.fd()));
        match wait::any(task, family, entries, deadline, |entries| attempt(asked, entries)) {
            Any::Done(result) => Some(result),
            Any::Unwatchable => None,
        }
    }

    /// What was asked and told of each, in the order in which they were added.
    pub fn told(&self) -> &[pollfd] {
        // SAFETY: `add` has written that many.
        unsafe { std::slice::from_raw_parts(self.asked, self.len) }
    }
}

/// Gives back what the set holds.
unsafe extern "C-unwind" fn end(set: *mut c_void) {
    // SAFETY: `Set::with` passes its set, whose arrays have `len` elements, in no list any more: a wait ends before it
    // returns or unwinds.
    unsafe {
        let set = &*set.cast::<Set>();
        std::slice::from_raw_parts_mut(set.entries, set.len).iter_mut().for_each(Entry::release);
        if set.mapped > 0 {
            munmap(set.entries.cast(), set.mapped);
        }
    }
}

/// Null if there is no memory.
fn map(bytes: usize) -> *mut u8 {
    // SAFETY: a new mapping, of which nobody knows.
    let block = unsafe { mmap(null_mut(), bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) };
    if block == MAP_FAILED { null_mut() } else { block.cast() }
}

/// Errors and hang-ups end every wait, whatever was asked; who asks for nothing else waits for what is rarest.
fn interest(events: c_short) -> Interest {
    let sides = [
        (POLLIN | POLLRDNORM | POLLRDHUP, Interest::READ),
        (POLLOUT | POLLWRNORM, Interest::WRITE),
        (POLLPRI, Interest::PRIORITY),
    ];
    let asked = sides.iter().filter(|(bits, _)| events & bits != 0);
    match asked.fold(Interest::NONE, |all, &(_, side)| all.and(side)) {
        Interest::NONE => Interest::PRIORITY,
        asked => asked,
    }
}
