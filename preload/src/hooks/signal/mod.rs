//! Signals: what is done about one, who blocks it, who is sent it. `signals` says how they reach coroutines.

pub mod signal_call;
pub mod signal_wait;

use crate::signals::{self, bits, changed, mask_of};
use crate::sys::c_types::jmp_buf_tag;
use crate::sys::errno;
use crate::table::real::{self, swapcontext_address};
use crate::threads;
use crate::voice::config;
use crate::wait::guard::{self, Task};
use iopatch_runtime::local;
use iopatch_runtime::sched;
use iopatch_runtime::signals::{SI_QUEUE, SI_TKILL, pending, set_main_mask};
use iopatch_runtime::sys::signal;
use libc::*;
use std::mem::zeroed;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// The signals whose handlers, as `signal` installs them, interrupt calls (siginterrupt(3)): as libc keeps it.
static INTERRUPT: AtomicU64 = AtomicU64::new(0);

/// # Safety
/// `set` has a word.
unsafe fn set_of(mask: u64) -> sigset_t {
    // SAFETY: all-zero is a set; its first word is the kernel's mask.
    unsafe {
        let mut set: sigset_t = zeroed();
        (&raw mut set).cast::<u64>().write(mask);
        set
    }
}

/// Installs `handler`; the one before, or SIG_ERR.
unsafe fn install(signum: c_int, handler: sighandler_t, flags: c_int, mask: u64) -> sighandler_t {
    // SAFETY: all-zero is an action, which the call fills in.
    unsafe {
        let mut before: sigaction = zeroed();
        let new = sigaction { sa_sigaction: handler, sa_mask: set_of(mask), sa_flags: flags, sa_restorer: None };
        match signals::act(signum, &new, &mut before) {
            0 => before.sa_sigaction,
            _ => SIG_ERR,
        }
    }
}

fn is_signal(signum: c_int) -> bool {
    (1..=signals::LAST).contains(&signum)
}

/// What `error` is to a call that returns it by errno.
fn told(error: c_int) -> c_int {
    if error == 0 { 0 } else { errno::fail(error) as c_int }
}

/// What libc sets inside siglongjmp. What that opens arrives before the jump, as it does in libc.
unsafe fn restore_mask(buf: *const jmp_buf_tag) {
    // SAFETY: the program's: what sigsetjmp filled in.
    let buf = unsafe { &*buf };
    if buf.mask_was_saved != 0 {
        let _always_valid = set_mask(SIG_SETMASK, &unsafe { set_of(buf.saved_mask[0]) });
    }
}

