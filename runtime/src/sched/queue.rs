//! A run queue: first in, first out, without bound and without allocation, since its links are in
//! the coroutines.
//!
//! It is a list under a lock, not a lock-free ring, for two reasons. A worker may briefly have two
//! owners (the monitor has taken it from an OS thread that is just coming back), so a queue with a
//! single producer would be unsound; and a ring has an end, past which there would have to be a
//! second queue. An uncontended push or pop is two atomic instructions.

use crate::sync::{AtomicPtr, AtomicUsize, Lock, Relaxed};
use core::ptr::{NonNull, null_mut};

/// What can be in a queue: it has room for one link.
pub trait Linked: Sized {
    fn link(&self) -> &AtomicPtr<Self>;
}

struct Ends<T> {
    head: *mut T,
    tail: *mut T,
}

// SAFETY: the pointers are to nodes that the queue owns; they are reached under its lock.
unsafe impl<T> Send for Ends<T> {}

/// See the module.
pub struct Queue<T> {
    ends: Lock<Ends<T>>,
    /// Read without the lock by those who look for work.
    len: AtomicUsize,
}

impl<T: Linked> Queue<T> {
    pub fn new() -> Self {
        Self { ends: Lock::new(Ends { head: null_mut(), tail: null_mut() }), len: AtomicUsize::new(0) }
    }

    /// How many are queued; a hint to any but the lock's holder.
    #[inline]
    pub fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds `node` at the end; returns how many are queued now.
    ///
    /// # Safety
    /// `node` is in no queue, and stays alive until it is popped.
    #[inline]
    pub unsafe fn push(&self, node: NonNull<T>) -> usize {
        // SAFETY: the caller gives the node to the queue.
        unsafe { self.append(node, node, 1) }
    }

    /// Adds the chain `first ..= last` of `n` linked nodes.
    ///
    /// # Safety
    /// As for `push`, for each node.
    pub unsafe fn append(&self, first: NonNull<T>, last: NonNull<T>, n: usize) -> usize {
        let mut ends = self.ends.lock();
        // SAFETY: the chain is the queue's from here on.
        unsafe { last.as_ref() }.link().store(null_mut(), Relaxed);
        match NonNull::new(ends.tail) {
            None => ends.head = first.as_ptr(),
            // SAFETY: a node in the queue is alive.
            Some(tail) => unsafe { tail.as_ref() }.link().store(first.as_ptr(), Relaxed),
        }
        ends.tail = last.as_ptr();
        let len = self.len.load(Relaxed) + n;
        self.len.store(len, Relaxed);
        len
    }

    /// Takes the first.
    #[inline]
    pub fn pop(&self) -> Option<NonNull<T>> {
        self.pop_and_see(|_| {})
    }

    /// Takes the first, and shows the one that is first then: it is the caller's to look at during the call.
    #[inline]
    pub fn pop_and_see(&self, see: impl FnOnce(&T)) -> Option<NonNull<T>> {
        if self.is_empty() {
            return None;
        }
        let mut ends = self.ends.lock();
        let node = NonNull::new(ends.head)?;
        // SAFETY: a node in the queue is alive.
        ends.head = unsafe { node.as_ref() }.link().load(Relaxed);
        if ends.head.is_null() {
            ends.tail = null_mut();
        }
        self.len.store(self.len.load(Relaxed) - 1, Relaxed);
        // SAFETY: a node in the queue is alive, and stays in it while the lock is held.
        if let Some(next) = unsafe { ends.head.as_ref() } {
            see(next);
        }
        Some(node)
    }

    /// Takes the older half (at least one) out of the queue and appends it to `thief`; returns how
    /// many that were.
    pub fn steal_into(&self, thief: &Self) -> usize {
        if self.is_empty() {
            return 0;
        }
        let mut ends = self.ends.lock();
        let Some(first) = NonNull::new(ends.head) else {
            return 0;
        };
        let n = self.len.load(Relaxed).div_ceil(2);
        let mut last = first;
        for _ in 1..n {
            // SAFETY: the queue has `len` nodes, linked and alive, and `n` is at most that.
            last = unsafe { NonNull::new_unchecked(last.as_ref().link().load(Relaxed)) };
        }
        // SAFETY: as above.
        ends.head = unsafe { last.as_ref() }.link().load(Relaxed);
        if ends.head.is_null() {
            ends.tail = null_mut();
        }
        self.len.store(self.len.load(Relaxed) - n, Relaxed);
        // Never two queues' locks at once: two thieves could rob each other.
        drop(ends);
        // SAFETY: the chain was cut out of this queue under its lock.
        unsafe { thief.append(first, last, n) };
        n
    }
}

#[cfg(all(test, not(loom)))]
#[path = "queue/tests.rs"]
mod tests;
