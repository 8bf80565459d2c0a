//! The frames of a coroutine, and the switch to them and back.

use super::LINE;
use crate::arch;
use core::cell::{Cell, UnsafeCell};
use core::num::NonZeroUsize;
use core::ptr::null;
use corosensei::stack::{Stack, StackPointer};
use corosensei::{Coroutine, Yielder};

/// Why a coroutine switched away.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// It announced a wait: settle it.
    Park,
    /// It lets the others run first.
    GiveWay,
    /// It has ended, and leaves its frames as they are.
    End,
}

/// See the module. The OS thread that runs the task uses it, and nobody else.
#[repr(C)]
pub(crate) struct Context {
    frames: UnsafeCell<Option<Coroutine<(), Step, (), StackRange>>>,
    /// Of the first frame, by which the task leaves.
    yielder: Cell<*const Yielder<(), Step>>,
    /// Where the stack was when the task switched away.
    frame: Cell<usize>,
}

/// The stack that they lie on; the slab owns the memory.
struct StackRange {
    low: StackPointer,
    high: StackPointer,
}

// SAFETY: both ends come from a slot, whose stack is aligned as TLS is, at least some 4,000 bytes, and not used by
// anything else while the frames exist.
unsafe impl Stack for StackRange {
    fn base(&self) -> StackPointer {
        self.high
    }

    fn limit(&self) -> StackPointer {
        self.low
    }
}

impl Context {
    pub fn new() -> Self {
        Self { frames: UnsafeCell::new(None), yielder: Cell::new(null()), frame: Cell::new(0) }
    }

    /// For another life in the place of one that has been retired, on a stack that is there.
    pub fn renew(&self) {
        self.yielder.set(null());
    }

    /// The task has a stack that begins at `high`.
    pub fn settle_at(&self, high: usize) {
        self.frame.set(high);
    }

    /// Has the next switch begin with `entry`, on the stack from `low` to `high`.
    ///
    /// # Safety
    /// The task is not queued, has no frames, and its stack is unused.
    pub unsafe fn build(&'static self, low: usize, high: usize, entry: impl FnOnce() + 'static) {
        let range = StackRange {
            low: NonZeroUsize::new(low).unwrap_or(NonZeroUsize::MAX),
            high: NonZeroUsize::new(high).unwrap_or(NonZeroUsize::MAX),
        };
        let frames = Coroutine::with_stack(range, move |yielder: &Yielder<(), Step>, ()| {
            self.yielder.set(yielder);
            entry();
        });
        // SAFETY: the caller's promise: nobody else uses the field.
        unsafe { *self.frames.get() = Some(frames) };
    }

    /// Runs the task until it switches away; `None`: it has ended.
    ///
    /// # Safety
    /// The caller has taken the task from a run queue, and FS is the task's.
    #[inline]
    pub unsafe fn switch_in(&self) -> Option<Step> {
        // SAFETY: the OS thread that runs a task owns its frames.
        let frames = unsafe { (*self.frames.get()).as_mut() };
        frames?.resume(()).as_yield()
    }

    /// Forgets the frames of a task that has ended.
    ///
    /// # Safety
    /// `switch_in` has just returned `None` or [`Step::End`].
    pub unsafe fn retire(&self) {
        // SAFETY: an ended task's frames are the caller's; they hold nothing that is to be dropped, and if some are left,
        // they are those of a thread that nobody unwinds.
        unsafe {
            if let Some(mut frames) = (*self.frames.get()).take() {
                frames.force_reset();
            }
        }
    }

    /// Switches to the OS thread's scheduler; returns when the task is resumed, maybe on another
    /// OS thread.
    ///
    /// # Safety
    /// Called by the task itself, which holds no lock of the runtime.
    #[inline]
    pub unsafe fn suspend(&self, step: Step) {
        let here = 0u8;
        self.frame.set(&raw const here as usize);
        // SAFETY: the yielder lies in the first frame of this very stack.
        unsafe { (*self.yielder.get()).suspend(step) };
    }

    /// Has the frames fetched that the next switch returns to.
    #[inline]
    pub fn warm_up(&self) {
        /// From the hook's wait to the caller's frame.
        const FRAMES: usize = 12;
        let frame = self.frame.get();
        for line in 0..FRAMES {
            arch::prefetch(frame + line * LINE);
        }
        // At the far end of the stack: where the switch back is noted.
        arch::prefetch(self.yielder.get() as usize);
    }
}
