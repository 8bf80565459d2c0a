//! The thread ids of coroutines: no two that are alive have the same, and one that has ended is nobody's.
//!
//! ```text
//!   id = FIRST + | life, 9 bits | place, 20 bits |
//! ```
//!
//! A thread has a place in a table for its life, and the place counts the lives that it has seen. So an id is unique by
//! construction, its thread is found where the id says, and an id of an earlier life is not that of the present one.
//! Free places wait in a queue, of which no fewer than [`REST`] are left: so an id comes again after `REST * LIVES`
//! others, more than Linux has ids (2^22), however few threads there are at a time.
//!
//! What is done by [`Ids::with`] is done before the end of the thread, or finds nobody (`place.rs`).

use super::Task;
use super::place::Place;
use crate::sync::{Acquire, AtomicPtr, AtomicU32, Lock, Relaxed, Release};
use crate::sys::memory;
use core::ptr::null_mut;

/// The first id: above any thread id of Linux (2^22), below what a futex word can hold (2^30).
pub const FIRST: u32 = 0x2000_0000;
const PLACE_BITS: u32 = 20;
const PLACES: u32 = 1 << PLACE_BITS;
/// One less than the bits can count: so no id is near FUTEX_TID_MASK (0x3fffffff).
const LIVES: u32 = (1 << 9) - 1;
const END: u32 = FIRST + LIVES * PLACES;
/// How many places rest before one of them is used again.
const REST: u32 = 1 << 14;

/// Places are made by the block.
const BLOCK: u32 = 1024;
const BLOCKS: usize = (PLACES / BLOCK) as usize;

/// All-zero is one that nobody has had.
struct Entry {
    /// Where the thread is found from when it is queued until it ends.
    place: Place<Task>,
    /// The number of the present life, or of the next one.
    life: AtomicU32,
    /// The next in the queue of free places.
    next: AtomicU32,
}

/// The queue of free places, and how many were ever used.
struct Free {
    first: u32,
    last: u32,
    count: u32,
    fresh: u32,
}

/// The ids of one process.
pub(super) struct Ids {
    blocks: [AtomicPtr<Entry>; BLOCKS],
    free: Lock<Free>,
}

impl Ids {
    pub(super) const fn new() -> Self {
        Self {
            blocks: [const { AtomicPtr::new(null_mut()) }; BLOCKS],
            free: Lock::new(Free { first: 0, last: 0, count: 0, fresh: 0 }),
        }
    }

    /// An id for a new thread. `None`: there are too many, or the kernel refuses the memory. In a section.
    pub(super) fn take(&self) -> Option<u32> {
        let mut free = self.free.lock();
        let place =
            if free.count <= REST && free.fresh < PLACES { self.fresh(&mut free)? } else { self.pop(&mut free)? };
        self.id_at(place)
    }

    /// Another id, for the one of a thread that has ended. In a section.
    pub(super) fn exchange(&self, id: u32) -> u32 {
        let mut free = self.free.lock();
        self.push(&mut free, (id - FIRST) % PLACES);
        let fresh = if free.count <= REST && free.fresh < PLACES { self.fresh(&mut free) } else { None };
        let place = fresh.or_else(|| self.pop(&mut free));
        place.and_then(|place| self.id_at(place)).unwrap_or(id)
    }

    /// The id is nobody's; a thread that had it has ended. In a section.
    pub(super) fn give(&self, id: u32) {
        self.push(&mut self.free.lock(), (id - FIRST) % PLACES);
    }

    /// The thread of `task` can be found by its id.
    pub(super) fn publish(&self, task: &'static Task) {
        if let Some(entry) = self.entry_of(task.id()) {
            entry.place.enter(task.as_ptr().as_ptr());
        }
    }

    /// The thread whose id this is ends: when this returns, nobody uses it by its id, and nobody finds it.
    pub(super) fn end(&self, id: u32) {
        if let Some(entry) = self.entry_of(id) {
            entry.place.leave();
            entry.life.store((entry.life.load(Relaxed) + 1) % LIVES, Relaxed);
        }
    }

    /// Calls `found` with the thread whose id this is; meanwhile it can't end. In a section.
    pub(super) fn with<R>(&self, id: u32, found: impl FnOnce(&'static Task) -> R) -> Option<R> {
        self.entry_of(id)?.place.with(|task| {
            // SAFETY: a task can't end while it is used, and is never freed.
            let task = unsafe { &*task };
            (task.id() == id).then(|| found(task))
        })?
    }

    /// The id of the next life in a place.
    fn id_at(&self, place: u32) -> Option<u32> {
        Some(FIRST + self.entry(place)?.life.load(Relaxed) * PLACES + place)
    }

    /// The place that the id names, if anybody had it.
    fn entry_of(&self, id: u32) -> Option<&Entry> {
        (FIRST..END).contains(&id).then(|| self.entry((id - FIRST) % PLACES))?
    }

    fn entry(&self, number: u32) -> Option<&Entry> {
        let block = self.blocks[(number / BLOCK) as usize].load(Acquire);
        // SAFETY: null, or a block, which is never freed and has as many places.
        (!block.is_null()).then(|| unsafe { &*block.add((number % BLOCK) as usize) })
    }

    /// A place that nobody has had.
    fn fresh(&self, free: &mut Free) -> Option<u32> {
        let number = free.fresh;
        if number.is_multiple_of(BLOCK) {
            let block = memory::reserve(BLOCK as usize * size_of::<Entry>())?;
            self.blocks[(number / BLOCK) as usize].store(block.as_ptr().cast(), Release);
        }
        free.fresh += 1;
        Some(number)
    }

    fn push(&self, free: &mut Free, number: u32) {
        if free.count == 0 {
            free.first = number;
        } else if let Some(last) = self.entry(free.last) {
            last.next.store(number, Relaxed);
        }
        free.last = number;
        free.count += 1;
    }

    fn pop(&self, free: &mut Free) -> Option<u32> {
        free.count = free.count.checked_sub(1)?;
        let number = free.first;
        free.first = self.entry(number)?.next.load(Relaxed);
        Some(number)
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
