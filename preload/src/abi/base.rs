//! The frame under a coroutine's start function, and the end of its life: what glibc's `start_thread` does.

use super::descriptor::Tcb;
use super::keys;
use super::layout::{layout, measured};
use super::raw::{current, load, store};
use super::robust::{self, Wake};
use core::ffi::{c_int, c_void};

/// A thread's start function; it may end by a forced unwind.
pub type Start = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;

// glibc ends a thread that exits or is cancelled by a forced unwind, whose last stop jumps to the buffer registered
// first (glibc nptl/unwind.c). That buffer's frame may be jumped to more than once, since a destructor may call
// pthread_exit, and the unwinder must not look beyond it: an undefined return address is how DWARF says "outermost".
// Rust has no functions that return twice, so the frame is assembly. The buffer is as large as a jmp_buf (200 bytes),
// of which glibc's cancellation uses 104, and setjmp under CET more.
//
//     rbp + 8   the return address, which the unwinder is not told
//     rbp       the caller's rbp
//     rbp - 8   its rbx, r12, r13
//     rsp       216 bytes: the buffer, 16 to spare
core::arch::global_asm!(
    ".pushsection .text.iopatch_thread_base,\"ax\",@progbits",
    ".hidden iopatch_thread_base",
    ".globl iopatch_thread_base",
    ".type iopatch_thread_base, @function",
    ".p2align 4",
    "iopatch_thread_base:",
    ".cfi_startproc",
    ".cfi_undefined rip", // the outermost frame
    "push rbp",
    "mov rbp, rsp",
    ".cfi_def_cfa rbp, 16",
    "push rbx", // what the caller has there is kept
    "push r12",
    "push r13",
    "sub rsp, 216", // the buffer, and rsp a multiple of 16 at each call
    "mov rbx, rdi", // start
    "mov r12, rsi", // arg
    "mov r13, rdx", // wake
    "mov rdi, rsp", // the buffer
    "xor esi, esi", // without the signal mask
    "call {setjmp}@PLT", // 0 now; 1 at the end of each forced unwind
    "test eax, eax",
    "jnz 2f", // the thread has exited, or was cancelled
    "mov rdi, rsp", // the buffer
    "call {register}@PLT", // is where an unwind stops
    "mov rdi, r12",
    "call rbx", // start(arg)
    "mov rdi, rax",
    "call {returned}", // notes the result
    "2:",
    "mov rdi, r13",
    "call {finish}", // a destructor may unwind to setjmp once more
    "add rsp, 216",
    "pop r13",
    "pop r12",
    "pop rbx",
    "pop rbp",
    ".cfi_def_cfa rsp, 8",
    "ret",
    ".cfi_endproc",
    ".size iopatch_thread_base, . - iopatch_thread_base",
    ".popsection",
    setjmp = sym __sigsetjmp,
    register = sym __pthread_register_cancel,
    returned = sym returned,
    finish = sym finish,
);

unsafe extern "C-unwind" {
    fn iopatch_thread_base(start: Start, arg: *mut c_void, wake: Wake);
    fn __sigsetjmp(buffer: *mut c_void, save_mask: c_int) -> c_int;
    fn __pthread_register_cancel(buffer: *mut crate::sys::c_types::__pthread_unwind_buf_t);
}

/// Lives a thread's life on the calling coroutine: `start(arg)`, then the destructors of thread-local objects and keys,
/// the resolver's sockets, and the robust mutexes still held, whose waiters `wake` wakes, unless the kernel is to do that
/// ([`robust::kernel_inherits`]). Returns what `start` returned, or gave to `pthread_exit`, or `PTHREAD_CANCELED`.
///
/// # Safety
/// On the coroutine's own stack, FS at its descriptor, which is fresh from [`create`](super::create) or
/// [`recycle`](super::recycle). The frames of the caller are never unwound.
pub unsafe fn run(start: Start, arg: *mut c_void, wake: Wake) -> *mut c_void {
    // SAFETY: FS is the descriptor of this very coroutine.
    unsafe {
        (layout().functions.ctype_init)();
        iopatch_thread_base(start, arg, wake);
        Tcb::mine().set_exiting();
        load(current(), measured().result)
    }
}

/// What the kernel does for a thread that ends by exit(2) alone: no destructor runs, and the thread has no result.
///
/// # Safety
/// As for [`run`], which the caller is in and does not go on with.
pub unsafe fn end_at_once(wake: Wake) {
    let t = Tcb::mine();
    t.set_exiting();
    // SAFETY: FS is `t`.
    unsafe { robust::release_unless_inherited(t, wake) };
}

unsafe extern "C-unwind" fn returned(value: *mut c_void) {
    // SAFETY: the running thread's descriptor; `pthread_exit` writes the same word.
    unsafe { store(current(), measured().result, value) }
}

/// The order is that of `start_thread`. A forced unwind out of a destructor starts it again, as natively.
unsafe extern "C-unwind" fn finish(wake: Wake) {
    let (l, t) = (layout(), current());
    // SAFETY: FS is `t`, and the thread is at its end. `nscount` of `struct __res_state` (<resolv.h>, bytes 16-19) is 0
    // until the resolver is used; clearing the structure makes the next life read the configuration again.
    unsafe {
        (l.functions.call_tls_dtors)();
        keys::call_destructors(t);
        let resolver = t.add(measured().resolver);
        if load::<c_int>(resolver, 16) != 0 {
            (l.functions.res_nclose)(resolver.cast());
            store(resolver, 8, 0usize);
            store(resolver, 16, 0 as c_int);
        }
        // A pending message is freed by the second call after the first has returned it.
        if !libc::dlerror().is_null() {
            libc::dlerror();
        }
        robust::release_unless_inherited(Tcb::mine(), wake);
    }
}
