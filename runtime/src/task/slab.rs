//! Where coroutines live. A stack each, as glibc lays them out:
//!
//! ```text
//!  low                                                                        high
//!  +-------+----------------------------------+------------+--------------+------+
//!  | guard | stack, grows down  <-------------| static TLS | TCB (struct  | Rest |
//!  |       |                                  |            |  pthread)    |      |
//!  +-------+----------------------------------+------------+--------------+------+
//!                                                          ^ thread pointer = pthread_t
//! ```
//!
//! The memory is reserved, not used: an idle coroutine has touched the two pages at its top. Each stack is a mapping of
//! its own (`sys/stack.rs`), so that a limit of addresses counts what it counts natively; those of threads that have
//! ended are kept for others (`cache.rs`), or unmapped. The task that a stack belongs to lies elsewhere, and stays
//! (`table.rs`); but for the rest of it, which nobody looks at when the thread is gone.

use super::cache::{Cache, Excess, Kept};
use super::ids::Ids;
use super::slot::Slot;
use super::table::Table;
use super::{REST_AT, Rest, Task};
use crate::section::section;
use crate::sync::{AtomicUsize, Lock, Relaxed, Release, SeqCst, fence};
use crate::sys::memory;
use crate::sys::stack::{self, Guarded};
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

/// How many stacks are mappings apart, two for each with its guard: a quarter of what Linux allows a process, for the
/// program needs some, too, and holes between the further stacks, which may be one mapping, take some when threads end.
const APART: usize = 1 << 13;

/// Every stack of the process.
pub struct Slab {
    shape: Shape,
    /// The host saves what the TCB of a task holds, before its memory goes.
    set_aside: fn(&Task),
    /// Called when a stack is cold, that [`Slab::unmap_idle`] is to unmap.
    cooled: fn(),
    tasks: Table,
    ids: Ids,
    cache: Lock<Shelf>,
    /// How many stacks in it are cold.
    cold: AtomicUsize,
    /// How many stacks are mappings apart.
    apart: AtomicUsize,
    /// Whoever goes through all stacks; and whoever takes one away, for a moment, before.
    walk: Lock<()>,
    /// The tasks in the program's own memory that have not given it back, linked.
    placed: Lock<Placed>,
}

struct Placed(*mut Task);
// SAFETY: the tasks in the list are alive; it is reached under its lock.
unsafe impl Send for Placed {}

/// The cache, once there is one; and whether addresses are scarce.
struct Shelf {
    cache: *mut Cache,
    scarce: bool,
}
// SAFETY: the cache is reached under its lock.
unsafe impl Send for Shelf {}

impl Shelf {
    /// `None`: the kernel refuses the memory for one.
    fn cache(&mut self) -> Option<&mut Cache> {
        if self.cache.is_null() {
            self.cache = memory::reserve(size_of::<Cache>())?.as_ptr().cast();
        }
        // SAFETY: all-zero memory is an empty cache; it is never freed, and the caller has the lock.
        Some(unsafe { &mut *self.cache })
    }
}

impl Slab {
    pub fn new(shape: Shape, set_aside: fn(&Task), cooled: fn()) -> Self {
        REST_AT.store(shape.tcb.next_multiple_of(align_of::<Rest>()), Relaxed);
        Self {
            shape,
            set_aside,
            cooled,
            tasks: Table::new(),
            ids: Ids::new(),
            cache: Lock::new(Shelf { cache: null_mut(), scarce: false }),
            cold: AtomicUsize::new(0),
            apart: AtomicUsize::new(0),
            walk: Lock::new(()),
            placed: Lock::new(Placed(null_mut())),
        }
    }

    /// A task with `stack` bytes of stack (its TLS and TCB within, as natively) over `guard` bytes of guard; the stack is a
    /// multiple of the alignment, the guard of a page. `None`: the kernel refuses the memory, or there are too many threads
    /// (EAGAIN). The flag says that the stack is new: its TCB is zeroes. Else it is as its last user left it.
    pub fn take(&self, stack: usize, guard: usize) -> Option<(&'static Task, bool)> {
        let size = stack.checked_add(guard)?;
        section(|| match self.take_kept(|cache| cache.take(size, guard)) {
            Some(task) => {
                task.renew(self.ids.exchange(task.id()));
                // SAFETY: it is the task's own stack.
                unsafe { task.settle_on(task.thread_pointer(), task.slot) };
                Some((task, false))
            }
            None => self.make(size, guard).map(|task| (task, true)),
        })
    }