fn set_mask(how: c_int, set: &sigset_t) -> c_int {
    // SAFETY: a valid set.
    unsafe { pthread_sigmask(how, set, std::ptr::null_mut()) }
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn sigaction(signum: c_int, new: *const sigaction, old: *mut sigaction) -> c_int {
    unsafe { signals::act(signum, new, old) }
}

/// glibc's is BSD's: the handler stays, its signal is blocked meanwhile, calls are restarted.
pub unsafe fn signal(signum: c_int, handler: sighandler_t) -> sighandler_t {
    if handler == SIG_ERR || !is_signal(signum) {
        return errno::fail(EINVAL) as sighandler_t;
    }
    let own = 1 << (signum - 1);
    let flags = if INTERRUPT.load(Relaxed) & own != 0 { 0 } else { SA_RESTART };
    unsafe { install(signum, handler, flags, own) }
}

/// System V's: the handler is for one signal, which it does not block.
pub unsafe fn sysv_signal(signum: c_int, handler: sighandler_t) -> sighandler_t {
    if handler == SIG_ERR || !is_signal(signum) {
        return errno::fail(EINVAL) as sighandler_t;
    }
    const SA_INTERRUPT: c_int = 0x2000_0000;
    unsafe { install(signum, handler, SA_RESETHAND | SA_NODEFER | SA_INTERRUPT, 0) }
}

pub unsafe fn siginterrupt(signum: c_int, interrupt: c_int) -> c_int {
    let mut action: sigaction = unsafe { zeroed() };
    if unsafe { signals::act(signum, std::ptr::null(), &mut action) } == -1 {
        return -1;
    }
    let own = 1 << (signum - 1);
    if interrupt != 0 {
        INTERRUPT.fetch_or(own, Relaxed);
        action.sa_flags &= !SA_RESTART;
    } else {
        INTERRUPT.fetch_and(!own, Relaxed);
        action.sa_flags |= SA_RESTART;
    }
    unsafe { signals::act(signum, &action, std::ptr::null_mut()) }
}

/// SIG_HOLD blocks the signal, everything else unblocks it.
pub unsafe fn sigset(signum: c_int, handler: sighandler_t) -> sighandler_t {
    const SIG_HOLD: sighandler_t = 2;
    if handler == SIG_ERR || !is_signal(signum) {
        return errno::fail(EINVAL) as sighandler_t;
    }
    let (own, mut old) = (1 << (signum - 1), unsafe { zeroed() });
    let how = if handler == SIG_HOLD { SIG_BLOCK } else { SIG_UNBLOCK };
    let mut before: sigaction = unsafe { zeroed() };
    if unsafe { signals::act(signum, std::ptr::null(), &mut before) } == -1 {
        return SIG_ERR;
    }
    if handler != SIG_HOLD && unsafe { install(signum, handler, 0, 0) } == SIG_ERR {
        return SIG_ERR;
    }
    unsafe { pthread_sigmask(how, &set_of(own), &mut old) };
    if unsafe { bits(&old) } & own != 0 { SIG_HOLD } else { before.sa_sigaction }
}

pub unsafe fn sigignore(signum: c_int) -> c_int {
    unsafe { if install(signum, SIG_IGN, 0, 0) == SIG_ERR { -1 } else { 0 } }
}

pub unsafe fn sigblock(mask: c_int) -> c_int {
    unsafe { set_first(SIG_BLOCK, mask) }
}

pub unsafe fn sigsetmask(mask: c_int) -> c_int {
    unsafe { set_first(SIG_SETMASK, mask) }
}

/// BSD's masks are of the first 32 signals, and answer with those that were blocked before.
unsafe fn set_first(how: c_int, mask: c_int) -> c_int {
    let mut before = unsafe { set_of(0) };
    let done = unsafe { sigprocmask(how, &set_of(u64::from(mask as u32)), &mut before) };
    if done == 0 { unsafe { mask_of(&before) }.unwrap_or(0) as c_int } else { done }
}

pub unsafe fn sighold(signum: c_int) -> c_int {
    match is_signal(signum) {
        true => told(set_mask(SIG_BLOCK, &unsafe { set_of(1 << (signum - 1)) })),
        false => errno::fail(EINVAL) as c_int,
    }
}

pub unsafe fn sigrelse(signum: c_int) -> c_int {
    match is_signal(signum) {
        true => told(set_mask(SIG_UNBLOCK, &unsafe { set_of(1 << (signum - 1)) })),
        false => errno::fail(EINVAL) as c_int,
    }
}

/// A coroutine's mask is its own; main's says which signals are left to the coroutines.
pub unsafe fn pthread_sigmask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int {
    let error = unsafe { real::pthread_sigmask(how, set, old) };
    if error == 0 && !set.is_null() {
        note_mask(how, unsafe { bits(set) });
    }
    error
}

/// The kernel has changed the caller's mask so.
pub(in crate::hooks) fn note_mask(how: c_int, set: u64) {
    if let Some(task) = guard::self_task() {
        task.note_mask(changed(task.mask(), how, set));
    } else if signals::is_main() {
        set_main_mask(signal::mask());
    }
}

/// In a process with threads it is pthread_sigmask(3), as glibc has it, but for how it tells the error.
pub unsafe fn sigprocmask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int {
    told(unsafe { pthread_sigmask(how, set, old) })
}

/// A context has a mask of its own. What sends another into it, or puts the old one back when a context ends, is libc's own
/// code: from here on the coroutine's mask is looked up whenever it leaves its OS thread.
extern "C" fn go_to(to: *const ucontext_t) -> *mut c_void {
    if config::is_on() && !local::is_vfork_child() {
        // SAFETY: the program's context, which libc reads next.
        let mask = unsafe { mask_of(&raw const (*to).uc_sigmask) }.unwrap_or(0);
        if let Some(task) = guard::self_task() {
            task.has_contexts.set(true);
            task.note_mask(mask);
        } else if signals::is_main() {
            set_main_mask(mask);
        }
    }
    swapcontext_address()
}

/// Comes back, maybe more than once, when something goes to `from`; so no frame of ours is under it.
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn swapcontext(from: *mut ucontext_t, to: *const ucontext_t) -> c_int {
    std::arch::naked_asm!(
        ".cfi_startproc",
        "push rdi", // the arguments, for libc's function
        ".cfi_adjust_cfa_offset 8",
        "push rsi",
        ".cfi_adjust_cfa_offset 8",
        "sub rsp, 8", // the call below wants rsp a multiple of 16
        ".cfi_adjust_cfa_offset 8",
        "mov rdi, rsi", // go_to(to)
        "call {go_to}", // rax: libc's function
        "add rsp, 8",
        ".cfi_adjust_cfa_offset -8",
        "pop rsi",
        ".cfi_adjust_cfa_offset -8",
        "pop rdi",
        ".cfi_adjust_cfa_offset -8",
        "jmp rax", // it returns to our caller
        ".cfi_endproc",
        go_to = sym go_to,
    )
}

pub unsafe fn setcontext(to: *const ucontext_t) -> c_int {
    go_to(to);
    unsafe { real::setcontext(to) }
}

/// Those of the process, and those in the coroutine's queue.
pub unsafe fn sigpending(set: *mut sigset_t) -> c_int {
    let result = unsafe { real::sigpending(set) };
    add_own_pending(result, set.cast());
    result
}

/// Adds those in the coroutine's queue to a mask that the kernel has written, if the call succeeded.
pub(in crate::hooks) fn add_own_pending(result: c_int, set: *mut u64) {
    if let Some(task) = guard::self_task().filter(|_| result == 0) {
        unsafe { *set |= pending(task) };
    }
}

pub unsafe fn longjmp(buf: *mut jmp_buf_tag, value: c_int) -> ! {
    unsafe {
        restore_mask(buf);
        real::longjmp(buf, value)
    }
}

pub unsafe fn __longjmp_chk(buf: *mut jmp_buf_tag, value: c_int) -> ! {
    unsafe {
        restore_mask(buf);
        real::__longjmp_chk(buf, value)
    }
}

pub unsafe fn pthread_kill(thread: pthread_t, signum: c_int) -> c_int {
    match unsafe { guard::task_of(thread) } {
        Some(task) => threads::send(task, signum, SI_TKILL, 0),
        None => unsafe { real::pthread_kill(thread, signum) },
    }
}

pub unsafe fn pthread_sigqueue(thread: pthread_t, signum: c_int, value: sigval) -> c_int {
    match unsafe { guard::task_of(thread) } {
        // To pthread_kill it is there until it is joined (glibc `nptl/pthread_sigqueue.c`).
        Some(task) if task.is_finished() => ESRCH,
        Some(task) => threads::send(task, signum, SI_QUEUE, value.sival_ptr as u64),
        None => unsafe { real::pthread_sigqueue(thread, signum, value) },
    }
}

pub unsafe fn raise(signum: c_int) -> c_int {
    match guard::self_task() {
        Some(task) => told(threads::send(task, signum, SI_TKILL, 0)),
        None => unsafe { real::raise(signum) },
    }
}

/// The kernel takes the id of any thread for its process; a coroutine's it does not know.
pub fn process_of(pid: pid_t) -> pid_t {
    let is_ours = sched::get().is_some_and(|runtime| runtime.slab().with_id(pid as u32, |_| ()).is_some());
    if is_ours { unsafe { getpid() } } else { pid }
}

/// The kernel gives it to main, or to an OS thread that runs a coroutine which does not block it, or keeps it for one.
pub unsafe fn kill(pid: pid_t, signum: c_int) -> c_int {
    unsafe { real::kill(process_of(pid), signum) }
}

/// As `kill`.
pub unsafe fn sigqueue(pid: pid_t, signum: c_int, value: sigval) -> c_int {
    unsafe { real::sigqueue(process_of(pid), signum, value) }
}

/// By a coroutine's id, which the kernel does not know.
pub unsafe fn tgkill(pid: pid_t, tid: pid_t, signum: c_int) -> c_int {
    let ours = pid == unsafe { getpid() };
    let sent = if ours { by_id(tid, |task| threads::send(task, signum, SI_TKILL, 0)) } else { None };
    sent.unwrap_or_else(|| unsafe { real::tgkill(pid, tid, signum) })
}

/// Sends to the coroutine of this id, if there is one.
pub(in crate::hooks) fn by_id(tid: pid_t, send: impl FnOnce(&'static Task) -> c_int) -> Option<c_int> {
    sched::get()?.slab().with_id(tid as u32, send).map(told)
}

/// The kernel's is the OS thread's; the coroutine takes it along.
pub unsafe fn sigaltstack(new: *const stack_t, old: *mut stack_t) -> c_int {
    let result = unsafe { real::sigaltstack(new, old) };
    if let Some(task) = guard::self_task().filter(|_| result == 0 && !new.is_null()) {
        task.note_alt_stack(signal::AltStack::mine());
    }
    result
}
