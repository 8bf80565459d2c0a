//! A coroutine: what the scheduler knows of one thread of the program.
//!
//! Who may touch what, and when:
//!
//! * `state` and `thread.life`: anybody, they are atomic and say who may touch the rest.
//! * `link`: the run queue that the task is in, or whoever took it out or woke it (`Woken::Enqueue`).
//! * `context`, `controls`, `stints.weight`: the OS thread that runs the task (between `resume` and `settle`).
//! * `carrier`: written by that OS thread; read by the task itself, and as a hint by others.
//! * `stints.timed`, `cpu`: see `sched/cpu_clock.rs`.
//! * `bound_to`: see `sched/bind.rs`.
//! * the rest: set before the task is first queued.

mod cache;
mod context;
pub mod ids;
mod inbox;
mod place;
pub mod slab;
mod slot;
mod state;
mod stint;
mod table;
mod thread;

pub(crate) use context::{Context, Step};
pub(crate) use inbox::{Entry, Inbox};
pub use state::{Settled, State, Ticket, Wake, Whereabouts, Woken};
pub(crate) use stint::{CpuTime, LIGHT_NS, Stints};
pub use thread::{Start, Thread, life};

use crate::arch::{self, Controls};
use crate::local::{self, Local, Opaque};
use crate::sync::{Acquire, AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Relaxed, Release, SeqCst};
use crate::sys::signal::{AltStack, Number};
use core::cell::Cell;
use core::mem::offset_of;
use core::ptr::{NonNull, null_mut};
use slot::Slot;

/// See the module. Two cache lines, with all that a switch looks at, and what strangers may look at even when the task has
/// ended. The [`Rest`] is in the memory of its stack.
#[repr(C, align(64))]
pub struct Task {
    pub(crate) state: State,
    pub(crate) link: AtomicPtr<Task>,
    /// Who runs it, or ran it last: a carrier, of which the scheduler knows more.
    pub(crate) carrier: AtomicPtr<Opaque>,
    pub(crate) context: Context,
    pub(crate) controls: Cell<Controls>,
    /// The thread id that the program sees: see `ids.rs`.
    id: AtomicU32,
    /// The signal mask of the thread: kernel layout. Only the thread itself changes it.
    mask: AtomicU64,
    /// Signals sent to this thread that it has not taken yet, kernel layout; what is told of them is in `inbox`.
    pub(crate) signals: AtomicU64,
    /// Somebody wants the thread to look up from its next wait.
    interrupted: AtomicBool,
    /// Whether `thread.alt_stack` is one: most threads have none, and need not look there.
    has_alt_stack: Cell<bool>,
    /// The thread goes from one context to another (swapcontext(3)), which changes the mask without a call that we see.
    pub has_contexts: Cell<bool>,
    pub(crate) stints: Stints,
    /// It has been queued, and has not come to its end: signals may be sent to it.
    launched: AtomicBool,
    /// Of its TCB; 0: it has no stack.
    thread_pointer: AtomicUsize,
}

/// What a task has only while it has a stack, above the TCB: there is room in the page that the TCB is in. It reads as part
/// of the task.
pub struct Rest {
    /// The task's stack.
    pub slot: Slot,
    pub(crate) inbox: Inbox,
    pub thread: Thread,
    pub(crate) cpu: CpuTime,
    /// The carrier that runs this task alone, once `state` says that it is bound.
    pub(crate) bound_to: AtomicPtr<Opaque>,
    /// The task in the program's memory that was launched before this one.
    placed_before: AtomicPtr<Task>,
}

/// A cache line, in bytes.
const LINE: usize = 64;
const _: () = assert!(size_of::<Task>() == 2 * LINE);
// Who wakes or queues a task touches the first line only.
const _: () = assert!(offset_of!(Task, link) < LINE && offset_of!(Task, carrier) < LINE);

// SAFETY: the non-atomic fields are used by one thread at a time, as the module says.
unsafe impl Sync for Task {}

/// How far above a thread pointer the rest of its task is: one number a process.
static REST_AT: AtomicUsize = AtomicUsize::new(0);

impl core::ops::Deref for Task {
    type Target = Rest;

    #[inline]
    fn deref(&self) -> &Rest {
        debug_assert!(self.has_stack());
        // SAFETY: whoever asks for it has a task that has not been given back, and so a stack, with its rest.
        unsafe { &*((self.thread_pointer() + REST_AT.load(Relaxed)) as *const Rest) }
    }
}

