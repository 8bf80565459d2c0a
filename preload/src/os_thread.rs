//! The library's OS threads, as the kernel and glibc see them: found by their ids, answering setuid() and its like, and
//! given up when a coroutine has made one unlike the others.
//!
//! To glibc a carrier is a thread on its list, with a descriptor of its own, while FS is at a coroutine's. setuid()
//! marks every descriptor on the list, sends signal 33 and repeats until each has cleared its mark: so the handler
//! runs under the OS thread's own descriptor. Source: `nptl/nptl_setxid.c`.

use crate::abi;
use crate::export::real;
use crate::guard;
use crate::process;
use crate::wait;
use iopatch_runtime::signals::Info;
use iopatch_runtime::sys::signal;
use iopatch_runtime::{arch, sched};
use libc::*;
use std::ptr::null_mut;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64};

type Entry = extern "C" fn(*mut c_void) -> *mut c_void;

/// One of them. It lies on its thread's stack, which is never given back.
struct OsThread {
    /// 0: it has ended.
    tid: AtomicU32,
    thread_pointer: usize,
    /// The coroutine that keeps it has changed what the kernel keeps for it.
    changed: AtomicBool,
    older: *const OsThread,
}

static NEWEST: AtomicPtr<OsThread> = AtomicPtr::new(null_mut());
/// The first, the monitor, which no coroutine ever runs on: all begin as it is.
static FIRST: AtomicU32 = AtomicU32::new(0);
/// Whether any of them was ever changed.
static ANY_CHANGED: AtomicBool = AtomicBool::new(false);
/// Main has changed itself since the first of them was made.
static MAIN_CHANGED: AtomicBool = AtomicBool::new(false);
/// How many have ended.
static ENDED: AtomicU64 = AtomicU64::new(0);
/// The kernel's id of main.
static MAIN: AtomicU32 = AtomicU32::new(0);

/// In the constructor, and in a forked child, whose only thread is main.
pub fn begin() {
    NEWEST.store(null_mut(), Relaxed);
    FIRST.store(0, Relaxed);
    ENDED.store(0, Relaxed);
    ANY_CHANGED.store(false, Relaxed);
    MAIN_CHANGED.store(false, Relaxed);
    // SAFETY: it has no precondition.
    MAIN.store(unsafe { getpid() } as u32, Relaxed);
}

/// Starts one for the runtime, whose threads take no argument.
pub fn spawn(entry: Entry, _: *mut c_void) -> c_int {
    process::spawn(live, entry as *mut c_void)
}

extern "C" fn live(entry: *mut c_void) -> *mut c_void {
    let mut mine = OsThread {
        // SAFETY: it has no precondition.
        tid: AtomicU32::new(unsafe { real::gettid() } as u32),
        thread_pointer: arch::thread_pointer(),
        changed: AtomicBool::new(false),
        older: NEWEST.load(Acquire),
    };
    let _first = FIRST.compare_exchange(0, mine.tid.load(Relaxed), Relaxed, Relaxed);
    while let Err(newer) = NEWEST.compare_exchange(mine.older.cast_mut(), &raw mut mine, AcqRel, Acquire) {
        mine.older = newer;
    }
    // SAFETY: `spawn` passed an `Entry`.
    let entry = unsafe { std::mem::transmute::<*mut c_void, Entry>(entry) };
    entry(null_mut())
}

fn find(tid: u32) -> Option<&'static OsThread> {
    let mut next = NEWEST.load(Acquire).cast_const();
    // SAFETY: null, or on a stack that is never given back.
    while let Some(thread) = unsafe { next.as_ref() } {
        if thread.tid.load(Relaxed) == tid {
            return Some(thread);
        }
        next = thread.older;
    }
    None
}

/// The kernel's id of a thread that is as every coroutine begins.
pub fn unchanged() -> pid_t {
    FIRST.load(Relaxed) as pid_t
}

/// How many OS threads of the runtime have ended.
pub fn ended() -> u64 {
    ENDED.load(Relaxed)
}

/// Makes a call that changes what the kernel keeps for the calling thread: credentials, CPUs, scheduling and so on. A
/// coroutine keeps its OS thread from here on.
pub fn change(call: impl FnOnce() -> c_long) -> c_long {
    wait::pin("changes what the kernel keeps for an OS thread");
    let result = call();
    if result != -1 {
        note();
    }
    result
}

