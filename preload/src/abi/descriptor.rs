//! One thread descriptor: made, made new again, read, given back.

use super::aside;
use super::keys;
use super::layout::{FUTEX_OFFSET, Rseq, layout, measured};
use super::raw::{Header, current, load, store};
use super::tls;
use core::ffi::c_void;
use core::fmt;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// The memory a thread calls its stack, as `pthread_getattr_np(3)` reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Lowest address, guard included. The stack in use must lie below `block + size`: glibc's unwinder and
    /// `alloca` limits take that for its top.
    pub block: *mut u8,
    /// Bytes, guard included; natively static TLS and descriptor are counted too.
    pub size: usize,
    /// Bytes of guard at `block`.
    pub guard: usize,
    /// The guard the attribute asked for.
    pub reported_guard: usize,
}

/// `struct robust_list_head` (set_robust_list(2)).
#[repr(C)]
pub struct Head {
    pub list: usize,
    pub futex_offset: isize,
    pub pending: usize,
}

/// No memory for a DTV: what native `pthread_create` reports as `EAGAIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of memory")
    }
}

impl core::error::Error for OutOfMemory {}

// Bits of `cancelhandling` (glibc nptl/descr.h); `calibrate` confirms the first.
const CANCEL_DISABLED: i32 = 1;
const CANCEL_ASYNCHRONOUS: i32 = 1 << 1;
const CANCELING: i32 = 1 << 2;
const CANCELED: i32 = 1 << 3;
const EXITING: i32 = 1 << 4;

/// Makes the zeroed memory around `t` a thread descriptor with its TLS. `id` becomes its tid.
///
/// # Errors
/// [`OutOfMemory`]; the memory may be used for another attempt.
///
/// # Safety
/// `t` is aligned to `tls_align`, `tls_size` bytes below and `tcb_size` from it are ours and zero. Any native thread or
/// coroutine may call; `malloc` is called.
pub unsafe fn create(t: *mut u8, id: u32, stack: Stack) -> Result<(), OutOfMemory> {
    let l = layout();
    // SAFETY: the descriptor is ours alone, and the offsets are verified. The guards are per process on x86-64: every
    // thread inherits its creator's.
    unsafe {
        if !aside::take(t) && !tls::allocate(t) {
            return Err(OutOfMemory);
        }
        let mine = &*current().cast::<Header>();
        let header = &mut *t.cast::<Header>();
        header.stack_guard = mine.stack_guard;
        header.pointer_guard = mine.pointer_guard;
        header.feature_1 = mine.feature_1;
        header.multiple_threads = 1;
        store(t, l.specific, t.add(l.first_block));
        // Never on a list of glibc's: its thread walks (setxid, fork, dlopen) are not for us, but fork unlinks its caller.
        store(t, l.list, [t.add(l.list); 2]);
        // fork puts its caller on the list of stacks that glibc may reuse and unmap, unless the user owns the stack.
        store(t, l.specific_used + 2, 1u8);
        header.tcb = t;
        header.itself = t;
        begin(t, id, stack);
    }
    Ok(())
}

/// Makes a finished descriptor as new for its next life. malloc's cache stays, as do the buffers of `strerror`.
///
/// # Safety
/// `t` is a descriptor from [`create`] whose [`run`](super::run) is over, and nobody runs on it; FS is the caller's own.
pub unsafe fn recycle(t: *mut u8, id: u32, stack: Stack) {
    // SAFETY: nobody runs on `t`.
    unsafe {
        tls::renew(t, measured().malloc());
        keys::clear(t);
        begin(t, id, stack);
    }
}

