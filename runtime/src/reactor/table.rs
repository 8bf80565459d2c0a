//! The slots, one per descriptor number: an array that is reserved whole, and takes memory where
//! it is used.

use super::Slot;
use crate::local;
use crate::sync::{AtomicPtr, AtomicUsize, Relaxed};
use crate::sys::memory;
use core::ptr::null_mut;
use rustix::fd::RawFd;

/// The most numbers: what the kernel allows by default (fs.nr_open), and 64 MiB of addresses.
const MOST: usize = 1 << 20;
/// Under a tight RLIMIT_AS, fewer.
const LEAST: usize = 1 << 10;

static SLOTS: AtomicPtr<Slot> = AtomicPtr::new(null_mut());
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Reserves the array, once; before, no descriptor has a slot.
pub fn init() {
    let mut count = MOST;
    while count >= LEAST && SLOTS.load(Relaxed).is_null() {
        if let Some(memory) = memory::reserve(count * size_of::<Slot>()) {
            // All-zero bytes are a free slot: no waiters, nothing known.
            SLOTS.store(memory.as_ptr().cast(), Relaxed);
            COUNT.store(count, Relaxed);
        }
        count /= 4;
    }
}

/// In the child of a fork: the slots are the parent's, registered with the parent's epoll.
pub(crate) fn forget() {
    let slots = SLOTS.load(Relaxed);
    if !slots.is_null() {
        // SAFETY: the child's only thread holds no slot.
        unsafe { memory::clear(slots.cast(), capacity() * size_of::<Slot>()) };
    }
}

/// How many numbers have a slot.
pub fn capacity() -> usize {
    COUNT.load(Relaxed)
}

/// The slot of `fd`. `None` before [`init`], for a negative number, and for one past
/// [`capacity`]: calls on it block their OS thread. `None` for every number of a thread that has a table of descriptors of
/// its own: the slots are of the numbers of all others.
#[inline]
pub fn slot(fd: RawFd) -> Option<&'static Slot> {
    if local::has_own_files() {
        return None;
    }
    let index = fd as u32 as usize;
    // SAFETY: the array has that many slots, and is never freed.
    (index < COUNT.load(Relaxed)).then(|| unsafe { &*SLOTS.load(Relaxed).add(index) })
}
