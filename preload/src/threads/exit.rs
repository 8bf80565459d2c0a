//! The end of main, and of the process with its last thread.

use crate::os_thread;
use crate::signals;
use crate::table::real;
use crate::wait;
use crate::wait::guard;
use iopatch_runtime::process::{Totals, totals};
use iopatch_runtime::sched;
use iopatch_runtime::signals::set_main_mask;
use iopatch_runtime::sys::signal;
use libc::*;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64};

/// Main has called pthread_exit: the process ends with its last thread.
static MAIN_LEFT: AtomicBool = AtomicBool::new(false);

/// A coroutine has cancelled main, which ends inside libc when it acts on that.
static MAIN_CANCELLED: AtomicBool = AtomicBool::new(false);

/// The [`undertaker`] is at work.
static UNDERTAKER: AtomicBool = AtomicBool::new(false);
/// Main's signal mask when it left.
static LAST_MASK: AtomicU64 = AtomicU64::new(0);
/// A thread has ended by exit(2).
static UNCOUNTED: AtomicBool = AtomicBool::new(false);
/// What the last thread has ended with, of those that ended after such a one.
static LAST_STATUS: AtomicI32 = AtomicI32::new(0);
/// The child's main thread was a coroutine: its start routine's end is that of a thread, not of main.
static FORKED_FROM_COROUTINE: AtomicBool = AtomicBool::new(false);

/// In the child of a fork, whose only thread, main from here on, was a coroutine or was none.
pub fn begin_in_child(was_coroutine: bool) {
    for of_the_parent in [&MAIN_LEFT, &MAIN_CANCELLED, &UNDERTAKER, &UNCOUNTED] {
        of_the_parent.store(false, Relaxed);
    }
    FORKED_FROM_COROUTINE.store(was_coroutine, Relaxed);
}

/// The start routine of a forked child's main thread, once a coroutine, has returned: the thread is over, and the
/// process with it unless others go on.
pub fn end_of_main() -> ! {
    before_native_exit();
    loop {
        // SAFETY: the frames below belong to the parent's scheduler: they are not unwound, for the OS thread ends here.
        unsafe { real::syscall(SYS_exit, 0, 0, 0, 0, 0, 0) };
    }
}

/// A native thread is about to end by pthread_exit(3). If it is main, libc counts our OS threads among those that keep
/// the process alive; so one more of them sees to it that the process ends with the program's last thread.
pub fn before_native_exit() {
    before_end(0);
    let is_main = signals::is_main();
    if is_main && sched::get().is_some() && !MAIN_LEFT.swap(true, Release) {
        LAST_MASK.store(signal::mask(), Relaxed);
        // No signal is main's any more.
        set_main_mask(u64::MAX);
        begin_end();
    } else if is_main && sched::get().is_none() && FORKED_FROM_COROUTINE.load(Relaxed) {
        // SAFETY: the end of the last thread is exit(0).
        unsafe { exit(0) };
    }
}

/// A thread of the program's, the caller, is about to end by exit(2) alone. libc goes on counting it among the living: nobody
/// is the last thread to it, which would call exit(3), and the process ends with the status of the last one.
pub fn before_raw_exit(status: c_int) {
    UNCOUNTED.store(true, Relaxed);
    if guard::self_task().is_none() && sched::get().is_some() {
        before_native_exit();
    }
    before_end(status);
}

/// A thread of the program's is about to end, with this status in the kernel's eyes.
pub fn before_end(status: c_int) {
    if UNCOUNTED.load(Relaxed) {
        LAST_STATUS.store(status, Relaxed);
    }
}

/// Starts the [`undertaker`], once.
fn begin_end() {
    if !UNDERTAKER.swap(true, Relaxed) {
        os_thread::spawn(undertaker, std::ptr::null_mut());
    }
}

/// Main is about to be cancelled. A coroutine can't make an OS thread: its carrier does, at the coroutine's end.
pub fn before_cancel_of_main() {
    match guard::self_task() {
        Some(_) => MAIN_CANCELLED.store(true, Release),
        None if sched::get().is_some() => begin_end(),
        None => {}
    }
}

/// A coroutine has ended: on its carrier.
pub fn one_ended() {
    if MAIN_CANCELLED.load(Acquire) {
        begin_end();
    }
    if MAIN_LEFT.load(Acquire) {
        wait::unpark(MAIN_LEFT.as_ptr().addr(), usize::MAX);
    }
}

/// Waits for main's OS thread and for every thread of the program to end; then ends the process, as the last of
/// them does natively (pthread_exit(3): "as if by calling exit(0)").
extern "C" fn undertaker(_: *mut c_void) -> *mut c_void {
    const LOOK: timespec = timespec { tv_sec: 0, tv_nsec: 2_000_000 };
    loop {
        let Some(runtime) = sched::get() else { return std::ptr::null_mut() };
        let counted = totals(runtime);
        // This thread, and main's, which stays as a zombie, are OS threads besides the runtime's. If one of those has
        // ended meanwhile, they were not all counted at one time.
        let ours = |totals: &Totals| totals.os_threads_alive + 2;
        if counted.alive == 0
            && main_is_dead()
            && os_threads() <= ours(&counted)
            && ours(&totals(runtime)) == ours(&counted)
        {
            // As the program's last thread would: what main's mask lets in arrives.
            signal::set_mask(LAST_MASK.load(Relaxed));
            // SAFETY: no thread of the program is left that could call it as well.
            unsafe {
                if UNCOUNTED.load(Relaxed) {
                    _exit(LAST_STATUS.load(Relaxed));
                }
                exit(0)
            };
        }
        // SAFETY: a plain time.
        unsafe { real::nanosleep(&LOOK, std::ptr::null_mut()) };
    }
}

fn os_threads() -> u64 {
    // SAFETY: the stream is opened, read and closed here.
    unsafe {
        let dir = opendir(c"/proc/self/task".as_ptr());
        if dir.is_null() {
            return 0;
        }
        let mut count = 0;
        while !readdir(dir).is_null() {
            count += 1;
        }
        closedir(dir);
        // Less "." and "..".
        count - 2
    }
}

/// Whether main's OS thread has ended: it is a zombie until the process ends.
fn main_is_dead() -> bool {
    let mut text = [0u8; 512];
    // SAFETY: the calls write at most the buffer, and the kernel checks the descriptor.
    unsafe {
        let path = c"/proc/self/stat".as_ptr();
        let fd = real::open(path, O_RDONLY | O_CLOEXEC, 0);
        let n = real::read(fd, text.as_mut_ptr().cast(), text.len()).max(0) as usize;
        real::close(fd);
        // "pid (name) state ...", where the name may hold anything.
        text[..n].rsplit(|&byte| byte == b')').next().is_some_and(|rest| rest.starts_with(b" Z"))
    }
}
