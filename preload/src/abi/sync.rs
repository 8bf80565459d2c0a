//! glibc's synchronisation objects, as they lie in the program's memory (glibc >= 2.34, x86-64).
//!
//! The program's compiler laid these out, from `bits/pthreadtypes.h` and the static initialisers, so sizes, offsets
//! and the all-zero start are fixed. What the words *mean* is ours to choose where an object is private to the process,
//! since every locker comes through our hooks; each hook file says what it keeps in them. Of a process-shared object
//! we read only the field that says it is shared: libc's own code works on the rest.
//!
//! Source: `sysdeps/x86/nptl/bits/struct_mutex.h`, `struct_rwlock.h`, `sysdeps/nptl/bits/thread-shared-types.h`,
//! `sysdeps/nptl/internaltypes.h`.

use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64};

/// `pthread_mutex_t` and `mtx_t`. Debuggers read all but `list`.
#[repr(C)]
pub struct Mutex {
    pub lock: AtomicU32,
    /// Depth, of a recursive mutex.
    pub count: AtomicU32,
    pub owner: AtomicU32,
    /// Holders and waiters on a condition variable that will hold again; `pthread_mutex_destroy` looks at it.
    pub nusers: AtomicU32,
    pub kind: AtomicU32,
    _spins: [u16; 2],
    _list: [usize; 2],
}

/// `__kind`: the low two bits are the type (`bits/pthreadtypes.h`: `PTHREAD_MUTEX_TIMED_NP` and so on).
pub const MUTEX_NORMAL: u32 = 0;
pub const MUTEX_RECURSIVE: u32 = 1;
pub const MUTEX_ERRORCHECK: u32 = 2;
pub const MUTEX_ADAPTIVE: u32 = 3;
/// `__kind`: the flags that make a mutex libc's business (`sysdeps/nptl/pthreadP.h`).
pub const MUTEX_ROBUST: u32 = 16;
pub const MUTEX_PRIO_INHERIT: u32 = 32;
pub const MUTEX_PRIO_PROTECT: u32 = 64;
/// Type and flags; the bits above only say whether a lock may be elided.
pub const MUTEX_KIND_MASK: u32 = 0xff;

/// `pthread_cond_t` and `cnd_t`.
#[repr(C)]
pub struct Cond {
    /// `__wseq`.
    pub sequence: AtomicU64,
    _groups: [u32; 7],
    /// `__wrefs`: three flags, then the number of waiters.
    pub waiters: AtomicU32,
    _signals: [u32; 2],
}

/// `__wrefs`: `pthread_condattr_setpshared`, `pthread_condattr_setclock`, a sleeping `pthread_cond_destroy`, one waiter.
pub const COND_SHARED: u32 = 1;
pub const COND_MONOTONIC: u32 = 2;
pub const COND_DESTROYING: u32 = 4;
pub const COND_WAITER: u32 = 8;

/// `pthread_rwlock_t`.
#[repr(C)]
pub struct Rwlock {
    /// `__readers`.
    pub state: AtomicU32,
    /// `__writers`: how many writers wait.
    pub writers: AtomicU32,
    _wrphase_futex: u32,
    /// Writers park on this address, readers on that of `state`.
    pub writers_futex: AtomicU32,
    _pad: [u32; 2],
    pub cur_writer: AtomicU32,
    pub shared: AtomicI32,
    _elision: [u64; 2],
    /// `PTHREAD_RWLOCK_PREFER_*_NP`.
    pub flags: AtomicU32,
}

/// `flags` of a lock that prefers readers (the default), and of one whose readers give way to waiting writers.
pub const RWLOCK_PREFER_READER: u32 = 0;
pub const RWLOCK_PREFER_WRITER_NONRECURSIVE: u32 = 2;

/// `sem_t` (`struct new_sem`).
#[repr(C)]
pub struct Sem {
    /// The value in the low half, the number of waiters in the high half.
    pub data: AtomicU64,
    /// `private`: `FUTEX_PRIVATE` (0), or `FUTEX_SHARED` for a process-shared or named semaphore.
    pub shared: AtomicI32,
    _pad: [u32; 5],
}

/// `pthread_barrier_t` (`struct pthread_barrier`, whose `in` and `current_round` are one word here).
#[repr(C)]
pub struct Barrier {
    /// How many have arrived in the low half, the number of the round in the high half.
    pub round: AtomicU64,
    pub count: AtomicU32,
    pub shared: AtomicI32,
    /// `out`: how many are between their arrival and their return.
    pub inside: AtomicU32,
    _pad: [u32; 3],
}

/// `pthread_once_t` and `once_flag`.
#[repr(C)]
pub struct Once {
    pub word: AtomicU32,
}

/// `pthread_spinlock_t`. On x86 glibc's free lock is 1 (`sysdeps/x86_64/nptl/pthread_spin_unlock.S`).
#[repr(C)]
pub struct Spin {
    pub word: AtomicI32,
}
pub const SPIN_FREE: i32 = 1;
pub const SPIN_HELD: i32 = 0;

macro_rules! same_size {
    ($($ours:ty = $theirs:ty),*) => { $(const _: () = assert!(size_of::<$ours>() == size_of::<$theirs>());)* };
}
same_size!(
    Mutex = libc::pthread_mutex_t,
    Cond = libc::pthread_cond_t,
    Rwlock = libc::pthread_rwlock_t,
    Sem = libc::sem_t,
    Barrier = libc::pthread_barrier_t,
    Once = libc::pthread_once_t,
    Spin = libc::pthread_spinlock_t
);
const _: () = assert!(std::mem::offset_of!(Mutex, kind) == 16);
const _: () = assert!(std::mem::offset_of!(Cond, waiters) == 36);
const _: () = assert!(std::mem::offset_of!(Rwlock, cur_writer) == 24);
const _: () = assert!(std::mem::offset_of!(Rwlock, flags) == 48);
const _: () = assert!(std::mem::offset_of!(Barrier, inside) == 16);
