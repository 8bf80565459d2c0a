//! The program's signal handlers, under one of ours.
//!
//! The kernel knows [`frame::arrived`] where the program has installed a function, with the program's flags and mask; the
//! runtime decides whose the signal is, and whether now is the time for it (`iopatch_runtime::signals`). Defaults, ignored
//! signals and all masks and alternate stacks are the kernel's, as ever.

mod frame;

use crate::os_thread;
use crate::sys::c_types::KernelAction;
use crate::sys::errno;
use crate::table::real;
use crate::wait::guard::{self, Task};
use errno::fail;
use frame::{Found, Record};
use iopatch_runtime::arch;
use iopatch_runtime::local;
use iopatch_runtime::signals::{self, Arrival, Info, Number};
use iopatch_runtime::sync::Lock;
use iopatch_runtime::sys::signal;
use libc::*;
use std::mem::{transmute, zeroed};
use std::ptr::{null, null_mut};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, AtomicUsize, fence};

/// The last signal (`_NSIG - 1`).
pub const LAST: c_int = 64;

/// The thread pointer of main.
static MAIN: AtomicUsize = AtomicUsize::new(0);

/// At the start.
pub fn begin() {
    begin_main();
    adopt_handlers();
}

/// The caller is main: at the start, and in the child of a fork.
pub fn begin_main() {
    MAIN.store(arch::thread_pointer(), Relaxed);
    signals::set_main_mask(signal::mask());
    // SAFETY: no other thread of this process exists.
    unsafe { WRITERS.forget_holder() };
}

/// The child of a vfork is not: what it does is not main's doing.
pub fn is_main() -> bool {
    is_mains(arch::thread_pointer()) && !local::is_vfork_child()
}

/// Whether `thread_pointer` is main's.
pub fn is_mains(thread_pointer: usize) -> bool {
    MAIN.load(Relaxed) == thread_pointer
}

/// What the program has asked for one signal, where that is a function.
struct Action {
    /// Odd while the rest is being written.
    version: AtomicU32,
    handler: AtomicUsize,
    flags: AtomicI32,
    mask: AtomicU64,
}

static ACTIONS: [Action; LAST as usize + 1] = [const {
    Action {
        version: AtomicU32::new(0),
        handler: AtomicUsize::new(SIG_DFL),
        flags: AtomicI32::new(0),
        mask: AtomicU64::new(0),
    }
}; LAST as usize + 1];

/// Keeps writers apart; readers are handlers, and can't wait.
static WRITERS: Lock<()> = Lock::new(());

/// A look at an [`Action`].
#[derive(Clone, Copy)]
struct Wanted {
    handler: usize,
    flags: c_int,
    mask: u64,
}

impl Action {
    fn read(&self) -> Wanted {
        loop {
            let version = self.version.load(Acquire);
            let wanted = Wanted {
                handler: self.handler.load(Relaxed),
                flags: self.flags.load(Relaxed),
                mask: self.mask.load(Relaxed),
            };
            fence(Acquire);
            if version.is_multiple_of(2) && self.version.load(Relaxed) == version {
                return wanted;
            }
            std::hint::spin_loop();
        }
    }

    fn write(&self, wanted: Wanted) {
        let version = self.version.load(Relaxed);
        self.version.store(version + 1, Relaxed);
        fence(Release);
        self.handler.store(wanted.handler, Relaxed);
        self.flags.store(wanted.flags, Relaxed);
        self.mask.store(wanted.mask, Relaxed);
        self.version.store(version + 2, Release);
    }
}

/// The kernel's mask is the first word of glibc's set.
///
/// # Safety
/// `set` is a signal set.
pub unsafe fn bits(set: *const sigset_t) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { set.cast::<u64>().read() }
}

/// The kernel's mask of a set that may be null, without what can't be blocked.
///
/// # Safety
/// `set` is null or a signal set.
pub unsafe fn mask_of(set: *const sigset_t) -> Option<u64> {
    // SAFETY: the caller's promise.
    (!set.is_null()).then(|| unsafe { bits(set) } & CAN_BLOCK)
}

/// Not SIGKILL and SIGSTOP, nor what glibc keeps from the program.
const CAN_BLOCK: u64 = signal::ALL & !(1 << (SIGKILL - 1) | 1 << (SIGSTOP - 1));

/// The mask after pthread_sigmask(3) of `how` and `set`.
pub fn changed(mask: u64, how: c_int, set: u64) -> u64 {
    CAN_BLOCK
        & match how {
            SIG_BLOCK => mask | set,
            SIG_UNBLOCK => mask & !set,
            _ => set,
        }
}

fn is_ours(action: &sigaction) -> bool {
    action.sa_sigaction == frame::arrived as *const () as usize
}