impl Rest {
    fn new(slot: Slot) -> Self {
        Self {
            slot,
            inbox: Inbox::default(),
            thread: Thread::default(),
            cpu: CpuTime::default(),
            bound_to: AtomicPtr::new(null_mut()),
            placed_before: AtomicPtr::new(null_mut()),
        }
    }
}

impl Task {
    /// A task that had no life before, without a stack.
    fn new(id: u32) -> Self {
        Self {
            state: State::runnable(id),
            link: AtomicPtr::new(null_mut()),
            carrier: AtomicPtr::new(null_mut()),
            context: Context::new(),
            controls: Cell::new(Controls::read()),
            id: AtomicU32::new(id),
            mask: AtomicU64::new(0),
            signals: AtomicU64::new(0),
            interrupted: AtomicBool::new(false),
            has_alt_stack: Cell::new(false),
            has_contexts: Cell::new(false),
            stints: Stints::default(),
            launched: AtomicBool::new(false),
            thread_pointer: AtomicUsize::new(0),
        }
    }

    /// Begins another life in the place of a task that has ended: as [`Task::new`], but what others may read at any time
    /// is never without a value. The task is the caller's alone.
    fn renew(&self, id: u32) {
        // Every field is named, so that a new one can't be forgotten here.
        let Self {
            state,
            link,
            carrier,
            context,
            controls,
            id: own_id,
            mask,
            signals,
            interrupted,
            has_alt_stack,
            has_contexts,
            stints,
            launched: _,       // `refuse_signals` has cleared it
            thread_pointer: _, // the stack's
        } = self;
        own_id.store(id, Relaxed);
        link.store(null_mut(), Relaxed);
        carrier.store(null_mut(), Relaxed);
        context.renew();
        controls.set(Controls::read());
        mask.store(0, Relaxed);
        signals.store(0, Relaxed);
        interrupted.store(false, Relaxed);
        has_alt_stack.set(false);
        has_contexts.set(false);
        stints.renew();
        state.renew(id);
    }

    /// Gives the task, which is the caller's, a stack, or the one that it has once more: for a new life.
    ///
    /// # Safety
    /// The memory above the TCB is the task's, with room for a [`Rest`].
    unsafe fn settle_on(&self, thread_pointer: usize, slot: Slot) {
        let rest = thread_pointer + REST_AT.load(Relaxed);
        // SAFETY: the caller's promise.
        unsafe { (rest as *mut Rest).write(Rest::new(slot)) };
        self.context.settle_at(slot.stack_high);
        self.thread_pointer.store(thread_pointer, Release);
    }

    /// The task, which is the caller's, has no stack any more.
    fn leave_stack(&self) {
        self.thread_pointer.store(0, Relaxed);
    }

    fn has_stack(&self) -> bool {
        self.thread_pointer.load(Acquire) != 0
    }

    /// The thread id that the program sees.
    pub fn id(&self) -> u32 {
        self.id.load(Relaxed)
    }

    /// The thread pointer of the coroutine: its TCB's address, which is also its pthread_t.
    #[inline]
    pub fn thread_pointer(&self) -> usize {
        self.thread_pointer.load(Relaxed)
    }

