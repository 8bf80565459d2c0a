//! What is known of glibc's thread descriptor, once `discover` has verified it, and `calibrate` measured the rest.

use super::library::WriteOnce;
use super::modules::Modules;
use super::native::Native;
use super::objects::Segment;
use core::ffi::{c_long, c_void};

/// Offsets into `struct pthread`, from `t` upwards, in bytes.
pub(super) struct Layout {
    /// `sizeof (struct pthread)`.
    pub size: usize,
    /// `list`: the node of `dl_stack_used` or `dl_stack_user`.
    pub list: usize,
    pub tid: usize,
    /// `robust_head`; `robust_prev` is the word below.
    pub robust_head: usize,
    /// `cancelhandling`; `cleanup_jmp_buf` and `cleanup` are the two words below.
    pub cancelhandling: usize,
    /// `specific_1stblock`, the first 32 keys.
    pub first_block: usize,
    /// `specific`, pointers to the 32 blocks of 32 keys.
    pub specific: usize,
    /// `specific_used`, a byte; `report_events` and `user_stack` are the two bytes above.
    pub specific_used: usize,
    /// The rseq area; `None` before 2.35.
    pub rseq: Option<Rseq>,
    /// Static TLS with its surplus, below `t`.
    pub tls_size: usize,
    pub tls_align: usize,
    /// libc's own static TLS.
    pub libc: Segment,
    /// libc's `__resp`, relative to `t` (negative).
    pub resp: isize,
    /// libc's table of keys.
    pub keys: *const Key,
    pub modules: Modules,
    pub functions: Functions,
    pub native: Native,
}

// SAFETY: the pointers lead to objects of libc that live as long as the process; accesses are justified where made.
unsafe impl Sync for Layout {}

/// glibc's struct rseq of each thread (<sys/rseq.h>), as the kernel was not told of it.
pub(super) struct Rseq {
    /// Relative to `t` (below it in newer releases).
    pub at: isize,
    /// `cpu_id` of a thread whose area the kernel does not know: RSEQ_CPU_ID_UNINITIALIZED, or what glibc leaves where it
    /// is not to use it (glibc.pthread.rseq=0) or can't, RSEQ_CPU_ID_REGISTRATION_FAILED.
    pub cpu_id: i32,
}

impl Rseq {
    pub const UNINITIALIZED: i32 = -1;
    pub const REGISTRATION_FAILED: i32 = -2;
    /// Where `cpu_id` is in it.
    pub const CPU_ID: usize = 4;
}

/// `struct pthread_key_struct` (glibc `sysdeps/nptl/internaltypes.h`): `seq` is odd while the key is in use.
#[repr(C)]
pub(super) struct Key {
    pub seq: usize,
    pub destructor: Option<unsafe extern "C-unwind" fn(*mut c_void)>,
}

/// Functions of libc and ld.so that have no public header.
pub(super) struct Functions {
    pub allocate_tls: unsafe extern "C" fn(*mut u8) -> *mut u8,
    pub allocate_tls_init: unsafe extern "C" fn(*mut u8, bool) -> *mut u8,
    pub ctype_init: unsafe extern "C" fn(),
    pub call_tls_dtors: unsafe extern "C-unwind" fn(),
    pub res_nclose: unsafe extern "C" fn(*mut c_void),
}

/// Blocks of keys in a descriptor, and keys in a block (glibc: `PTHREAD_KEY_1STLEVEL_SIZE`, `_2NDLEVEL_SIZE`).
pub(super) const KEY_BLOCKS: usize = 32;
/// `struct pthread_key_data`: sequence number and value.
pub(super) const KEY_DATA: usize = 16;
pub(super) const KEY_BLOCK: usize = 32 * KEY_DATA;
/// `offsetof (__lock) - offsetof (__list.__next)` in `pthread_mutex_t`: ABI, since the kernel is told.
pub(super) const FUTEX_OFFSET: c_long = -32;

pub(super) static LAYOUT: WriteOnce<Layout> = WriteOnce::new();

pub(super) fn layout() -> &'static Layout {
    LAYOUT.get()
}

/// How many words of libc's TLS malloc may use.
pub(super) const KEPT: usize = 4;

/// Offsets into `struct pthread` (and, for `malloc`, of libc's TLS relative to `t`), in bytes.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    /// `stackblock`, then `stackblock_size`, `guardsize`, `reported_guardsize`: four words.
    pub stack: usize,
    /// `result`: what the thread returned, or passed to `pthread_exit`, or `PTHREAD_CANCELED`.
    pub result: usize,
    /// `res`, the resolver's state.
    pub resolver: usize,
    /// malloc's words in libc's TLS (tcache, arena).
    pub malloc: [isize; KEPT],
    pub malloc_words: usize,
}

impl Measured {
    pub(super) fn malloc(&self) -> &[isize] {
        &self.malloc[..self.malloc_words]
    }
}

pub(super) static MEASURED: WriteOnce<Measured> = WriteOnce::new();

pub(super) fn measured() -> &'static Measured {
    MEASURED.get()
}

/// Bytes of static TLS, surplus included, that lie below `t`.
pub fn tls_size() -> usize {
    layout().tls_size
}

/// The alignment `t` must have, in bytes.
pub fn tls_align() -> usize {
    layout().tls_align
}

/// The least bytes of stack for which glibc makes a thread: static TLS, descriptor, and MINIMAL_REST_STACK (nptl:
/// `allocate_stack`).
pub fn least_stack() -> usize {
    const REST: usize = 2048;
    (layout().tls_size + layout().size).next_multiple_of(layout().tls_align) + REST
}

/// Bytes from `t` upwards: glibc's descriptor and a word of ours.
pub fn tcb_size() -> usize {
    footer(layout().size) + FOOTER
}

/// Bytes of our word behind a descriptor.
pub(super) const FOOTER: usize = size_of::<usize>();

/// Our word behind a descriptor of `size` bytes.
pub(super) fn footer(size: usize) -> usize {
    size.next_multiple_of(FOOTER)
}
