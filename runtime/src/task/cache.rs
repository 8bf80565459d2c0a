//! Which stacks are kept for threads to come.
//!
//! ```text
//!   [ cold: cut down to their tops ][ warm: as their threads left them ]
//!                                   oldest                       newest
//! ```
//!
//! The warm ones are as many bytes of addresses as glibc caches: a program that makes and joins threads takes the same few
//! again and again, and no system call is made for that. One that is pushed out of these gives the kernel back what it has
//! touched but for its top, which the next thread will touch as well (glibc does this at the end of each thread). The cold
//! ones serve a program whose threads come in waves. Those that no thread has wanted for a while are unmapped, by the
//! monitor, and what there are too many of at once. So ten thousand threads that have ended leave little behind, and a
//! program may use any number of sizes.
//!
//! A stack is used again for its own size and guard only: what pthread_getattr_np(3) tells is what was asked for.

use super::Task;

/// What glibc keeps (its tunable `stack_cache_size`), in bytes of addresses, the untouched ones included.
const WARM: usize = 40 << 20;
/// The memory that the cold ones may have together.
const COLD: usize = 40 << 20;
/// Places for entries, half of them for cold ones; one is left for the next.
const MOST: usize = 4096;

/// One stack that is kept, by the task that it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    pub size: usize,
    pub guard: usize,
    pub task: *const Task,
}

impl Kept {
    /// The task, which is nobody's but the caller's, who has taken it out.
    pub(super) fn task(self) -> &'static Task {
        // SAFETY: it was put in as a reference, and tasks are never freed.
        unsafe { &*self.task }
    }
}

/// What is to be done with a stack that was pushed out.
pub(super) enum Excess {
    /// Cut it down to its top, and put it among the cold.
    Cool(Kept),
    Unmap(Kept),
}

/// All-zero is empty.
pub(super) struct Cache {
    kept: [Kept; MOST],
    count: usize,
    /// How many of them are cold.
    cold: usize,
    /// How many of the cold ones nobody has wanted since the last [`Cache::mark`].
    idle: usize,
    /// How many nobody had wanted when that came.
    due: usize,
    /// Bytes of addresses of the warm ones.
    warm_bytes: usize,
}

// SAFETY: the tasks in it are nobody's; it is reached under its lock.
unsafe impl Send for Cache {}

impl Cache {
    /// The newest that has this size and guard.
    pub(super) fn take(&mut self, size: usize, guard: usize) -> Option<Kept> {
        let fits = |kept: &Kept| (kept.size, kept.guard) == (size, guard);
        let index = self.kept[..self.count].iter().rposition(fits)?;
        Some(self.remove(index))
    }

    /// Any one, rather a cold one.
    pub(super) fn take_any(&mut self) -> Option<Kept> {
        (self.count > 0).then(|| self.remove(self.cold.saturating_sub(1)))
    }

    fn remove(&mut self, index: usize) -> Kept {
        let kept = self.kept[index];
        self.kept.copy_within(index + 1..self.count, index);
        self.count -= 1;
        if index < self.cold {
            self.cold -= 1;
            self.idle = self.idle.min(self.cold);
        } else {
            self.warm_bytes -= kept.size;
        }
        kept
    }

    /// Keeps one that a thread has just left. False: there is no room.
    pub(super) fn put(&mut self, kept: Kept) -> bool {
        if self.count == MOST {
            return false;
        }
        self.kept[self.count] = kept;
        self.count += 1;
        self.warm_bytes += kept.size;
        true
    }

    /// Keeps one that was cut down. False: there is no room.
    pub(super) fn put_cold(&mut self, kept: Kept) -> bool {
        if self.count == MOST {
            return false;
        }
        self.kept.copy_within(self.cold..self.count, self.cold + 1);
        self.kept[self.cold] = kept;
        self.count += 1;
        self.cold += 1;
        true
    }

    /// Takes out one that is too much; `top` is what a cold one keeps, in bytes. Where addresses are `scarce`, none is.
    pub(super) fn excess(&mut self, top: usize, scarce: bool) -> Option<Excess> {
        if self.warm_bytes > WARM || self.count - self.cold >= MOST / 2 {
            let kept = self.remove(self.cold);
            let full = scarce || self.cold >= (COLD / top).min(MOST / 2);
            return Some(if full { Excess::Unmap(kept) } else { Excess::Cool(kept) });
        }
        if scarce && self.cold > 0 { self.take_any().map(Excess::Unmap) } else { None }
    }

    pub(super) fn cold(&self) -> usize {
        self.cold
    }

    /// A while is over.
    pub(super) fn mark(&mut self) {
        self.due = self.idle;
        self.idle = self.cold;
    }

    /// Takes out a cold one that nobody has wanted for a while.
    pub(super) fn take_due(&mut self) -> Option<Kept> {
        self.due = self.due.min(self.cold).checked_sub(1)?;
        self.take_any()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