    /// Acts on the cache. `None`: there is none.
    fn with_cache<R>(&self, act: impl FnOnce(&mut Cache, bool) -> R) -> Option<R> {
        let mut shelf = self.cache.lock();
        let scarce = shelf.scarce;
        let cache = shelf.cache()?;
        let result = act(cache, scarce);
        if cache.cold() != self.cold.load(Relaxed) {
            self.cold.store(cache.cold(), SeqCst);
        }
        Some(result)
    }

    fn take_kept(&self, choose: impl FnOnce(&mut Cache) -> Option<Kept>) -> Option<&'static Task> {
        self.with_cache(|cache, _| choose(cache).map(Kept::task))?
    }

    fn make(&self, size: usize, guard: usize) -> Option<&'static Task> {
        self.cache.lock().scarce = stack::are_addresses_limited();
        let apart = self.apart.load(Relaxed) < APART;
        let mapped = loop {
            if let Some(mapped) = stack::map(size, guard, apart) {
                break mapped;
            }
            // What is kept for others goes first.
            self.unmap(self.take_kept(Cache::take_any)?);
        };
        let (low, guarded) = mapped;
        let Some(task) = self.task() else {
            // SAFETY: nobody has used it.
            unsafe { stack::unmap(low, size) };
            return None;
        };
        if guarded == Guarded::Apart {
            self.apart.fetch_add(1, Relaxed);
        }
        let (thread_pointer, slot) = self.cut(low.as_ptr() as usize, size, guard, Some(guarded));
        // SAFETY: the stack is the task's, and `cut` has left the room.
        unsafe { task.settle_on(thread_pointer, slot) };
        // Whoever makes stacks executable says so first, and goes through them then: one of the two sees the other.
        fence(SeqCst);
        slot.follow();
        Some(task)
    }

    /// A task without a stack.
    fn task(&self) -> Option<&'static Task> {
        if let Some(task) = self.tasks.reuse() {
            task.renew(self.ids.exchange(task.id()));
            return Some(task);
        }
        let id = self.ids.take()?;
        let made = self.tasks.make(id);
        if made.is_none() {
            self.ids.give(id);
        }
        made
    }

    /// A task in the program's own memory (pthread_attr_setstack): never kept, never unmapped. `None`: no room for TLS, TCB
    /// and a stack, or there are too many threads.
    ///
    /// # Safety
    /// `[low, low + size)` is writable, unused, and stays so until the thread is joined.
    pub unsafe fn place(&self, low: usize, size: usize) -> Option<&'static Task> {
        const LEAST: usize = 1 << 10;
        section(|| {
            let (thread_pointer, slot) = self.cut(low, size, 0, None);
            let head = slot.stack_high;
            if head < low + LEAST {
                return None;
            }
            let task = self.task()?;
            // SAFETY: the caller's promise; glibc clears the descriptor of such a thread as well. `cut` has left the room.
            unsafe {
                core::ptr::write_bytes(head as *mut u8, 0, slot.end - head);
                task.settle_on(thread_pointer, slot);
            }
            Some(task)
        })
    }

    /// Takes back a task whose TCB could not be made, with its stack.
    ///
    /// # Safety
    /// The task was just taken, and never queued.
    pub unsafe fn give_unused(&self, task: &'static Task) {
        section(|| self.unmap(task));
    }

    /// Calls `each` with the thread pointer of every stack; there is a TCB, or zeroes where one is about to be made.
    pub fn for_each(&self, each: &mut dyn FnMut(*mut u8)) {
        self.walk(|task| each(task.thread_pointer() as *mut u8));
    }

    /// Calls `each` with every task that has a stack; meanwhile none loses it.
    fn walk(&self, mut each: impl FnMut(&'static Task)) {
        section(|| {
            let _held = self.walk.lock();
            self.tasks.all().filter(|task| task.has_stack()).for_each(&mut each);
        });
    }

    /// The task is about to be queued for the first time. In a section.
    pub(crate) fn launched(&self, task: &'static Task) {
        task.launched.store(true, Release);
        self.ids.publish(task);
        if task.slot.guarded.is_none() {
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
        section(|| {
            let placed = self.placed.lock();
            let mut next = placed.0;
            // SAFETY: a task in the list is in its memory.
            while let Some(task) = unsafe { next.as_ref() } {
                let slot = task.slot;
                if slot.stack_low < low + size && low < slot.end {
                    return true;
                }
                next = task.placed_before.load(Relaxed);
            }
            false
        })
    }

    fn unlist(&self, task: &Task) {
        let mut placed = self.placed.lock();
        let mut link = &raw mut placed.0;
        // SAFETY: the task is in the list, whose links are changed under the lock alone.
        unsafe {
            while *link != task.as_ptr().as_ptr() {
                let before: &Task = &**link;
                link = before.placed_before.as_ptr();
            }
            *link = task.placed_before.load(Relaxed);
        }
    }

    /// Looks for a task that is alive and for which `found` says yes; meanwhile it can't end. In a section.
    pub(crate) fn any_task(&self, found: &mut dyn FnMut(&'static Task) -> bool) -> bool {
        let mut asks = |task: &'static Task| task.is_launched() && self.ids.with(task.id(), &mut *found) == Some(true);
        self.tasks.all().any(&mut asks)
    }

    /// The live task whose id the program knows as `id`; `found` is called while it can't end.
    pub fn with_id<R>(&self, id: u32, found: impl FnOnce(&'static Task) -> R) -> Option<R> {
        section(|| self.ids.with(id, found))
    }

    /// Takes an ended task back.
    ///
    /// # Safety
    /// Nobody uses the task any more: it has left its stack and was joined or detached.
    pub unsafe fn give(&self, task: &'static Task) {
        section(|| {
            let slot = task.slot;
            if slot.guarded.is_none() {
                self.unlist(task);
                return self.unmap(task);
            }
            let kept = Kept { size: slot.end - slot.low(), guard: slot.guard, task };
            // What a stack that was cut down keeps.
            let top = slot.end - slot.top();
            let put = |cache: &mut Cache, scarce| cache.put(kept).then(|| cache.excess(top, scarce));
            let Some(Some(mut excess)) = self.with_cache(put) else {
                return self.unmap(task);
            };
            while let Some(pushed_out) = excess {
                match pushed_out {
                    Excess::Cool(kept) => self.cool(kept),
                    Excess::Unmap(kept) => self.unmap(kept.task()),
                }
                excess = self.with_cache(|cache, scarce| cache.excess(top, scarce)).flatten();
            }
            if self.has_cold() {
                (self.cooled)();
            }
        });
    }

    /// Cuts a stack from the cache down to its top.
    fn cool(&self, kept: Kept) {
        let task = kept.task();
        let slot = task.slot;
        // SAFETY: its stack is nobody's.
        unsafe { memory::clear(slot.stack_low as *mut u8, slot.top() - slot.stack_low) };
        if self.with_cache(|cache, _| cache.put_cold(kept)) != Some(true) {
            self.unmap(task);
        }
    }

    /// Whether there are stacks that [`Slab::unmap_idle`] will unmap if nobody wants them.
    pub(crate) fn has_cold(&self) -> bool {
        self.cold.load(SeqCst) > 0
    }

    /// Unmaps some of the cold stacks that nobody has wanted for a while; `over`: one is over. By the monitor, at each look.
    pub(crate) fn unmap_idle(&self, over: bool) {
        /// A quarter of a millisecond.
        const AT_A_TIME: usize = 64;
        if !self.has_cold() {
            return;
        }
        if over {
            self.with_cache(|cache, _| cache.mark());
        }
        core::iter::from_fn(|| self.take_kept(Cache::take_due)).take(AT_A_TIME).for_each(|task| self.unmap(task));
    }

    /// Gives the task's stack back, to the kernel or to the program. The task has ended, or never began.
    fn unmap(&self, task: &'static Task) {
        (self.set_aside)(task);
        let slot = task.slot;
        // Whoever walks has seen the stack, and is done with it, or does not see it.
        let walk = self.walk.lock();
        task.leave_stack();
        drop(walk);
        if slot.guarded == Some(Guarded::Apart) {
            self.apart.fetch_sub(1, Relaxed);
        }
        if let (Some(_), Some(at)) = (slot.guarded, NonNull::new(slot.low() as *mut u8)) {
            // SAFETY: nobody uses the stack, or finds it.
            unsafe { stack::unmap(at, slot.end - slot.low()) };
        }
        self.tasks.give(task);
    }

    fn cut(&self, low: usize, size: usize, guard: usize, guarded: Option<Guarded>) -> (usize, Slot) {
        let end = low + size;
        let align = !(self.shape.align - 1);
        let above = self.shape.tcb.next_multiple_of(align_of::<Rest>()) + size_of::<Rest>();
        let thread_pointer = (end - above) & align;
        let stack_high = (thread_pointer - self.shape.tls) & align;
        (thread_pointer, Slot { stack_low: low + guard, stack_high, end, guard, guarded })
    }

    /// Makes all stacks executable, and those to come: code on them is to run.
    pub fn make_executable(&self) {
        fence(SeqCst);
        self.walk(|task| task.slot.follow());
    }
}
