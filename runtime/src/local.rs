//! What the runtime keeps in each thread's own storage: a cache line of static TLS.
//!
//! | word | who writes | what it says |
//! |---|---|---|
//! | `current` | the scheduler | the coroutine, while it may park; null: a native thread, or a coroutine that is bound and acts natively |
//! | `owner` | the scheduler | the coroutine whose storage this is, for its whole life; null: a native thread |
//! | `carrier` | its own thread | the carrier, in the scheduler on its own stack; null: anything else |
//! | `asleep` | see `waker` | what a native thread sleeps on |
//! | `id` | its own thread | the owner's number in the program's locks; 0: not asked for yet |
//! | `critical` | its own thread | how many sections (`section`) it is in; never 0 while a coroutine does not run |
//! | `due` | anybody | there is something to see to at the end of the section |
//! | `held`, `held_mask` | its own thread | the signals kept back till then, a mask, and the mask to put back |
//! | `vforks` | its own thread | how many calls of vfork(2) it sleeps in: what runs meanwhile is their child; and [`OWN_FILES`] |
//! | `handled` | its own thread | see `signals::Handled` |

use crate::arch;
use crate::sync::{AtomicPtr, AtomicU32, AtomicU64, Relaxed};
use core::mem::offset_of;
use core::ops::Deref;
use core::ptr::NonNull;

/// What this layer only keeps a pointer to: a task, or a carrier. [`crate::task`] and [`crate::sched`] know which.
pub enum Opaque {}

/// The block at `thread pointer + arch::local_offset()`.
#[repr(C)]
pub struct Local {
    pub current: AtomicPtr<Opaque>,
    pub owner: AtomicPtr<Opaque>,
    pub carrier: AtomicPtr<Opaque>,
    pub asleep: AtomicU32,
    pub id: AtomicU32,
    pub critical: AtomicU32,
    pub due: AtomicU32,
    pub held_mask: AtomicU64,
    pub held: AtomicU64,
    pub vforks: AtomicU32,
    pub handled: AtomicU32,
}

const _: () = assert!(size_of::<Local>() <= arch::LOCAL_SIZE);

impl Local {
    /// The block of the thread whose thread pointer is `tp`.
    ///
    /// # Safety
    /// `tp` is a live TCB of this process, and stays one while the reference is used.
    #[inline]
    pub unsafe fn of<'a>(tp: usize) -> &'a Self {
        // SAFETY: the library is part of the program's start, so every thread's static TLS has the
        // block at this offset.
        unsafe { &*(tp.wrapping_add_signed(arch::local_offset()) as *const Self) }
    }

    /// The running thread's own block.
    #[inline]
    pub fn mine() -> Mine {
        // SAFETY: as for `of`; no TCB is at 0.
        let at = unsafe {
            NonNull::new_unchecked(arch::thread_pointer().wrapping_add_signed(arch::local_offset()) as *mut Self)
        };
        Mine(at)
    }
}

/// The block of the thread that has this: no other one can, and it is there while the thread runs, on whatever OS thread.
pub struct Mine(NonNull<Local>);

impl Deref for Mine {
    type Target = Local;

    #[inline]
    fn deref(&self) -> &Local {
        // SAFETY: it is the running thread's, whose TCB is live, since this can't be sent to another.
        unsafe { self.0.as_ref() }
    }
}

/// Whether the caller is the child of a vfork(2), which runs with the storage and on the stack of its parent's thread.
#[inline]
pub fn is_vfork_child() -> bool {
    arch::local_word::<{ offset_of!(Local, vforks) }>() as u32 & !OWN_FILES != 0
}

/// In `vforks`: the thread has a table of descriptors of its own, of which we know nothing.
const OWN_FILES: u32 = 1 << 31;

/// Whether the caller has a table of descriptors of its own (unshare(2) with CLONE_FILES).
#[inline]
pub fn has_own_files() -> bool {
    arch::local_word::<{ offset_of!(Local, vforks) }>() as u32 & OWN_FILES != 0
}

/// Whether the caller's numbers may be other files than those of the process: it has a table of its own, or is the child
/// of a vfork(2), which may have closed what it began with.
pub(crate) fn is_among_other_files() -> bool {
    Local::mine().vforks.load(Relaxed) != 0
}

/// The caller has a table of descriptors of its own from here on. It waits as a native thread does.
pub fn set_own_files() {
    Local::mine().vforks.fetch_or(OWN_FILES, Relaxed);
}

/// In the child of a fork: the caller is a native thread, with another id.
pub(crate) fn forget() {
    let mine = Local::mine();
    mine.current.store(core::ptr::null_mut(), Relaxed);
    mine.id.store(0, Relaxed);
    mine.due.store(0, Relaxed);
    mine.vforks.store(0, Relaxed);
}

/// The calling thread's number in the program's locks: unique among the living, never 0, below 2^30. A coroutine's id,
/// or a native thread's kernel id, which is asked for once.
#[inline]
pub fn id() -> u32 {
    match arch::local_word::<{ offset_of!(Local, id) }>() as u32 {
        0 => first_id(),
        id => id,
    }
}

#[cold]
fn first_id() -> u32 {
    let id = rustix::thread::gettid().as_raw_pid() as u32;
    Local::mine().id.store(id, Relaxed);
    id
}
