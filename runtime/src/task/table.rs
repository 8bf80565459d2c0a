//! Every task of the process, wherever its stack is.
//!
//! A task is never freed: it ends, and begins another life with another thread. So a stale look at one (by a waker that
//! comes late, by whoever walks all of them) finds a task, and its state says whether it is still the one that was meant.
//! Stacks come and go beside; a task that has none waits in a list for the next one.

use super::Task;
use crate::sync::{Acquire, AtomicPtr, AtomicU32, Lock, Relaxed, Release};
use crate::sys::memory;
use core::ptr::null_mut;

/// Tasks are made by the block.
const BLOCK: u32 = 1024;
/// As many as there are ids.
const BLOCKS: usize = 1024;

/// The tasks of one process.
pub(super) struct Table {
    blocks: [AtomicPtr<Task>; BLOCKS],
    /// How many were ever made.
    count: AtomicU32,
    spare: Lock<Spare>,
}

/// The tasks without a stack, linked.
struct Spare(*mut Task);

// SAFETY: the tasks in the list are nobody's; it is reached under its lock.
unsafe impl Send for Spare {}

impl Table {
    pub(super) const fn new() -> Self {
        Self {
            blocks: [const { AtomicPtr::new(null_mut()) }; BLOCKS],
            count: AtomicU32::new(0),
            spare: Lock::new(Spare(null_mut())),
        }
    }

    /// A task that had a life before, and has no stack.
    pub(super) fn reuse(&self) -> Option<&'static Task> {
        let mut spare = self.spare.lock();
        // SAFETY: null, or a task that nobody has.
        let task = unsafe { spare.0.as_ref()? };
        spare.0 = task.link.load(Relaxed);
        Some(task)
    }

    /// A task that had no life before, with `id`. `None`: the kernel refuses the memory, or there are too many.
    pub(super) fn make(&self, id: u32) -> Option<&'static Task> {
        // One at a time makes one.
        let _one = self.spare.lock();
        let count = self.count.load(Relaxed);
        let block = self.blocks.get((count / BLOCK) as usize)?;
        let mut first = block.load(Relaxed);
        if first.is_null() {
            first = memory::reserve(BLOCK as usize * size_of::<Task>())?.as_ptr().cast();
            block.store(first, Release);
        }
        // SAFETY: a block has as many places, and nobody has had this one.
        let task = unsafe {
            let at = first.add((count % BLOCK) as usize);
            at.write(Task::new(id));
            &*at
        };
        self.count.store(count + 1, Release);
        Some(task)
    }

    /// Takes a task back that has ended, or was never queued, and has no stack.
    pub(super) fn give(&self, task: &'static Task) {
        let mut spare = self.spare.lock();
        task.link.store(spare.0, Relaxed);
        spare.0 = task.as_ptr().as_ptr();
    }

    /// All tasks, in whatever state.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static Task> {
        (0..self.count.load(Acquire)).map(|number| {
            let block = self.blocks[(number / BLOCK) as usize].load(Acquire);
            // SAFETY: it was made before it was counted, and is never freed.
            unsafe { &*block.add((number % BLOCK) as usize) }
        })
    }
}
