//! Where coroutines live. One slot each:
//!
//! ```text
//!  low                                                                        high
//!  +-------+----------------------------------+------------+--------------+------+
//!  | guard | stack, grows down  <-------------| static TLS | TCB (struct  | Task |
//!  |       |                                  |            |  pthread)    |      |
//!  +-------+----------------------------------+------------+--------------+------+
//!                                                          ^ thread pointer = pthread_t
//! ```
//!
//! Slots of one size and guard are a class; they are cut from chunks that grow, and never given
//! back to the kernel: a task's memory stays a task's memory, so that a stale look at one is
//! harmless. The memory is reserved, not used: an idle coroutine has touched the two pages at its
//! top. A slot's top and the next slot's guard are neighbours, so that they share a page table.

use super::Task;
use super::ids::Ids;
use crate::signals;
use crate::sync::{Acquire, AtomicPtr, Lock, Relaxed, Release, SeqCst, fence};
use crate::sys::memory::{self, PAGE};
use core::ptr::{NonNull, null_mut};

/// What the C library wants around a thread pointer, in bytes.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Below: the static TLS.
    pub tls: usize,
    /// The alignment of the thread pointer, a power of two.
    pub align: usize,
    /// From the thread pointer on: the TCB.
    pub tcb: usize,
}

/// Where the parts of one slot are.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Slot {
    pub thread_pointer: usize,
    /// Lowest usable address of the stack.
    pub stack_low: usize,
    /// Where the stack begins (it grows down), below the TLS.
    pub stack_high: usize,
    /// End of the slot.
    pub end: usize,
    /// Bytes of guard below `stack_low`.
    pub guard: usize,
    class: Option<u8>,
    /// The pooled slot that was made before this one.
    older: *mut Task,
}

impl Slot {
    /// The stack is executable if stacks are to be.
    fn follow(&self) {
        let low = self.stack_low - self.guard;
        // SAFETY: slots are cut from mappings of `reserve`, in whole pages.
        unsafe { memory::follow_stacks(low, self.guard, self.end - low) };
    }
}

/// How many sizes are pooled. A program that uses more gets the rest unpooled.
const CLASSES: usize = 64;
const FIRST_CHUNK: usize = 16;
const LAST_CHUNK: usize = 1024;

#[derive(Clone, Copy)]
struct Class {
    size: usize,
    guard: usize,
    /// Ended tasks, linked.
    free: *mut Task,
    /// The rest of the newest chunk.
    fresh: usize,
    fresh_left: usize,
    next_chunk: usize,
}

// SAFETY: the pointers are to slots that nobody uses; they are reached under the slab's lock.
unsafe impl Send for Class {}

/// Every slot of the process.
pub struct Slab {
    classes: Lock<[Class; CLASSES]>,
    shape: Shape,
    ids: Ids,
    /// The newest pooled slot: the head of a list of all.
    newest: AtomicPtr<Task>,
    /// The tasks in the program's own memory that have not given it back, linked.
    placed: Lock<Placed>,
}

struct Placed(*mut Task);
// SAFETY: the tasks in the list are alive; it is reached under its lock.
unsafe impl Send for Placed {}

impl Slab {
    pub const fn new(shape: Shape) -> Self {
        const EMPTY: Class =
            Class { size: 0, guard: 0, free: null_mut(), fresh: 0, fresh_left: 0, next_chunk: FIRST_CHUNK };
        Self {
            classes: Lock::new([EMPTY; CLASSES]),
            shape,
            ids: Ids::new(),
            newest: AtomicPtr::new(null_mut()),
            placed: Lock::new(Placed(null_mut())),
        }
    }

    /// A task with `stack` bytes of stack (its TLS and TCB within, as natively) over `guard` bytes
    /// of guard; both whole pages. `None`: the kernel refuses the memory, or there are too many threads (EAGAIN).
    /// The flag says that the slot is new: its TCB is zeroes. Else it is as its last user left it.
    pub fn take(&self, stack: usize, guard: usize) -> Option<(&'static Task, bool)> {
        signals::section(|| self.take_slot(stack, guard))
    }

