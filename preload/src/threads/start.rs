//! The start of the runtime, by the first pthread_create.

use crate::abi;
use crate::os_thread;
use crate::signals;
use crate::sys::errno;
use crate::threads;
use crate::voice::config;
use crate::voice::say::{log, say};
use crate::wait::fd_table;
use iopatch_runtime::process::{self, StartError};
use iopatch_runtime::sched::{self, Host, Runtime};
use iopatch_runtime::sync::Lock;
use iopatch_runtime::sys::signal;
use iopatch_runtime::task::slab::Shape;
use iopatch_runtime::{arch, reactor};
use libc::{EAGAIN, EMFILE, ENFILE, ENOMEM, c_int};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

static WORKERS: AtomicUsize = AtomicUsize::new(1);
/// One starts the runtime; the others wait, natively: it takes some 200 us, once.
static STARTING: Lock<()> = Lock::new(());

/// Takes the options, once, in the constructor.
pub fn init(config: &config::Config) {
    WORKERS.store(config.workers, Relaxed);
    threads::init(config.stack_size);
    os_thread::begin();
    fd_table::init();
    reactor::init();
    signals::begin();
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
    let errno = errno::address() as isize - arch::thread_pointer() as isize;
    let storage = [0, errno, abi::cancel_offset()];
    let host = Host {
        spawn: os_thread::spawn,
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
    match process::start(host, WORKERS.load(Relaxed), mask) {
        Ok(runtime) => {
            signals::take_nudges();
            let workers = WORKERS.load(Relaxed);
            log(format_args!("threads are coroutines from here on; workers started: {workers}"));
            Some(runtime)
        }
        Err(StartError(errno)) => {
            say(format_args!("the workers could not be started ({}); threads are native", name_of(errno)));
            threads::stay_native();
            None
        }
    }
}

fn stay_native(why: &dyn std::fmt::Display) -> Option<&'static Runtime> {
    say(format_args!("{why}; ignoring iopatch, the program runs natively"));
    threads::stay_native();
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

/// In the child of a fork.
pub fn forget() {
    process::forget_in_child();
    // SAFETY: whoever held it is not in this process.
    unsafe { STARTING.forget_holder() };
}