/// Whether the program has a handler for the signal.
pub fn handles(number: Number) -> bool {
    // SAFETY: all-zero is a value of this plain structure, which the call fills in.
    unsafe {
        let mut present: sigaction = zeroed();
        real::sigaction(number.0 as c_int, null(), &mut present) == 0 && is_ours(&present)
    }
}

/// Has `action`, the kernel's of `signum`, tell what the program has installed.
fn translate(signum: c_int, action: &mut sigaction) {
    if is_ours(action) {
        let wanted = ACTIONS[signum as usize].read();
        action.sa_sigaction = wanted.handler;
        action.sa_flags = wanted.flags | action.sa_flags & SA_RESTORER;
    }
}

/// sigaction(2).
///
/// # Safety
/// As for sigaction(2).
pub unsafe fn act(signum: c_int, new: *const sigaction, old: *mut sigaction) -> c_int {
    if local::is_vfork_child() {
        // SAFETY: the caller's promise.
        return unsafe { act_as_vfork_child(signum, new, old) };
    }
    // SAFETY: the program's pointers, which libc would read and write as well.
    let new = unsafe { new.as_ref() };
    signals::section(|| {
        let _alone = WRITERS.lock();
        // SAFETY: all-zero is a value of this plain structure, which the call fills in.
        let mut before: sigaction = unsafe { zeroed() };
        // SAFETY: as above.
        if unsafe { real::sigaction(signum, null(), &mut before) } == -1 {
            return -1;
        }
        translate(signum, &mut before);
        let result = match new {
            None => 0,
            Some(new) if new.sa_sigaction == SIG_DFL || new.sa_sigaction == SIG_IGN => {
                // SAFETY: the program's action.
                let result = unsafe { real::sigaction(signum, new, null_mut()) };
                if result == 0 && is_ignored(signum, new.sa_sigaction) {
                    signals::discard(Number(signum as u32));
                }
                result
            }
            Some(new) => install(signum, &ACTIONS[signum as usize], new),
        };
        if result == 0 && !old.is_null() {
            // SAFETY: the program's.
            unsafe { old.write(before) };
        }
        result
    })
}

/// The child's actions are its own, and the table is its parent's: what it installs the kernel has as it is.
///
/// # Safety
/// As for sigaction(2).
unsafe fn act_as_vfork_child(signum: c_int, new: *const sigaction, old: *mut sigaction) -> c_int {
    // SAFETY: the caller's promise.
    let result = unsafe { real::sigaction(signum, new, old) };
    // SAFETY: as above.
    if let Some(old) = unsafe { old.as_mut() }.filter(|_| result == 0) {
        translate(signum, old);
    }
    result
}

/// Whether the kernel drops the signal, and what is pending of it (signal(7): "Ign").
fn is_ignored(signum: c_int, handler: sighandler_t) -> bool {
    handler == SIG_IGN || matches!(signum, SIGCHLD | SIGCONT | SIGURG | SIGWINCH)
}

/// Those handlers that were installed before our constructor ran, by libraries that were initialised first.
fn adopt_handlers() {
    for signum in (1..=LAST).filter(|&signum| !is_libcs(signum)) {
        // SAFETY: all-zero is a value of this plain structure, which the call fills in.
        unsafe {
            let mut present: sigaction = zeroed();
            if real::sigaction(signum, null(), &mut present) == 0 && present.sa_sigaction > SIG_IGN {
                act(signum, &present, null_mut());
            }
        }
    }
}

/// Whether the signal is one of the two that glibc keeps for itself.
pub fn is_libcs(signum: c_int) -> bool {
    (32..=Number::NUDGE.0 as c_int).contains(&signum)
}

/// glibc tells of this flag, which only it and the kernel use (linux/arch/x86: asm/signal.h).
const SA_RESTORER: c_int = 0x0400_0000;

fn install(signum: c_int, slot: &Action, new: &sigaction) -> c_int {
    // SAFETY: a signal set.
    let mask = unsafe { bits(&new.sa_mask) };
    slot.write(Wanted { handler: new.sa_sigaction, flags: new.sa_flags, mask });
    let ours = KernelAction {
        handler: frame::arrived as *const () as usize,
        // Reset when the program's handler runs, which may be later.
        flags: (new.sa_flags & !SA_RESETHAND | SA_SIGINFO | SA_RESTORER) as u32 as u64,
        restorer: frame::restorer as *const () as usize,
        mask,
    };
    // libc's own would give the kernel libc's own place to return to.
    // SAFETY: the kernel reads the structure.
    let result =
        unsafe { arch::syscall(SYS_rt_sigaction as usize, [signum as usize, &raw const ours as usize, 0, 8, 0, 0]) };
    match result {
        0 => 0,
        errno => fail(-errno as c_int) as c_int,
    }
}

