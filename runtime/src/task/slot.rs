//! Where the parts of one stack are.

use crate::sys::memory::PAGE;
use crate::sys::stack::{self, Guarded};

/// See the picture in `slab.rs`.
#[derive(Clone, Copy)]
pub struct Slot {
    /// Lowest usable address of the stack.
    pub stack_low: usize,
    /// Where the stack begins (it grows down), below the TLS.
    pub stack_high: usize,
    /// The end, above the TCB.
    pub end: usize,
    /// Bytes of guard below `stack_low`.
    pub guard: usize,
    /// `None`: the memory is the program's own.
    pub(super) guarded: Option<Guarded>,
}

impl Slot {
    /// The lowest address, of the guard if there is one.
    pub fn low(&self) -> usize {
        self.stack_low - self.guard
    }

    /// The stack is executable if stacks are to be.
    pub(super) fn follow(&self) {
        if let Some(guarded) = self.guarded {
            // SAFETY: the stack was mapped by `stack::map`, with this guard.
            unsafe { stack::follow(self.low(), self.guard, self.end - self.low(), guarded) };
        }
    }

    /// Up to where a stack in the cache is given back: what lies above, the next thread will use as well. glibc leaves as
    /// much (PTHREAD_STACK_MIN).
    pub(super) fn top(&self) -> usize {
        const LEFT: usize = 16 << 10;
        (self.stack_high.saturating_sub(LEFT) & !(PAGE - 1)).max(self.stack_low)
    }
}
