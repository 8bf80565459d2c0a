//! What a thread of the program has, whatever runs it: what libc and the kernel keep of a native one.

use crate::sync::{AtomicU32, AtomicU64, Relaxed};
use crate::sys::signal::AltStack;
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr::null_mut;

/// The start routine of a thread, as pthread_create(3) takes it. It may be left by unwinding.
pub type Start = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;

/// The bits of `life`, by which pthread_join, pthread_detach and the end of the thread agree on who
/// frees the task.
pub mod life {
    /// Nobody will join: the end of the thread frees the task.
    pub const DETACHED: u32 = 1;
    /// The thread has left its stack for good.
    pub const FINISHED: u32 = 2;
    /// Somebody joins, or has joined.
    pub const JOINING: u32 = 4;
}

/// See the module.
pub struct Thread {
    /// The thread is in a call that waits with a mask of its own, and counts the handlers since that mask was set.
    pub masked_wait: Cell<bool>,
    /// What the first handler in that call puts back when it returns, as the kernel has it: no other signal comes.
    pub mask_after: Cell<Option<u64>>,
    /// Where handlers run that ask for a stack of their own. Only the thread itself changes it.
    pub(super) alt_stack: Cell<AltStack>,
    /// The thread's name, as prctl(PR_SET_NAME) takes it: 16 bytes, the last one 0.
    name: [AtomicU64; 2],
    /// The word that set_tid_address(2) has named, to be cleared at the end; 0: none. Only the thread itself names it.
    pub clear_at_end: Cell<usize>,
    /// Bits of [`life`]; joiners park on this word's address.
    pub life: AtomicU32,
    /// What the thread's life leaves behind for pthread_join(3).
    pub result: Cell<*mut c_void>,
    /// The start routine and its argument.
    pub start: Cell<Option<Start>>,
    pub arg: Cell<*mut c_void>,
}

impl Default for Thread {
    fn default() -> Self {
        Self {
            masked_wait: Cell::new(false),
            mask_after: Cell::new(None),
            alt_stack: Cell::new(AltStack::NONE),
            name: [const { AtomicU64::new(0) }; 2],
            clear_at_end: Cell::new(0),
            life: AtomicU32::new(0),
            result: Cell::new(null_mut()),
            start: Cell::new(None),
            arg: Cell::new(null_mut()),
        }
    }
}

impl Thread {
    /// The thread's name: at most 15 bytes, then zeroes.
    pub fn name(&self) -> [u8; 16] {
        let [low, high] = &self.name;
        (u128::from(low.load(Relaxed)) | u128::from(high.load(Relaxed)) << 64).to_le_bytes()
    }

    pub fn set_name(&self, name: [u8; 16]) {
        let whole = u128::from_le_bytes(name);
        self.name[0].store(whole as u64, Relaxed);
        self.name[1].store((whole >> 64) as u64, Relaxed);
    }
}