    fn take_slot(&self, stack: usize, guard: usize) -> Option<(&'static Task, bool)> {
        let size = stack.checked_add(guard)?;
        let mut classes = self.classes.lock();
        let found = classes.iter().position(|c| c.size == 0 || (c.size, c.guard) == (size, guard));
        let Some(index) = found else {
            drop(classes);
            let id = self.ids.take()?;
            let Some(low) = memory::reserve(size) else {
                self.ids.give(id);
                return None;
            };
            return Some((self.found(low.as_ptr() as usize, size, guard, None, id), true));
        };
        let class = &mut classes[index];
        (class.size, class.guard) = (size, guard);
        if let Some(free) = NonNull::new(class.free) {
            // SAFETY: a free slot holds a task that nobody uses.
            class.free = unsafe { free.as_ref() }.link.load(Relaxed);
            drop(classes);
            // SAFETY: as above; it is the caller's now.
            let task = unsafe { free.as_ref() };
            task.renew(self.ids.exchange(task.id()));
            return Some((task, false));
        }
        if class.fresh_left == 0 {
            class.grow()?;
        }
        let id = self.ids.take()?;
        let low = class.fresh;
        class.fresh += size;
        class.fresh_left -= 1;
        drop(classes);
        Some((self.found(low, size, guard, Some(index as u8), id), true))
    }