/// What a new life has of its own.
unsafe fn begin(t: *mut u8, id: u32, stack: Stack) {
    let (l, m) = (layout(), measured());
    // SAFETY: nobody runs on `t` yet; the offsets are verified.
    unsafe {
        // cleanup, cleanup_jmp_buf, cancelhandling and the flags next to it.
        t.add(l.cancelhandling - 16).write_bytes(0, 24);
        let head = t.add(l.robust_head);
        store(t, l.robust_head - 8, head);
        store(t, l.robust_head, (head, FUTEX_OFFSET, null_mut::<u8>()));
        store(t, m.stack, [stack.block as usize, stack.size, stack.guard, stack.reported_guard]);
        store(t, m.result, null_mut::<c_void>());
        store(t.offset(l.resp), 0, t.add(m.resolver));
        if let Some(rseq) = &l.rseq {
            // The kernel was told of the OS thread's area, not of this one.
            store(t.offset(rseq.at), Rseq::CPU_ID, rseq.cpu_id);
        }
    }
    // SAFETY: as above.
    unsafe { Tcb::at(t) }.set_tid(id);
}

/// A thread descriptor that is there: of a coroutine, or of a thread of libc's own.
#[derive(Clone, Copy)]
pub struct Tcb(*mut u8);

impl Tcb {
    /// That at `t`.
    ///
    /// # Safety
    /// A descriptor from [`create`], or a native thread's, is there for as long as the result is used.
    pub const unsafe fn at(t: *mut u8) -> Self {
        Self(t)
    }

    /// The caller's, which is there while it runs.
    #[inline]
    pub fn mine() -> Self {
        Self(current())
    }

    fn tid_word(&self) -> &AtomicU32 {
        // SAFETY: the descriptor is there; its tid is aligned and, as glibc reads it from other threads too, accessed
        // atomically.
        unsafe { &*self.0.add(layout().tid).cast() }
    }

    fn cancelhandling(&self) -> &AtomicI32 {
        // SAFETY: as for the tid.
        unsafe { &*self.0.add(layout().cancelhandling).cast() }
    }

    /// Sets the tid that glibc's mutexes and `pthread_*` calls take for this thread's; 0 says that it has ended.
    pub fn set_tid(self, id: u32) {
        self.tid_word().store(id, Ordering::Relaxed);
    }

    pub fn tid(self) -> u32 {
        self.tid_word().load(Ordering::Relaxed)
    }

    /// Whether a cancellation point must act now: `pthread_cancel` was called, and the thread has neither disabled
    /// cancellation nor begun to exit (glibc: `cancel_enabled_and_canceled`).
    #[inline]
    pub fn cancel_requested(self) -> bool {
        let flags = self.cancelhandling().load(Ordering::Relaxed);
        flags & (CANCEL_DISABLED | CANCELED | EXITING) == CANCELED
    }

    /// Marks the thread as to be cancelled, as `pthread_cancel` does; it acts at its next cancellation point.
    pub fn request_cancel(self) {
        self.cancelhandling().fetch_or(CANCELING | CANCELED, Ordering::Relaxed);
    }

    /// Whether a cancellation of the thread acts wherever it is (PTHREAD_CANCEL_ASYNCHRONOUS).
    pub fn cancels_at_once(self) -> bool {
        self.cancelhandling().load(Ordering::Relaxed) & (CANCEL_DISABLED | CANCEL_ASYNCHRONOUS) == CANCEL_ASYNCHRONOUS
    }

    /// From now on `pthread_cancel` has no effect.
    pub(super) fn set_exiting(self) {
        self.cancelhandling().fetch_or(EXITING, Ordering::Relaxed);
    }

    /// The head of the list of robust mutexes, for `set_robust_list(2)` while the coroutine is bound to an OS thread.
    pub fn robust_head(self) -> *mut Head {
        self.0.wrapping_add(layout().robust_head).cast()
    }

    /// The stack recorded there.
    pub fn stack(self) -> Stack {
        // SAFETY: the four words found by `calibrate`.
        let [block, size, guard, reported_guard] = unsafe { load::<[usize; 4]>(self.0, measured().stack) };
        Stack { block: block as *mut u8, size, guard, reported_guard }
    }
}

/// Where [`Tcb::cancel_requested`] looks, relative to a descriptor.
pub fn cancel_offset() -> isize {
    layout().cancelhandling as isize
}
