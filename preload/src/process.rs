//! The process: its runtime, started by the first pthread_create, lost by a fork; its end.

use crate::abi;
use crate::config;
use crate::export::real;
use crate::fd;
use crate::fd_table;
use crate::fork;
use crate::guard::{self, Task};
use crate::hooks::{command, shared_cond};
use crate::os_thread;
use crate::parent_death;
use crate::say::{log, say};
use crate::signals;
use crate::threads;
use iopatch_runtime::arch;
use iopatch_runtime::local::Local;
use iopatch_runtime::reactor;
use iopatch_runtime::sched::{self, Host, Runtime, Totals};
use iopatch_runtime::signals::set_main_mask;
use iopatch_runtime::sync::Lock;
use iopatch_runtime::sys::signal;
use iopatch_runtime::task::slab::Shape;
use libc::*;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize};

static WORKERS: AtomicUsize = AtomicUsize::new(1);
/// `--stack-size`; 0: what libc would give.
static STACK: AtomicUsize = AtomicUsize::new(0);
/// Set when no coroutine can be made, after saying why: threads are native then.
static NATIVE: AtomicBool = AtomicBool::new(true);
/// The library does not stand aside.
static TAKES_PART: AtomicBool = AtomicBool::new(false);
/// Main has called pthread_exit: the process ends with its last thread.
static MAIN_LEFT: AtomicBool = AtomicBool::new(false);

/// A coroutine has cancelled main, which ends inside libc when it acts on that.
static MAIN_CANCELLED: AtomicBool = AtomicBool::new(false);

/// The [`undertaker`] is at work.
static UNDERTAKER: AtomicBool = AtomicBool::new(false);
/// Main's signal mask when it left.
static LAST_MASK: AtomicU64 = AtomicU64::new(0);
/// One starts the runtime; the others wait, natively: it takes some 200 us, once.
static STARTING: Lock<()> = Lock::new(());

/// Takes the options, once, in the constructor.
pub fn init(config: &config::Config) {
    STACK.store(config.stack_size.unwrap_or(0), Relaxed);
    WORKERS.store(config.workers, Relaxed);
    NATIVE.store(false, Relaxed);
    TAKES_PART.store(true, Relaxed);
    os_thread::begin();
    fd_table::init();
    reactor::init();
    signals::begin();
    fork::register();
}

/// Calls `read` with the attributes of a thread that is made without any, which the program may change
/// (pthread_setattr_default_np(3)). `None`: no memory to copy them.
pub fn with_default_attributes<R>(read: impl FnOnce(&pthread_attr_t) -> R) -> Option<R> {
    // SAFETY: all-zero memory that the first call initialises, the last gives back.
    unsafe {
        let mut attr: pthread_attr_t = std::mem::zeroed();
        (pthread_getattr_default_np(&mut attr) == 0).then(|| {
            let result = read(&attr);
            pthread_attr_destroy(&mut attr);
            result
        })
    }
}

/// The size of a stack for which the program has left `size` as it was by default.
pub fn default_stack(size: usize) -> usize {
    match STACK.load(Relaxed) {
        0 => size,
        // The program's static TLS, of which who chose may know nothing, is part of the stack.
        chosen => chosen.max(abi::least_stack() + PTHREAD_STACK_MIN),
    }
}

unsafe extern "C" {
    fn pthread_getattr_default_np(attr: *mut pthread_attr_t) -> c_int;
    fn pthread_attr_setsigmask_np(attr: *mut pthread_attr_t, mask: *const sigset_t) -> c_int;
}

/// Whether a thread made by the caller can be one: what it would inherit, a coroutine must be able to have.
pub fn can_have_coroutines() -> bool {
    !NATIVE.load(Relaxed) && !os_thread::passes_on_changes()
}

/// The runtime, started if need be. `None`: it can't be; the reason has been said.
pub fn runtime() -> Option<&'static Runtime> {
    match sched::get() {
        Some(runtime) => Some(runtime),
        None => start(),
    }
}

#[cold]
fn start() -> Option<&'static Runtime> {
    // The OS threads that are made here, one of them to be measured, must run no handler of the program's.
    let mask = signal::mask();
    signal::set_mask(signal::ALL);
    let runtime = start_once(mask);
    signal::set_mask(mask);
    runtime
}

// The launcher, which has no runtime, checks the option by the same number.
const _: () = assert!(config::MAX_WORKERS == sched::MAX_WORKERS);

fn start_once(mask: u64) -> Option<&'static Runtime> {
    let _one = STARTING.lock();
    if let Some(runtime) = sched::get() {
        return Some(runtime);
    }
    // SAFETY: one call at a time, on a native thread: without a runtime there is no coroutine.
    if let Err(why) = unsafe { abi::calibrate() } {
        return stay_native(&why);
    }
    let shape = Shape { tls: abi::tls_size(), align: abi::tls_align(), tcb: abi::tcb_size() };
    let errno = fd::errno_address() as isize - arch::thread_pointer() as isize;
    let storage = [0, errno, abi::cancel_offset()];
    let host = Host {
        spawn,
        live: threads::live,
        finished: threads::finished,
        bound: os_thread::bound,
        renew: os_thread::renew,
        cancel: threads::act_on_cancel,
        set_aside: threads::set_aside,
        handles: signals::handles,
        shape,
        storage,
    };
    os_thread::begin_runtime();
    match sched::start(host, WORKERS.load(Relaxed), mask) {
        Ok(runtime) => {
            signals::take_nudges();
            let workers = WORKERS.load(Relaxed);
            log(format_args!("threads are coroutines from here on; workers started: {workers}"));
            Some(runtime)
        }
        Err(sched::StartError(errno)) => {
            say(format_args!("the workers could not be started ({}); threads are native", name_of(errno)));
            NATIVE.store(true, Relaxed);
            None
        }
    }
}

