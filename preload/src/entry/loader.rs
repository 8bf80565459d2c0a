//! The moment at which the loader has a new library in place.
//!
//! A library with thread-local storage of the initial-exec kind needs its image in the storage of every live thread.
//! The loader does that for the threads on glibc's list, where coroutines are not. Up to glibc 2.40 or so its step from
//! relocation to constructors is a call of `_dl_catch_exception` with no exception to fill in, through its PLT (glibc
//! elf/dl-open.c), so an export of that name sees the moment.
//!
//! A later loader calls nothing through a PLT. There `dlopen` and `dlmopen` are exports that look when libc's own has
//! returned. Both find the caller's search path (RUNPATH) and `$ORIGIN` by the return address: where the name calls for
//! that, libc's function returns to a `ret` in the caller's own code, which returns here.
//!
//! None is a row of the table: the first is not a function that programs call, the others are assembly.

use crate::abi;
use crate::threads;
use crate::threads::golang;
use iopatch_runtime::sched;
use libc::{RTLD_NEXT, c_char, c_int, c_long, c_void, dlsym};
use std::ffi::CStr;
use std::mem::transmute;
use std::ptr::null_mut;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicPtr};

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
/// The loader calls `_dl_catch_exception` where we see it: it has done so for our own `dlsym`.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Looks libc's function up: in the constructor, if no other library's constructor has called the loader before.
pub fn resolve() {
    if REAL.load(Relaxed).is_null() {
        REAL.store(LOOKING, Relaxed);
        // SAFETY: the name ends with a NUL.
        REAL.store(unsafe { dlsym(RTLD_NEXT, c"_dl_catch_exception".as_ptr()) }, Relaxed);
        real_dlopen();
        real_dlmopen();
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
    SHOWN.store(true, Relaxed);
    if exception.is_null() {
        golang::one_more();
        threads::copy_new_tls();
        threads::follow_stack_flags();
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

// CFA is by rbp all along, so that a backtrace of a constructor leads to the caller; by way of a `ret` of the caller's
// it ends there, or passes through it.
//
//     rbp + 8   the caller's address
//     rbp       its rbp
//     rbp - 8   its rbx
//     rsp       the three arguments, the last one lowest; later the handle
//
// By way of a `ret` there are three words below these: a spare one, the address of 5, the address of that `ret`.
macro_rules! export {
    ($name:ident($($arg:ident: $ty:ty),*), $file:literal, $real:ident) => {
        /// Loads a library, and gives its thread-local storage to every coroutine.
        ///
        /// # Safety
        /// As libc's.
        #[cfg_attr(not(test), unsafe(no_mangle))]
        #[unsafe(naked)]
        pub unsafe extern "C-unwind" fn $name($($arg: $ty),*) -> *mut c_void {
            core::arch::naked_asm!(
                ".cfi_startproc",
                "push rbp",
                ".cfi_def_cfa rsp, 16",
                ".cfi_offset rbp, -16",
                "mov rbp, rsp",
                ".cfi_def_cfa rbp, 16",
                "push rbx", // what the caller has there is kept
                ".cfi_offset rbx, -24",
                "push rdi", // the arguments; rsp is a multiple of 16 then
                "push rsi",
                "push rdx",
                concat!("mov rdi, ", $file),
                "mov rsi, [rbp + 8]", // the caller's address: way(file, caller)
                "call {way}",
                "mov rbx, rax", // the way
                "call {real}", // rax: libc's function
                "mov rdx, [rsp]", // the arguments again
                "mov rsi, [rsp + 8]",
                "mov rdi, [rsp + 16]",
                "test rbx, rbx",
                "jz 4f", // JUMP
                "cmp rbx, 1",
                "jne 2f",
                "call rax", // CALL
                "jmp 3f",
                "2:",
                "sub rsp, 8", // by a `ret` of the caller's code
                "lea rcx, [rip + 5f]",
                "push rcx", // where that returns to
                "push rbx", // where libc's function returns to
                "jmp rax",
                "5:",
                "add rsp, 8",
                "3:",
                "mov [rsp], rax", // the handle
                "call {loaded}", // its thread-local storage goes to every coroutine
                "mov rax, [rsp]",
                "mov rbx, [rbp - 8]",
                ".cfi_remember_state",
                "leave",
                ".cfi_def_cfa rsp, 8",
                "ret",
                ".cfi_restore_state",
                "4:",
                "mov rbx, [rbp - 8]",
                "leave", // as if we had not been called
                ".cfi_def_cfa rsp, 8",
                "jmp rax",
                ".cfi_endproc",
                way = sym way,
                real = sym $real,
                loaded = sym threads::copy_tls_of_loaded,
            )
        }
    };
}

export!(dlopen(file: *const c_char, mode: c_int), "rdi", real_dlopen);
export!(dlmopen(namespace: c_long, file: *const c_char, mode: c_int), "rsi", real_dlmopen);

/// libc's function is jumped to: there is nothing to do afterwards, or it can't be done.
const JUMP: usize = 0;
/// It is called from here: the name means the same whoever asks.
const CALL: usize = 1;

/// How libc's function is to be reached: [`JUMP`], [`CALL`], or the address of a `ret` in the code that `caller` is in.
///
/// # Safety
/// `file` is null or a string of C.
unsafe extern "C" fn way(file: *const c_char, caller: usize) -> usize {
    golang::one_more();
    if SHOWN.load(Relaxed) || sched::get().is_none() {
        return JUMP;
    }
    // SAFETY: the caller's promise.
    let name = if file.is_null() { b"/" } else { unsafe { CStr::from_ptr(file) }.to_bytes() };
    if name.contains(&b'/') && !name.contains(&b'$') {
        return CALL;
    }
    // A shadow stack would not have it.
    if abi::has_shadow_stack() { JUMP } else { abi::return_near(caller).unwrap_or(JUMP) }
}

extern "C" fn real_dlopen() -> *mut c_void {
    static DLOPEN: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
    look_up(&DLOPEN, c"dlopen")
}

extern "C" fn real_dlmopen() -> *mut c_void {
    static DLMOPEN: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
    look_up(&DLMOPEN, c"dlmopen")
}

fn look_up(place: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    if place.load(Relaxed).is_null() {
        // SAFETY: the name ends with a NUL.
        place.store(unsafe { dlsym(RTLD_NEXT, name.as_ptr()) }, Relaxed);
    }
    place.load(Relaxed)
}