    /// A task in the program's own memory (pthread_attr_setstack): never pooled, never unmapped.
    /// `None`: too small for the TLS, the TCB and a page of stack, or there are too many threads.
    ///
    /// # Safety
    /// `[low, low + size)` is writable, unused, and stays so until the thread is joined.
    pub unsafe fn place(&self, low: usize, size: usize) -> Option<&'static Task> {
        let slot = self.cut(low, size, 0, None);
        if slot.stack_high < low + PAGE {
            return None;
        }
        let id = signals::section(|| self.ids.take())?;
        // SAFETY: the caller's promise; glibc clears the descriptor of such a thread as well.
        unsafe {
            let head = slot.thread_pointer - self.shape.tls;
            core::ptr::write_bytes(head as *mut u8, 0, low + size - head);
        }
        Some(self.install(slot, id))
    }

    /// Takes back a slot whose TCB could not be made. It is new, and stays so: unused.
    ///
    /// # Safety
    /// The task was just taken, and never queued.
    pub unsafe fn give_unused(&self, task: &'static Task) {
        signals::section(|| self.ids.give(task.id()));
        if task.slot.class.is_none() {
            let low = task.slot.stack_low - task.slot.guard;
            if let Some(at) = NonNull::new(low as *mut u8) {
                // SAFETY: nobody has the task; its mapping is its own.
                unsafe { memory::release(at, task.slot.end - low) };
            }
        }
    }

    /// Calls `each` with the thread pointer of every pooled slot that has a TCB.
    pub fn for_each(&self, each: &mut dyn FnMut(*mut u8)) {
        let mut next = self.newest.load(Acquire);
        // SAFETY: pooled slots stay mapped, and the list only grows.
        while let Some(task) = unsafe { next.as_ref() } {
            each(task.slot.thread_pointer as *mut u8);
            next = task.slot.older;
        }
    }

    /// The task is about to be queued for the first time. In a section.
    pub(crate) fn launched(&self, task: &'static Task) {
        task.launched.store(true, Release);
        self.ids.publish(task);
        if !Self::pooled(task) {
            let mut placed = self.placed.lock();
            task.placed_before.store(placed.0, Relaxed);
            placed.0 = task.as_ptr().as_ptr();
        }
    }

    /// The task has left its stack for good. In a section.
    pub(crate) fn ended(&self, task: &Task) {
        self.ids.end(task.id());
    }

    /// Whether a thread in the program's memory has not given all of `[low, low + size)` back yet.
    pub fn is_taken(&self, low: usize, size: usize) -> bool {
        signals::section(|| {
            let placed = self.placed.lock();
            let mut next = placed.0;
            // SAFETY: a task in the list is in its memory.
            while let Some(task) = unsafe { next.as_ref() } {
                if task.slot.stack_low < low + size && low < task.slot.end {
                    return true;
                }
                next = task.placed_before.load(Relaxed);
            }
            false
        })
    }

    /// The memory of the task is the program's again.
    fn give_back(&self, task: &Task) {
        signals::section(|| {
            self.ids.give(task.id());
            let mut placed = self.placed.lock();
            let mut link = &raw mut placed.0;
            // SAFETY: the tasks in the list are in their memory; links of others are changed under the lock alone.
            unsafe {
                while *link != task.as_ptr().as_ptr() {
                    link = (**link).placed_before.as_ptr();
                }
                *link = task.placed_before.load(Relaxed);
            }
        });
    }

    /// Looks for a task that is alive and for which `found` says yes. In a section.
    pub(crate) fn any_task(&self, found: &mut dyn FnMut(&'static Task) -> bool) -> bool {
        let mut next = self.newest.load(Acquire);
        // SAFETY: pooled slots stay mapped, and the list only grows.
        while let Some(task) = unsafe { next.as_ref() } {
            if task.is_launched() && found(task) {
                return true;
            }
            next = task.slot.older;
        }
        let placed = self.placed.lock();
        let mut next = placed.0;
        // SAFETY: a task in the list is alive while the lock is held.
        while let Some(task) = unsafe { next.as_ref() } {
            if task.is_launched() && found(task) {
                return true;
            }
            next = task.placed_before.load(Relaxed);
        }
        false
    }

    /// The live task whose id the program knows as `id`; `found` is called while it can't end.
    pub fn with_id<R>(&self, id: u32, found: impl FnOnce(&'static Task) -> R) -> Option<R> {
        signals::section(|| self.ids.with(id, found))
    }

    fn task_at(&self, slot: &Slot) -> *mut Task {
        (slot.thread_pointer + self.shape.tcb).next_multiple_of(align_of::<Task>()) as *mut Task
    }

    /// Takes an ended task back.
    ///
    /// # Safety
    /// Nobody uses the task any more: it has left its stack and was joined or detached.
    pub unsafe fn give(&self, task: &'static Task) {
        let Some(class) = task.slot.class else {
            return self.give_back(task);
        };
        signals::section(|| {
            let mut classes = self.classes.lock();
            let class = &mut classes[class as usize];
            task.link.store(class.free, Relaxed);
            class.free = task.as_ptr().as_ptr();
        });
    }

    /// Whether [`Slab::give`] keeps the slot; where not, the caller gives the memory back.
    pub fn pooled(task: &Task) -> bool {
        task.slot.class.is_some()
    }

    fn cut(&self, low: usize, size: usize, guard: usize, class: Option<u8>) -> Slot {
        let end = low + size;
        let task = (end - size_of::<Task>()) & !(align_of::<Task>() - 1);
        let align = self.shape.align.max(align_of::<Task>());
        let thread_pointer = (task - self.shape.tcb) & !(align - 1);
        Slot {
            thread_pointer,
            stack_low: low + guard,
            stack_high: (thread_pointer - self.shape.tls) & !(align - 1),
            end,
            guard,
            class,
            older: null_mut(),
        }
    }

    fn found(&self, low: usize, size: usize, guard: usize, class: Option<u8>, id: u32) -> &'static Task {
        if guard > 0 {
            // SAFETY: the lowest pages of a slot that nobody uses yet. Without the guard an
            // overflow would run into the neighbour, which is no reason to refuse the thread.
            let _ = unsafe { memory::guard(low as *mut u8, guard) };
        }
        let task = self.install(self.cut(low, size, guard, class), id);
        if class.is_none() {
            task.slot.follow();
        }
        task
    }

    /// A TCB has been made in the new slot of `task`: it is one of those that [`Slab::for_each`] names.
    pub fn made(&self, task: &Task) {
        self.list(task.as_ptr().as_ptr());
        // Whoever makes stacks executable says so first and walks the list then: one of the two sees the other.
        fence(SeqCst);
        task.slot.follow();
    }

    /// Makes all stacks executable, and those to come: code on them is to run.
    pub fn make_executable(&self) {
        fence(SeqCst);
        let mut next = self.newest.load(Acquire);
        // SAFETY: pooled slots stay mapped, and the list only grows.
        while let Some(task) = unsafe { next.as_ref() } {
            task.slot.follow();
            next = task.slot.older;
        }
    }

    fn list(&self, task: *mut Task) {
        let mut older = self.newest.load(Relaxed);
        loop {
            // SAFETY: the task is its maker's alone until it is queued.
            unsafe { (*task).slot.older = older };
            match self.newest.compare_exchange_weak(older, task, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => older = now,
            }
        }
    }

    /// Writes a new task into its slot.
    fn install(&self, slot: Slot, id: u32) -> &'static Task {
        let at = self.task_at(&slot);
        // SAFETY: `cut` has left room for a task there, and the slot is the caller's.
        unsafe {
            at.write(Task::new(slot, id));
            &*at
        }
    }
}

impl Class {
    /// Reserves a chunk of slots: ever larger ones, smaller ones where the kernel refuses.
    fn grow(&mut self) -> Option<()> {
        let mut slots = self.next_chunk;
        loop {
            if let Some(low) = self.size.checked_mul(slots).and_then(memory::reserve) {
                self.fresh = low.as_ptr() as usize;
                self.fresh_left = slots;
                self.next_chunk = (slots * 2).min(LAST_CHUNK);
                return Some(());
            }
            if slots == 1 {
                return None;
            }
            slots /= 2;
        }
    }
}
