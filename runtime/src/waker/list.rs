//! Lists of waiters.

use super::Waiter;
use crate::sync::{AtomicPtr, Relaxed};
use core::ptr::{NonNull, null_mut};

/// A waiter in a list, with what the list's owner keeps of it.
pub(crate) struct Node<T> {
    next: AtomicPtr<Node<T>>,
    back: AtomicPtr<Node<T>>,
    queued: bool,
    pub waiter: Waiter,
    pub data: T,
}

impl<T> Node<T> {
    pub fn new(waiter: Waiter, data: T) -> Self {
        Self { next: AtomicPtr::new(null_mut()), back: AtomicPtr::new(null_mut()), queued: false, waiter, data }
    }
}

/// A first-in-first-out list of nodes that lie on their waiters' stacks.
pub(crate) struct List<T> {
    head: *mut Node<T>,
    tail: *mut Node<T>,
}

// SAFETY: a list is reached under the lock that holds it, its nodes only through it.
unsafe impl<T> Send for List<T> {}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> List<T> {
    pub const fn new() -> Self {
        Self { head: null_mut(), tail: null_mut() }
    }

    pub fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// # Safety
    /// `node` is in no list, and neither moves nor ends before it is removed.
    pub unsafe fn push(&mut self, node: NonNull<Node<T>>) {
        let node = node.as_ptr();
        // SAFETY: the caller's promise; the tail is queued, hence alive.
        unsafe {
            (*node).queued = true;
            (*node).next.store(null_mut(), Relaxed);
            (*node).back.store(self.tail, Relaxed);
            match self.tail.as_ref() {
                None => self.head = node,
                Some(tail) => tail.next.store(node, Relaxed),
            }
        }
        self.tail = node;
    }

    /// Takes `node` out, if it is in.
    ///
    /// # Safety
    /// `node` is alive and was never in another list.
    pub unsafe fn remove(&mut self, node: NonNull<Node<T>>) {
        // SAFETY: the caller's promise; neighbours are queued, hence alive.
        unsafe {
            let node = node.as_ptr();
            if !(*node).queued {
                return;
            }
            (*node).queued = false;
            let next = (*node).next.load(Relaxed);
            let back = (*node).back.load(Relaxed);
            match next.as_ref() {
                None => self.tail = back,
                Some(next) => next.back.store(back, Relaxed),
            }
            match back.as_ref() {
                None => self.head = next,
                Some(back) => back.next.store(next, Relaxed),
            }
        }
    }

    /// The nodes from the oldest on.
    ///
    /// # Safety
    /// While they are gone through, the list is locked, and none but the present one is removed.
    pub unsafe fn iter(&self) -> impl Iterator<Item = NonNull<Node<T>>> + use<T> {
        let mut next = self.head;
        core::iter::from_fn(move || {
            let node = NonNull::new(next)?;
            // SAFETY: a node that is reached through the list is queued, hence alive.
            next = unsafe { node.as_ref() }.next.load(Relaxed);
            Some(node)
        })
    }
}

#[cfg(all(test, not(loom)))]
impl<T> Node<T> {
    fn is_queued(&self) -> bool {
        self.queued
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