fn note() {
    match guard::self_task() {
        Some(task) => note_of(sched::os_thread(task) as pid_t),
        None => note_of(guard::id() as pid_t),
    }
}

/// The thread of this kernel's id was changed.
pub fn note_of(tid: pid_t) {
    if tid as u32 == MAIN.load(Relaxed) {
        // Those that are made before the runtime starts are as main is then.
        MAIN_CHANGED.fetch_or(sched::get().is_some(), Relaxed);
    } else if let Some(thread) = find(tid as u32) {
        thread.changed.store(true, Relaxed);
        ANY_CHANGED.store(true, Release);
    }
}

/// Whether a thread that the caller makes would inherit what no coroutine can have. A native thread besides main is
/// one because it, or who made it, is unlike the others.
pub fn passes_on_changes() -> bool {
    if guard::coroutine().is_some() {
        return false;
    }
    match guard::self_task() {
        Some(task) => {
            ANY_CHANGED.load(Acquire) && find(sched::os_thread(task)).is_some_and(|os| os.changed.load(Relaxed))
        }
        None => MAIN_CHANGED.load(Relaxed) || guard::id() != MAIN.load(Relaxed),
    }
}

/// On a carrier, whose coroutine has ended: one that was changed runs no other. Its stack stays, for the scheduler may
/// still look at it; the monitor makes another one.
pub fn leave_if_changed() {
    if !ANY_CHANGED.load(Acquire) {
        return;
    }
    // SAFETY: it has no precondition.
    let Some(thread) = find(unsafe { real::gettid() } as u32).filter(|thread| thread.changed.load(Relaxed)) else {
        return;
    };
    leave(thread);
}

/// Ends the calling carrier, to which its coroutine has left what only the end of an OS thread does; `then` runs as a new
/// OS thread. Returns if none can be made.
pub fn leave_to(then: Entry, arg: *mut c_void) {
    // SAFETY: it has no precondition.
    if let Some(thread) = find(unsafe { real::gettid() } as u32)
        && process::spawn(then, arg) == 0
    {
        leave(thread);
    }
}

/// Waits until the OS thread of this kernel's id has ended.
pub fn until_ended(tid: u32) {
    let Some(thread) = find(tid) else { return };
    while thread.tid.load(Acquire) == tid {
        let word = thread.tid.as_ptr() as usize;
        // SAFETY: the word is on a stack that is never given back. The kernel's wake-up is not a private one.
        unsafe { arch::syscall(SYS_futex as usize, [word, FUTEX_WAIT as usize, tid as usize, 0, 0, 0]) };
    }
}

/// The caller's own end. The kernel clears its id when all else is done, and wakes who waits for that.
fn leave(thread: &'static OsThread) -> ! {
    abi::let_setxid_pass(thread.thread_pointer as *mut u8);
    ENDED.fetch_add(1, Relaxed);
    // SAFETY: the word is on a stack that is never given back.
    unsafe { arch::syscall(SYS_set_tid_address as usize, [thread.tid.as_ptr() as usize, 0, 0, 0, 0, 0]) };
    loop {
        // SAFETY: nothing of this thread is to run any more.
        unsafe { arch::syscall(SYS_exit as usize, [0; 6]) };
    }
}

/// glibc's handler of SIGSETXID.
pub type Handler = unsafe extern "C-unwind" fn(c_int, *mut Info, *mut ucontext_t);

/// Runs glibc's handler under the descriptor that it is to answer for: the OS thread's own. No handler of the program's may
/// run there.
///
/// # Safety
/// The kernel's arguments, in the handler of that signal.
pub unsafe fn answer_setxid(handler: Handler, signum: c_int, info: *mut Info, context: *mut ucontext_t) {
    let running = arch::thread_pointer();
    // SAFETY: it has no precondition.
    let Some(own) = guard::self_task().and_then(|_| find(unsafe { real::gettid() } as u32)) else {
        // SAFETY: the caller's promise.
        return unsafe { handler(signum, info, context) };
    };
    let mask = signal::mask();
    signal::set_mask(signal::ALL);
    // SAFETY: both descriptors are live, and glibc's handler writes no thread-local storage of ours.
    unsafe {
        arch::set_thread_pointer(own.thread_pointer);
        handler(signum, info, context);
        arch::set_thread_pointer(running);
    }
    signal::set_mask(mask);
}
