//! The moment at which the loader has a new library in place and has not run its constructors yet.
//!
//! A library with thread-local storage of the initial-exec kind needs its image in the storage of every live thread.
//! The loader does that for the threads on glibc's list, where coroutines are not. Its step from relocation to
//! constructors is a call of `_dl_catch_exception` with no exception to fill in, through its PLT (glibc elf/dl-open.c),
//! so an export of that name sees the moment. dlopen(3) itself must not be a hook: glibc finds the caller's search path
//! by its return address. It is no row of the table, since it is not a function that programs call.

use crate::threads;
use libc::{RTLD_NEXT, c_int, c_void, dlsym};
use std::mem::transmute;
use std::ptr::null_mut;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::Relaxed;

type Operation = unsafe extern "C-unwind" fn(*mut c_void);
type Catch = unsafe extern "C-unwind" fn(*mut Exception, Operation, *mut c_void) -> c_int;

/// glibc's struct dl_exception (include/dlfcn.h): all null is "no error".
#[repr(C)]
pub struct Exception {
    object: *const c_void,
    error: *const c_void,
    buffer: *mut c_void,
}

/// libc's own function; dangling while it is being looked up.
static REAL: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
const LOOKING: *mut c_void = std::ptr::dangling_mut::<c_void>();

/// Looks libc's function up: in the constructor, if no other library's constructor has called the loader before.
pub fn resolve() {
    if REAL.load(Relaxed).is_null() {
        REAL.store(LOOKING, Relaxed);
        // SAFETY: the name ends with a NUL.
        REAL.store(unsafe { dlsym(RTLD_NEXT, c"_dl_catch_exception".as_ptr()) }, Relaxed);
    }
}

/// Runs `operate(arg)` with the loader's errors caught in `exception`; null: not caught.
///
/// # Safety
/// As glibc's: called by the loader.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C-unwind" fn _dl_catch_exception(
    exception: *mut Exception,
    operate: Operation,
    arg: *mut c_void,
) -> c_int {
    if exception.is_null() {
        threads::copy_new_tls();
    }
    resolve();
    let real = REAL.load(Relaxed);
    if real == LOOKING || real.is_null() {
        // Our own dlsym, of a name that exists: it raises nothing.
        // SAFETY: what glibc does when nothing is raised.
        unsafe {
            operate(arg);
            if !exception.is_null() {
                exception.write(Exception { object: null_mut(), error: null_mut(), buffer: null_mut() });
            }
        }
        return 0;
    }
    // SAFETY: libc's function of this name, with its prototype.
    unsafe { transmute::<*mut c_void, Catch>(real)(exception, operate, arg) }
}