    /// Has the first switch to the task begin with `entry`, on its stack.
    ///
    /// # Safety
    /// The task is not queued, has no frames, and its stack is unused.
    pub(crate) unsafe fn prepare(&'static self, entry: fn(&'static Task)) {
        let Slot { stack_low, stack_high, .. } = self.slot;
        // SAFETY: the caller's promise.
        unsafe { self.context.build(stack_low, stack_high, move || entry(self)) };
    }

    /// The next wait of the task is to end at once.
    pub(crate) fn set_interruption(&self) {
        self.interrupted.store(true, SeqCst);
    }

    #[inline]
    pub(crate) fn take_interruption(&self) -> bool {
        self.interrupted.load(SeqCst) && self.interrupted.swap(false, SeqCst)
    }

    /// Has what the task will touch first fetched: it runs next. With a thousand coroutines none of that is in a cache,
    /// and the misses, one after the other, would cost more than the switch.
    #[inline]
    pub(crate) fn warm_up(&self, storage: &[isize]) {
        self.context.warm_up();
        arch::prefetch(self.thread_pointer().wrapping_add_signed(arch::local_offset()));
        for offset in storage {
            arch::prefetch(self.thread_pointer().wrapping_add_signed(*offset));
        }
        // The task after that: what this function will read of it.
        let next = self.link.load(Relaxed) as usize;
        arch::prefetch(next);
        arch::prefetch(next + LINE);
    }

    /// Where the thread's handlers run that ask for a stack of their own (sigaltstack(2)).
    #[inline]
    pub(crate) fn alt_stack(&self) -> AltStack {
        if self.has_alt_stack.get() { self.thread.alt_stack.get() } else { AltStack::NONE }
    }

    /// Notes that the kernel has given the OS thread of the caller, this task, another alternate stack.
    pub fn note_alt_stack(&self, stack: AltStack) {
        self.has_alt_stack.set(stack != AltStack::NONE);
        self.thread.alt_stack.set(stack);
    }

    /// Whether the caller is this task.
    pub fn is_current(&self) -> bool {
        arch::thread_pointer() == self.thread_pointer()
    }

    pub(crate) fn is_launched(&self) -> bool {
        self.launched.load(SeqCst)
    }

    /// No more signals are sent to it.
    pub(crate) fn refuse_signals(&self) {
        self.launched.store(false, SeqCst);
    }

    /// Whether the task keeps its OS thread, and waits as a native thread does.
    pub(crate) fn acts_natively(&self) -> bool {
        // SAFETY: the task's TCB exists while the task does.
        unsafe { Local::of(self.thread_pointer()) }.current.load(Relaxed).is_null()
    }

    /// The task is to wait as a native thread does from here on. It is the caller, or the caller's to resume.
    pub(crate) fn act_natively(&self) {
        // SAFETY: the task's TCB exists while the task does.
        unsafe { Local::of(self.thread_pointer()) }.current.store(core::ptr::null_mut(), Relaxed);
    }

    /// The signal mask of the thread: kernel layout.
    #[inline]
    pub fn mask(&self) -> u64 {
        self.mask.load(Relaxed)
    }

    /// Whether the thread does not block the signal.
    pub(crate) fn is_open_to(&self, number: Number) -> bool {
        self.mask.load(SeqCst) & number.bit() == 0
    }

    /// Has the caller, this task, another mask from here on; the one before.
    pub(crate) fn change_mask(&self, mask: u64) -> u64 {
        self.mask.swap(mask, SeqCst)
    }

    /// The mask of a thread that has not been queued yet.
    pub fn begin_with_mask(&self, mask: u64) {
        self.mask.store(mask, Relaxed);
    }

    /// The thread waits for the signals of `set`, by their numbers; 0: no more.
    pub fn set_awaited(&self, set: u64) {
        self.inbox.awaited.store(set, SeqCst);
    }

    /// Whether the thread waits for signals, in the kernel.
    pub fn is_awaiting(&self) -> bool {
        self.inbox.awaited.load(SeqCst) != 0
    }

    pub(crate) fn awaits(&self, number: Number) -> bool {
        self.inbox.awaited.load(SeqCst) & number.bit() != 0
    }

    /// Whether the thread has left its stack for good.
    pub fn is_finished(&self) -> bool {
        self.thread.life.load(Acquire) & life::FINISHED != 0
    }

    pub(crate) fn as_ptr(&self) -> NonNull<Task> {
        NonNull::from(self)
    }
}

/// The running coroutine, if it may park: what every hook asks first (some 0.3 ns).
#[inline]
pub fn current() -> Option<&'static Task> {
    let task = arch::local_word::<0>() as *const Task;
    // SAFETY: a non-null word is the task that this very code runs on; tasks are never freed.
    unsafe { task.as_ref() }
}

/// The calling thread's coroutine, even while it keeps an OS thread and acts natively. The child of a vfork is none.
pub fn own() -> Option<&'static Task> {
    if local::is_vfork_child() {
        return None;
    }
    // SAFETY: the calling thread's own descriptor.
    unsafe { of_thread(arch::thread_pointer()) }
}

/// The coroutine whose thread descriptor `tp` is; `None` for a native thread.
///
/// # Safety
/// `tp` is a live TCB of this process.
#[inline]
pub unsafe fn of_thread<'a>(tp: usize) -> Option<&'a Task> {
    // SAFETY: the caller's promise; an owner word is null or a task, which is never freed.
    unsafe { Local::of(tp).owner.load(Relaxed).cast::<Task>().as_ref() }
}
