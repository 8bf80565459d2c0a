//! The slots, one per descriptor number, in blocks of a thousand that are made where a number is used.
//!
//! What a program does to all numbers there are (it closes them, before it runs another one) must not cost a look at each,
//! nor memory for it: where no number of a block was ever used, there are no slots, and nobody can be waiting. A number
//! without a slot is in its first life, of which nothing is known: that is what a slot begins with, too.

use super::Slot;
use crate::local;
use crate::sync::{AcqRel, Acquire, AtomicBool, AtomicPtr, Relaxed};
use crate::sys::memory;
use core::ptr::null_mut;
use rustix::fd::RawFd;

/// The most numbers: what the kernel allows by default (fs.nr_open).
const MOST: usize = 1 << 20;
/// Slots in a block: 64 KiB of addresses, which take memory by the page.
const BLOCK: usize = 1 << 10;

static BLOCKS: [AtomicPtr<Slot>; MOST / BLOCK] = [const { AtomicPtr::new(null_mut()) }; MOST / BLOCK];
static IN_USE: AtomicBool = AtomicBool::new(false);

/// From here on descriptors have slots.
pub fn init() {
    IN_USE.store(true, Relaxed);
}

/// In the child of a fork: the slots are the parent's, registered with the parent's epoll.
pub(super) fn forget() {
    for block in &BLOCKS {
        let slots = block.load(Relaxed);
        if !slots.is_null() {
            // SAFETY: the child's only thread holds no slot; all-zero bytes are one of which nothing is known.
            unsafe { memory::clear(slots.cast(), BLOCK * size_of::<Slot>()) };
        }
    }
}

/// Where the block of `fd` is noted. `None` before [`init`], for a negative number, and for one past the table: calls on
/// it block their OS thread. `None` for every number of a thread that has a table of descriptors of its own: the slots are
/// of the numbers of all others.
#[inline]
fn block_of(fd: RawFd) -> Option<&'static AtomicPtr<Slot>> {
    if local::has_own_files() || !IN_USE.load(Relaxed) {
        return None;
    }
    BLOCKS.get(fd as u32 as usize / BLOCK)
}

/// The slot of `fd` in the block that begins at `slots`.
///
/// # Safety
/// `slots` is null, or the block of `fd`.
#[inline]
unsafe fn within(slots: *mut Slot, fd: RawFd) -> Option<&'static Slot> {
    // SAFETY: a block has that many slots, and is never freed.
    (!slots.is_null()).then(|| unsafe { &*slots.add(fd as u32 as usize % BLOCK) })
}

/// The slot of `fd`, which is made if need be: for who waits, or notes something. `None` for a number that can't have one.
#[inline]
pub fn slot(fd: RawFd) -> Option<&'static Slot> {
    let block = block_of(fd)?;
    let slots = block.load(Acquire);
    // SAFETY: the block of `fd`.
    unsafe { within(if slots.is_null() { make(block) } else { slots }, fd) }
}

/// The slot of `fd`, if it has one by now: for who asks what is known. `None` is as a slot that nobody has used.
#[inline]
pub fn known(fd: RawFd) -> Option<&'static Slot> {
    let slots = block_of(fd)?.load(Acquire);
    // SAFETY: the block of `fd`.
    unsafe { within(slots, fd) }
}

/// Whether `fd` could have a slot, but neither it nor one of its neighbours was ever used.
pub fn is_untouched(fd: RawFd) -> bool {
    block_of(fd).is_some_and(|block| block.load(Acquire).is_null())
}

/// The slots that there are of the numbers from `first` to `last`.
pub fn known_in(first: u32, last: u32) -> impl Iterator<Item = (RawFd, &'static Slot)> {
    let (first, last) = (first as usize, (last as usize).min(MOST - 1));
    let of_block = move |block: usize| {
        let begin = block * BLOCK;
        let slots = block_of(begin as RawFd).map_or(null_mut(), |block| block.load(Acquire));
        let numbers = first.max(begin)..=last.min(begin + BLOCK - 1);
        // SAFETY: the block of these numbers.
        let slot = move |fd: usize| unsafe { within(slots, fd as RawFd) }.map(|slot| (fd as RawFd, slot));
        (!slots.is_null()).then_some(numbers).into_iter().flatten().filter_map(slot)
    };
    (first / BLOCK..=last / BLOCK).flat_map(of_block)
}

/// Makes a block; null where the kernel refuses the memory (RLIMIT_AS).
#[cold]
fn make(block: &AtomicPtr<Slot>) -> *mut Slot {
    let Some(memory) = memory::reserve(BLOCK * size_of::<Slot>()) else { return null_mut() };
    // All-zero bytes are free slots: no waiters, nothing known.
    let slots = memory.as_ptr().cast();
    match block.compare_exchange(null_mut(), slots, AcqRel, Acquire) {
        Ok(_) => slots,
        Err(others) => {
            // SAFETY: nobody has seen this one.
            unsafe { memory::release(memory, BLOCK * size_of::<Slot>()) };
            others
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