/// A signal has arrived: where to go on with it, the program's handler, or nowhere.
unsafe extern "C" fn arrive(signum: c_int, info: *mut Info, context: *mut ucontext_t) -> usize {
    let number = Number(signum as u32);
    // SAFETY: the kernel's arguments.
    unsafe {
        let (told, mask) = (&mut *info, &mut *(&raw mut (*context).uc_sigmask).cast::<u64>());
        match signals::arrive(number, told, mask) {
            Arrival::Run => handler(number, context),
            Arrival::Return => {
                Record::leave(None, context);
                0
            }
        }
    }
}

/// The program's handler, for which all is noted that it is to be noted before it runs.
unsafe fn handler(number: Number, context: *mut ucontext_t) -> usize {
    let signum = number.0 as c_int;
    let wanted = ACTIONS[signum as usize].read();
    if wanted.flags & SA_RESETHAND != 0 {
        // As the kernel does it: the flags and the mask stay.
        // SAFETY: all-zero is a value of this plain structure, which the first call fills in, and the second reads.
        unsafe {
            let mut action: sigaction = zeroed();
            real::sigaction(signum, null(), &mut action);
            (action.sa_sigaction, action.sa_flags) = (SIG_DFL, wanted.flags);
            real::sigaction(signum, &action, null_mut());
        }
    }
    let task = guard::self_task();
    // SAFETY: the kernel's context.
    let place = unsafe { &mut *(&raw mut (*context).uc_sigmask).cast::<u64>() };
    let own = if wanted.flags & SA_NODEFER != 0 { 0 } else { number.bit() };
    let meanwhile = *place | wanted.mask | own;
    // Not the kernel's: a handler that is about to return has noted its end, and is still in the kernel's mask.
    let mut noted = task.map_or(*place, Task::mask);
    let masked_wait = task.is_some_and(|task| task.thread.masked_wait.replace(false));
    if let Some(mask) = task.and_then(|task| task.thread.mask_after.take()) {
        (*place, noted) = (mask, mask);
    }
    let restarts = wanted.flags & SA_RESTART != 0;
    let record = Record { before: *place, noted, outer: signals::handled(), restarts, masked_wait };
    if let Some(task) = task {
        task.note_mask(meanwhile);
    }
    // SAFETY: the kernel's context.
    unsafe { Record::leave(Some(record), context) };
    wanted.handler
}

/// The program's handler has returned, or there was none to run.
unsafe extern "C" fn end(context: *mut ucontext_t) {
    // SAFETY: the kernel's context.
    let (found, after) = unsafe { (Record::find(context), bits(&raw const (*context).uc_sigmask)) };
    let task = guard::self_task();
    match found {
        Found::Record(record) => {
            // What its own calls have noted is not the interrupted one's.
            signals::note_handlers(record.outer);
            signals::note_handler(record.restarts);
            if let Some(task) = task {
                task.thread.masked_wait.set(record.masked_wait);
                task.note_mask(if after == record.before { record.noted } else { after });
            }
        }
        Found::Replaced => task.into_iter().for_each(|task| task.note_mask(after)),
        Found::Nothing => {}
    }
}

/// glibc's handler of SIGSETXID.
static SETXID: AtomicUsize = AtomicUsize::new(0);

/// Puts our handler before glibc's of SIGSETXID, which the first native thread has installed.
pub fn take_nudges() {
    let number = Number::NUDGE.0 as usize;
    let mut action = KernelAction { handler: 0, flags: 0, restorer: 0, mask: 0 };
    let at = &raw mut action as usize;
    // SAFETY: the kernel writes, then reads, the structure; with glibc's flags and restorer our handler is as valid.
    unsafe {
        arch::syscall(SYS_rt_sigaction as usize, [number, 0, at, 8, 0, 0]);
        if action.handler > SIG_IGN && action.handler != nudged as *const () as usize {
            SETXID.store(action.handler, Relaxed);
            // A cancellation leaves the handler for good, and must not leave the signal blocked on the OS thread.
            let flags = action.flags | SA_NODEFER as u64;
            let ours = KernelAction { handler: nudged as *const () as usize, flags, ..action };
            arch::syscall(SYS_rt_sigaction as usize, [number, &raw const ours as usize, 0, 8, 0, 0]);
        }
    }
}

unsafe extern "C-unwind" fn nudged(signum: c_int, info: *mut Info, context: *mut ucontext_t) {
    // SAFETY: the kernel's arguments, and glibc's handler.
    unsafe {
        match (*info).is_mark() {
            true => signals::nudged(),
            false => {
                let handler = transmute::<usize, os_thread::Handler>(SETXID.load(Relaxed));
                os_thread::answer_setxid(handler, signum, info, context);
            }
        }
    }
}
