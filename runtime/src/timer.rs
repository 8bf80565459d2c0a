//! Timers: a pairing heap whose nodes lie on the stacks of the coroutines that wait, so that a
//! time-out costs no allocation. Insert is O(1), the rest O(log n) amortised.
//!
//! A node is in the heap of one worker, under that worker's lock. Its coroutine takes it out before
//! its stack frame ends, whoever woke it.

use crate::sys::clock::Deadline;
use core::ptr::{NonNull, null_mut};

/// One deadline, and whom it wakes.
pub struct Timer<T> {
    pub deadline: Deadline,
    pub payload: T,
    /// First of the children, whose siblings are a list.
    child: *mut Timer<T>,
    /// Next sibling.
    next: *mut Timer<T>,
    /// Previous sibling, or the parent for a first child; null: the root, or not in a heap.
    back: *mut Timer<T>,
    queued: bool,
}

impl<T> Timer<T> {
    pub const fn new(deadline: Deadline, payload: T) -> Self {
        Self { deadline, payload, child: null_mut(), next: null_mut(), back: null_mut(), queued: false }
    }
}

/// See the module. Every pointer in it is to a `Timer` that its owner takes out before it ends.
pub struct Heap<T> {
    root: *mut Timer<T>,
}

// SAFETY: a heap is reached under its worker's lock, its nodes only through it.
unsafe impl<T> Send for Heap<T> {}

impl<T> Heap<T> {
    pub const fn new() -> Self {
        Self { root: null_mut() }
    }

    /// The earliest deadline, or [`Deadline::NEVER`].
    pub fn earliest(&self) -> Deadline {
        // SAFETY: the root is a queued node, hence alive.
        unsafe { self.root.as_ref() }.map_or(Deadline::NEVER, |timer| timer.deadline)
    }

    /// # Safety
    /// `timer` is in no heap, and neither moves nor ends before it is removed or popped.
    pub unsafe fn insert(&mut self, timer: NonNull<Timer<T>>) {
        let timer = timer.as_ptr();
        // SAFETY: the caller lends the node to the heap; the root is alive.
        unsafe {
            (*timer).queued = true;
            self.root = meld(self.root, timer);
        }
    }

    /// Takes `timer` out, if it is still in.
    ///
    /// # Safety
    /// `timer` was never in another heap.
    pub unsafe fn remove(&mut self, timer: NonNull<Timer<T>>) {
        let timer = timer.as_ptr();
        // SAFETY: all nodes that are linked to each other are queued here, hence alive.
        unsafe {
            if !(*timer).queued {
                return;
            }
            if timer == self.root {
                self.pop_root();
                return;
            }
            let back = (*timer).back;
            if (*back).child == timer {
                (*back).child = (*timer).next;
            } else {
                (*back).next = (*timer).next;
            }
            if let Some(next) = (*timer).next.as_mut() {
                next.back = back;
            }
            let orphans = merge_pairs((*timer).child);
            self.root = meld(self.root, orphans);
            unlink(timer);
        }
    }

    /// Takes the earliest out if its time has come.
    pub fn pop_due(&mut self, now: u64) -> Option<NonNull<Timer<T>>> {
        if self.earliest().0 > now {
            return None;
        }
        let due = NonNull::new(self.root)?;
        self.pop_root();
        Some(due)
    }

    fn pop_root(&mut self) {
        let root = self.root;
        // SAFETY: the root is queued, hence alive, and so are its children.
        unsafe {
            self.root = merge_pairs((*root).child);
            unlink(root);
        }
    }
}

unsafe fn unlink<T>(timer: *mut Timer<T>) {
    // SAFETY: the caller has taken a live node out of the heap.
    unsafe {
        (*timer).child = null_mut();
        (*timer).next = null_mut();
        (*timer).back = null_mut();
        (*timer).queued = false;
    }
}

/// Makes one heap of two roots; the later one becomes the first child of the earlier.
unsafe fn meld<T>(a: *mut Timer<T>, b: *mut Timer<T>) -> *mut Timer<T> {
    if a.is_null() {
        return b;
    }
    if b.is_null() {
        return a;
    }
    // SAFETY: both are live roots: without siblings and without parent.
    unsafe {
        let (root, child) = if (*b).deadline < (*a).deadline { (b, a) } else { (a, b) };
        (*child).next = (*root).child;
        if let Some(next) = (*child).next.as_mut() {
            next.back = child;
        }
        (*child).back = root;
        (*root).child = child;
        root
    }
}

/// Makes one heap of a list of siblings, in two passes: pairs from the left, then all from the
/// right. A loop, not a recursion: a heap of 100,000 sleepers may be one list.
unsafe fn merge_pairs<T>(mut list: *mut Timer<T>) -> *mut Timer<T> {
    let mut pairs: *mut Timer<T> = null_mut();
    // SAFETY: the list's nodes are live, and each is cut off before it is melded.
    unsafe {
        while let Some(first) = cut_first(&mut list) {
            let second = cut_first(&mut list).unwrap_or(null_mut());
            let pair = meld(first, second);
            (*pair).next = pairs;
            pairs = pair;
        }
        let mut root = null_mut();
        while let Some(pair) = cut_first(&mut pairs) {
            root = meld(root, pair);
        }
        root
    }
}

unsafe fn cut_first<T>(list: &mut *mut Timer<T>) -> Option<*mut Timer<T>> {
    let first = *list;
    // SAFETY: a non-null list begins with a live node.
    unsafe {
        *list = (*NonNull::new(first)?.as_ptr()).next;
        (*first).next = null_mut();
        (*first).back = null_mut();
    }
    Some(first)
}

#[cfg(all(test, not(loom)))]
mod tests;
