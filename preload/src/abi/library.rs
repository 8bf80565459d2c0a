//! Looking things up in the C library that is loaded, and saying why it will not do.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_long, c_void};
use core::fmt;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};

/// Why this C library cannot carry coroutines: one line for the user. Nothing has been changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// No `gnu_get_libc_version`: musl or another library.
    NotGlibc,
    /// Older than 2.34, the release that merged libpthread into libc.
    TooOld,
    /// A symbol the thread library or its debugger interface should export is missing.
    Missing(&'static CStr),
    /// The CPU checks return addresses against a stack of its own (CET), which a coroutine does not have.
    ShadowStack,
    /// A fact about the layout could not be confirmed on a native thread.
    Mismatch(&'static str),
    /// The thread to measure could not be made: the `errno` value `pthread_create` returned.
    NoThread(i32),
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGlibc => f.write_str("the C library is not glibc"),
            Self::TooOld => f.write_str("glibc is older than 2.34"),
            Self::Missing(name) => write!(f, "this glibc does not export {}", name.to_string_lossy()),
            Self::ShadowStack => f.write_str("shadow stacks (CET) are enabled"),
            Self::Mismatch(what) => write!(f, "this glibc's thread layout could not be verified: {what}"),
            Self::NoThread(errno) => write!(f, "no thread could be made to measure glibc's layout (errno {errno})"),
        }
    }
}

impl core::error::Error for Unsupported {}

/// `Ok` if `fact` holds, else the refusal that names it.
pub(super) fn expect(fact: bool, what: &'static str) -> Result<(), Unsupported> {
    if fact { Ok(()) } else { Err(Unsupported::Mismatch(what)) }
}

/// The address of `name` in the objects loaded after this one: never an export of our own.
pub(super) fn next(name: &'static CStr) -> Result<*mut c_void, Unsupported> {
    // SAFETY: `name` is NUL-terminated; dlsym has no other precondition.
    let address = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    if address.is_null() { Err(Unsupported::Missing(name)) } else { Ok(address) }
}

/// The function `name` of the C library as a pointer of type `F`.
///
/// # Safety
/// `F` must be the function pointer type of the C prototype of `name`.
pub(super) unsafe fn function<F: Copy>(name: &'static CStr) -> Result<F, Unsupported> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    let address = next(name)?;
    // SAFETY: same size (asserted), and the caller vouches for the prototype.
    Ok(unsafe { core::mem::transmute_copy(&address) })
}

/// One `_thread_db_*` field descriptor.
pub(super) struct Field {
    pub bits: u32,
    pub offset: usize,
}

pub(super) fn field(name: &'static CStr) -> Result<Field, Unsupported> {
    let words = next(name)?.cast::<[u32; 3]>();
    // SAFETY: `DESC` of glibc's nptl_db/db_info.c: three 32-bit words in libc's read-only data.
    let [bits, _, offset] = unsafe { *words };
    Ok(Field { bits, offset: offset as usize })
}

pub(super) fn size_of_struct(name: &'static CStr) -> Result<usize, Unsupported> {
    // SAFETY: `_thread_db_sizeof_*` is one 32-bit word.
    Ok(unsafe { *next(name)?.cast::<u32>() } as usize)
}

/// `long syscall (long, ...)`, libc's own.
pub(super) type Syscall = unsafe extern "C" fn(c_long, ...) -> c_long;

pub(super) fn real_syscall() -> Result<Syscall, Unsupported> {
    // SAFETY: the prototype of <unistd.h>.
    unsafe { function(c"syscall") }
}

/// A value written once, before anyone reads it; reading costs a plain load.
pub(super) struct WriteOnce<T> {
    written: AtomicBool,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: `set` happens before every `get` (Release/Acquire on `written`), and after it `T` is only shared.
unsafe impl<T: Sync> Sync for WriteOnce<T> {}

impl<T> WriteOnce<T> {
    pub(super) const fn new() -> Self {
        Self { written: AtomicBool::new(false), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Publishes `value`.
    ///
    /// # Safety
    /// At most one thread is in `set` at a time, and no reader has been given the earlier value, if any.
    pub(super) unsafe fn set(&self, value: T) {
        // SAFETY: exclusive by this function's contract.
        unsafe { (*self.value.get()).write(value) };
        self.written.store(true, Ordering::Release);
    }

    /// The value, or `None` before `set`.
    pub(super) fn try_get(&self) -> Option<&T> {
        // SAFETY: `written` says that `set` is done, and it happens before this load.
        self.written.load(Ordering::Acquire).then(|| unsafe { (*self.value.get()).assume_init_ref() })
    }

    /// The value; panics before `set`.
    pub(super) fn get(&self) -> &T {
        self.try_get().expect("the layout is read before it was verified")
    }
}