fn stay_native(why: &dyn std::fmt::Display) -> Option<&'static Runtime> {
    say(format_args!("{why}; ignoring iopatch, the program runs natively"));
    NATIVE.store(true, Relaxed);
    None
}

fn name_of(errno: c_int) -> &'static str {
    match errno {
        EMFILE => "no descriptor is free: raise RLIMIT_NOFILE",
        ENFILE => "the system has no descriptor free",
        ENOMEM => "no memory",
        EAGAIN => "no more OS threads are allowed: RLIMIT_NPROC, pids.max",
        _ => "a system call failed",
    }
}

/// Starts an OS thread of the library's: native, detached, with a small stack and every signal blocked.
pub fn spawn(entry: extern "C" fn(*mut c_void) -> *mut c_void, arg: *mut c_void) -> c_int {
    /// Room for the scheduler, and for a handler of the program's that happens to run there.
    const STACK: usize = 256 * 1024;
    // SAFETY: the attributes are initialised before they are used; `entry` has the signature of a start routine, and
    // differs only in that it never unwinds.
    unsafe {
        let mut attr: pthread_attr_t = std::mem::zeroed();
        pthread_attr_init(&mut attr);
        pthread_attr_setdetachstate(&mut attr, PTHREAD_CREATE_DETACHED);
        pthread_attr_setstacksize(&mut attr, STACK + abi::tls_size() + abi::tcb_size());
        let mut blocked: sigset_t = std::mem::zeroed();
        sigfillset(&mut blocked);
        pthread_attr_setsigmask_np(&mut attr, &blocked);
        let mut thread = 0;
        let start =
            std::mem::transmute::<extern "C" fn(*mut c_void) -> *mut c_void, crate::c_types::StartRoutine>(entry);
        let error = real::pthread_create(&mut thread, &attr, start, arg);
        pthread_attr_destroy(&mut attr);
        error
    }
}

/// The caller is about to fork.
pub extern "C-unwind" fn before_fork() {
    parent_death::before_fork();
}

/// After a fork every open file is the child's, too.
pub extern "C-unwind" fn forked_in_parent() {
    fd::all_shared();
}

/// The caller is the child's only thread, and native. Before our constructor there is nothing to forget, and where the
/// library stands aside there never will be.
pub extern "C-unwind" fn forked_in_child() {
    if !TAKES_PART.load(Relaxed) {
        return;
    }
    let mine = Local::mine();
    let coroutine = guard::self_task().map(Task::id);
    parent_death::in_child(coroutine.unwrap_or(0));
    sched::forget_in_child();
    // SAFETY: whoever held it is not in this process.
    unsafe {
        STARTING.forget_holder();
        abi::forget_set_aside();
    }
    command::forget_holders();
    shared_cond::forget();
    mine.owner.store(std::ptr::null_mut(), Relaxed);
    os_thread::begin();
    for of_the_parent in [&MAIN_LEFT, &MAIN_CANCELLED, &UNDERTAKER, &UNCOUNTED] {
        of_the_parent.store(false, Relaxed);
    }
    signals::begin_main();
    FORKED_FROM_COROUTINE.store(coroutine.is_some(), Relaxed);
}

/// The child's main thread was a coroutine: its start routine's end is that of a thread, not of main.
static FORKED_FROM_COROUTINE: AtomicBool = AtomicBool::new(false);

/// daemon(3) has put /dev/null where these were.
pub fn standard_descriptors_replaced() {
    for fd in 0..=2 {
        fd::born_shared(fd);
    }
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

/// A thread has ended by exit(2).
static UNCOUNTED: AtomicBool = AtomicBool::new(false);
/// What the last thread has ended with, of those that ended after such a one.
static LAST_STATUS: AtomicI32 = AtomicI32::new(0);

/// Starts the [`undertaker`], once.
fn begin_end() {
    if !UNDERTAKER.swap(true, Relaxed) {
        spawn(undertaker, std::ptr::null_mut());
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
        crate::wait::unpark(MAIN_LEFT.as_ptr().addr(), usize::MAX);
    }
}

/// Waits for main's OS thread and for every thread of the program to end; then ends the process, as the last of
/// them does natively (pthread_exit(3): "as if by calling exit(0)").
extern "C" fn undertaker(_: *mut c_void) -> *mut c_void {
    const LOOK: timespec = timespec { tv_sec: 0, tv_nsec: 2_000_000 };
    loop {
        let Some(runtime) = sched::get() else { return std::ptr::null_mut() };
        let totals = runtime.totals();
        // This thread, and main's, which stays as a zombie, are OS threads besides the runtime's. If one of those has
        // ended meanwhile, they were not all counted at one time.
        let ours = |totals: &Totals| totals.os_threads_alive + 2;
        if totals.alive == 0
            && main_is_dead()
            && os_threads() <= ours(&totals)
            && ours(&runtime.totals()) == ours(&totals)
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
