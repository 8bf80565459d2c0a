//! The life of a coroutine as a thread: the stack it gets, what runs on it, who frees it.

pub mod exit;
pub mod golang;
pub mod start;

use crate::abi::{self, Stack};
use crate::os_thread;
use crate::os_thread::parent_death;
use crate::sys::c_types::{StartRoutine, thrd_start_t};
use crate::table::real;
use crate::table::rows::Family;
use crate::voice::say::log;
use crate::wait::cleared;
use crate::wait::guard::{self, Task};
use crate::wait::{self, Deadline, Wake};
use iopatch_runtime::sched::{self, Runtime};
use iopatch_runtime::signals::{self, Full, Info, Number};
use iopatch_runtime::sys::signal;
use iopatch_runtime::task::life;
use libc::*;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicUsize};

const PAGE: usize = 4096;

/// `--stack-size`; 0: what libc would give.
static STACK: AtomicUsize = AtomicUsize::new(0);
/// No coroutine can be made: threads are native.
static NATIVE: AtomicBool = AtomicBool::new(true);

/// In the constructor: threads are to be coroutines, with stacks of this size by default.
pub fn init(stack_size: Option<usize>) {
    STACK.store(stack_size.unwrap_or(0), Relaxed);
    NATIVE.store(false, Relaxed);
}

/// No coroutine can be made after all.
pub fn stay_native() {
    NATIVE.store(true, Relaxed);
}

/// Whether a thread made by the caller can be one: what it would inherit, a coroutine must be able to have.
pub fn can_have_coroutines() -> bool {
    !NATIVE.load(Relaxed) && !os_thread::passes_on_changes()
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

/// What the attributes of a new thread ask for.
pub struct Plan {
    stack: usize,
    guard: usize,
    /// The program's own memory, from its lowest address.
    memory: Option<usize>,
    detached: bool,
    mask: u64,
}

impl Plan {
    /// Reads `attr`, or the defaults, for a thread that is to begin at `start`. `None`: the attributes ask for what only a
    /// native thread has (CPUs, a scheduling policy), or no coroutine can be made.
    ///
    /// # Safety
    /// `attr` is null or initialised.
    pub unsafe fn read(attr: *const pthread_attr_t, start: usize) -> Option<Self> {
        if !can_have_coroutines() || golang::is_here(start) {
            return None;
        }
        with_default_attributes(|default| {
            let mut stack = 0;
            // SAFETY: the caller's promise; the default attributes are initialised.
            unsafe {
                pthread_attr_getstacksize(default, &mut stack);
                Self::of(if attr.is_null() { default } else { attr }, stack)
            }
        })?
    }

    /// Reads `attr`; `default` is the size of a stack by default.
    ///
    /// # Safety
    /// `attr` is initialised.
    unsafe fn of(attr: *const pthread_attr_t, default: usize) -> Option<Self> {
        let (mut stack, mut guard, mut detached, mut low) = (0, 0, 0, std::ptr::null_mut());
        // SAFETY: the caller's promise; each call reads the attributes and writes one local.
        unsafe {
            if asks_for_scheduling(attr) {
                log(format_args!("a thread is native: its attributes ask for CPUs or a scheduling policy"));
                return None;
            }
            pthread_attr_getdetachstate(attr, &mut detached);
            pthread_attr_getguardsize(attr, &mut guard);
            pthread_attr_getstacksize(attr, &mut stack);
            if has_memory(attr) {
                pthread_attr_getstack(attr, &mut low, &mut stack);
            }
        }
        let memory = (!low.is_null()).then_some(low as usize);
        if memory.is_none() && stack == default {
            stack = default_stack(default);
        }
        let detached = detached == PTHREAD_CREATE_DETACHED;
        // SAFETY: the caller's promise.
        let mask = unsafe { mask_of(attr) }.unwrap_or_else(mask_to_inherit);
        Some(Self { stack, guard, memory, detached, mask })
    }

    /// The sizes of stack and guard as glibc rounds them. `None`: it refuses them (EINVAL), as more than there are
    /// addresses, or as no room beside the static TLS (`allocate_stack`). Where it makes do with 2 KiB of room, our frames
    /// need more.
    fn sizes(&self) -> Option<(usize, usize)> {
        const ROOM: usize = 2 * PAGE;
        let least = abi::least_stack();
        if self.memory.is_some() {
            return (self.stack >= least).then_some((self.stack, 0));
        }
        let guard = self.guard.checked_next_multiple_of(PAGE)?;
        let stack = self.stack & !(abi::tls_align() - 1);
        stack.checked_add(guard)?;
        let least = least.next_multiple_of(PAGE);
        (stack >= least).then_some((stack.max(least + ROOM), guard))
    }
}

/// Whether the program gave the stack: glibc answers with 0 as the address else.
unsafe fn has_memory(attr: *const pthread_attr_t) -> bool {
    // glibc's struct pthread_attr begins: sched_param, policy, flags; ATTR_FLAG_STACKADDR is 0x8
    // (nptl: sysdeps/nptl/internaltypes.h), since 2.0.
    const FLAGS_AT: usize = 8;
    const STACK_ADDRESS: c_int = 8;
    // SAFETY: an initialised attribute object has its flags there.
    unsafe { *attr.byte_add(FLAGS_AT).cast::<c_int>() & STACK_ADDRESS != 0 }
}

unsafe fn asks_for_scheduling(attr: *const pthread_attr_t) -> bool {
    let (mut inherit, mut policy) = (PTHREAD_INHERIT_SCHED, SCHED_OTHER);
    // SAFETY: the caller's promise; all-zero is a set without CPUs, which the calls fill in.
    unsafe {
        pthread_attr_getinheritsched(attr, &mut inherit);
        pthread_attr_getschedpolicy(attr, &mut policy);
        let mut cpus: cpu_set_t = std::mem::zeroed();
        pthread_attr_getaffinity_np(attr, size_of::<cpu_set_t>(), &mut cpus);
        let mut param: sched_param = std::mem::zeroed();
        pthread_attr_getschedparam(attr, &mut param);
        let asks = policy != SCHED_OTHER || param.sched_priority != 0;
        // An attribute without CPUs is answered with all of them.
        CPU_COUNT(&cpus) != CPU_SETSIZE || (inherit == PTHREAD_EXPLICIT_SCHED && asks)
    }
}

/// The signal mask in the attributes, if there is one.
unsafe fn mask_of(attr: *const pthread_attr_t) -> Option<u64> {
    // SAFETY: all-zero is a set, of 128 bytes, which the call fills in; the kernel's mask is its first eight.
    unsafe {
        let mut set: sigset_t = std::mem::zeroed();
        (pthread_attr_getsigmask_np(attr, &mut set) == 0).then(|| (&raw const set).cast::<u64>().read())
    }
}

unsafe extern "C" {
    fn pthread_getattr_default_np(attr: *mut pthread_attr_t) -> c_int;
    fn pthread_attr_getdetachstate(attr: *const pthread_attr_t, state: *mut c_int) -> c_int;
    fn pthread_attr_getsigmask_np(attr: *const pthread_attr_t, mask: *mut sigset_t) -> c_int;
}

fn mask_to_inherit() -> u64 {
    guard::self_task().map_or_else(signal::mask, Task::mask)
}

/// Makes a coroutine and queues it. An error as pthread_create(3) has it.
///
/// # Safety
/// As for pthread_create(3).
pub unsafe fn create(
    runtime: &Runtime,
    thread: *mut pthread_t,
    plan: &Plan,
    start: StartRoutine,
    arg: *mut c_void,
) -> c_int {
    let Some(sizes) = plan.sizes() else { return EINVAL };
    // SAFETY: the program's memory is as it promises.
    let Some((task, fresh)) = (unsafe { slot(runtime, plan, sizes) }) else { return EAGAIN };
    let (tcb, slot) = (task.thread_pointer() as *mut u8, task.slot);
    let block = slot.low() as *mut u8;
    let stack = Stack { block, size: slot.end - slot.low(), guard: slot.guard, reported_guard: slot.guard };
    // SAFETY: the stack is this thread's alone; it is new, or its last user has left it.
    unsafe {
        if !fresh {
            abi::recycle(tcb, task.id(), stack);
        } else if abi::create(tcb, task.id(), stack).is_err() {
            runtime.slab().give_unused(task);
            return EAGAIN;
        }
    }
    task.begin_with_mask(plan.mask);
    task.thread.start.set(Some(start));
    task.thread.arg.set(arg);
    task.thread.life.store(if plan.detached { life::DETACHED } else { 0 }, Relaxed);
    inherit_name(task);
    // Before it runs: the new thread may look there. A detached one may be gone after.
    // SAFETY: the program's place for the result.
    unsafe { thread.write(tcb as pthread_t) };
    runtime.launch(task);
    0
}

unsafe fn slot(runtime: &Runtime, plan: &Plan, (stack, guard): (usize, usize)) -> Option<(&'static Task, bool)> {
    match plan.memory {
        Some(low) => {
            wait_for_memory(runtime, low, stack);
            // SAFETY: the caller's promise.
            unsafe { runtime.slab().place(low, stack) }.map(|task| (task, true))
        }
        None => runtime.slab().take(stack, guard),
    }
}

/// The stack of a thread that has ended is about to go.
pub fn set_aside(task: &Task) {
    // SAFETY: nobody runs on the descriptor any more.
    unsafe { abi::set_aside(task.thread_pointer() as *mut u8) };
}

/// A thread that was detached may still be ending when the program uses its stack again. Natively that takes a moment, and
/// no program can wait for it; here it may take longer.
fn wait_for_memory(runtime: &Runtime, low: usize, size: usize) {
    const MOST: u32 = 10_000;
    const MOMENT: u64 = 100_000;
    let mut moments = 0;
    while runtime.slab().is_taken(low, size) && moments < MOST {
        wait::sleep_until(Family::Thread, Deadline::after(MOMENT));
        moments += 1;
    }
}

/// A thread begins with its maker's name.
fn inherit_name(task: &Task) {
    task.thread.set_name(guard::self_task().map_or_else(os_thread::native_name, |task| task.thread.name()));
}

/// The whole life of a coroutine, on its own stack.
pub fn live(task: &'static Task) {
    // SAFETY: the descriptor is fresh, and FS is at it.
    let result = unsafe { abi::run(begin, std::ptr::from_ref(task).cast_mut().cast(), wake_robust) };
    task.thread.result.set(result);
    // In a forked child the frames below are another process's scheduler.
    if guard::self_task().is_none() {
        exit::end_of_main();
    }
    exit::before_end(0);
    signals::end(task);
}

/// The start routine, from where on signals may arrive: above the frame to which a cancellation unwinds.
unsafe extern "C-unwind" fn begin(task: *mut c_void) -> *mut c_void {
    // SAFETY: what `live` has passed.
    let task = unsafe { &*task.cast::<Task>() };
    signals::leave();
    match task.thread.start.get() {
        // SAFETY: as below, and `returning_int` has marked it.
        Some(start) if start as usize & RETURNS_INT != 0 => unsafe {
            let start = std::mem::transmute::<usize, thrd_start_t>(start as usize & !RETURNS_INT);
            start(task.thread.arg.get()) as isize as *mut c_void
        },
        // SAFETY: the program's, as it gave it to pthread_create(3).
        Some(start) => unsafe { start(task.thread.arg.get()) },
        None => std::ptr::null_mut(),
    }
}

/// exit(2) of a coroutine, which is the caller: it ends where it is, and joiners get a null pointer.
pub fn end_at_once(task: &'static Task) -> ! {
    signals::end(task);
    // SAFETY: on the coroutine's own stack, whose frames are left for good.
    unsafe { abi::end_at_once(wake_robust) };
    sched::end_at_once(task)
}

/// Marks the start routine of a C11 thread. No address of a program has this bit.
const RETURNS_INT: usize = 1 << 63;

/// The start routine of a C11 thread, to be given to [`create`]: its int is extended to a pointer as glibc does it, for
/// pthread_join(3) shows that; the routine itself leaves half of the register undefined.
pub fn returning_int(start: thrd_start_t) -> StartRoutine {
    // SAFETY: any number but 0 may be a function's address, as long as nobody calls it.
    unsafe { std::mem::transmute::<usize, StartRoutine>(start as usize | RETURNS_INT) }
}

/// Wakes one waiter of a robust mutex, which waits in the kernel.
unsafe extern "C" fn wake_robust(word: *const u32) {
    // SAFETY: the kernel only looks the address up.
    unsafe { real::syscall(SYS_futex, word as usize, FUTEX_WAKE as usize, 1, 0, 0, 0) };
}

/// A coroutine has left its stack: on a carrier.
pub fn finished(task: &'static Task) {
    // SAFETY: nobody runs on the descriptor any more.
    let inherited = unsafe { abi::kernel_inherits(guard::tcb(task)) };
    // Its list of robust mutexes is registered, since it keeps the OS thread.
    if !inherited || !os_thread::leave_to(end_after_os_thread, task) {
        end(task);
    }
}

/// Ends a coroutine when the kernel has seen to the mutexes that it left locked.
extern "C" fn end_after_os_thread(task: *mut c_void) -> *mut c_void {
    // SAFETY: what `finished` has passed.
    let task = unsafe { &*task.cast::<Task>() };
    os_thread::until_ended(guard::tcb(task).tid());
    end(task);
    std::ptr::null_mut()
}

fn end(task: &'static Task) {
    if task.thread.clear_at_end.get() != 0 {
        cleared::clear(task.thread.clear_at_end.get());
    }
    parent_death::send_for(task.id());
    guard::tcb(task).set_tid(0);
    let word = task.thread.life.as_ptr().addr();
    let before = task.thread.life.fetch_or(life::FINISHED, AcqRel);
    if before & life::DETACHED != 0 {
        free(task);
    } else {
        // A joiner frees the task, so the word may be another thread's by now, or gone: a spurious wake at worst.
        wait::unpark(word, usize::MAX);
    }
    exit::one_ended();
}

/// What glibc leaves as the id of a thread that was joined (`nptl/pthread_join_common.c`): such a thread does not exist.
const JOINED: u32 = u32::MAX;

/// Whether the thread was joined, or detached and has ended.
pub fn is_gone(task: &Task) -> bool {
    guard::tcb(task).tid() == JOINED
}

fn free(task: &'static Task) {
    let Some(runtime) = sched::get() else { return };
    guard::tcb(task).set_tid(JOINED);
    // SAFETY: the thread has ended, and was joined or detached: nobody has it any more.
    unsafe { runtime.slab().give(task) };
}

/// pthread_join(3), until `deadline`.
///
/// # Safety
/// `result` is null or writable.
pub unsafe fn join(task: &'static Task, result: *mut *mut c_void, deadline: Option<Deadline>) -> c_int {
    if is_gone(task) {
        return ESRCH;
    }
    if task.thread.life.load(Acquire) & life::DETACHED != 0 {
        return EINVAL;
    }
    if task.is_current() && !wait::cancel_requested() {
        return EDEADLK;
    }
    if task.thread.life.fetch_or(life::JOINING, AcqRel) & life::JOINING != 0 {
        return EINVAL;
    }
    let running = || !task.is_finished();
    while running() {
        // One that has ended already is joined without a look at cancellation (glibc `pthread_join_common.c`).
        if wait::cancel_requested() {
            task.thread.life.fetch_and(!life::JOINING, AcqRel);
            wait::testcancel();
        }
        match wait::park(Family::Thread, task.thread.life.as_ptr().addr(), running, deadline) {
            Wake::TimedOut if running() => {
                task.thread.life.fetch_and(!life::JOINING, AcqRel);
                return ETIMEDOUT;
            }
            _ => {}
        }
    }
    // SAFETY: the caller's promise.
    if let Some(result) = unsafe { result.as_mut() } {
        *result = task.thread.result.get();
    }
    free(task);
    0
}

/// pthread_detach(3).
pub fn detach(task: &'static Task) -> c_int {
    if is_gone(task) {
        return ESRCH;
    }
    let before = task.thread.life.fetch_or(life::DETACHED, AcqRel);
    if before & life::DETACHED != 0 {
        return EINVAL;
    }
    if before & life::FINISHED != 0 {
        free(task);
    }
    0
}

/// pthread_cancel(3): at the coroutine's next cancellation point, which may be the wait that it is in; at once, if that is
/// what it wants, or if libc does for it.
pub fn cancel(task: &'static Task) {
    let tcb = guard::tcb(task);
    if task.is_finished() {
        return;
    }
    tcb.request_cancel();
    if !task.is_current() {
        signals::nudge(task, tcb.cancels_at_once() || task.is_awaiting());
    } else if tcb.cancels_at_once() {
        // SAFETY: it has no precondition.
        unsafe { real::pthread_testcancel() };
    }
}

/// Acts on a cancellation that is not to wait for a cancellation point. The task is the caller.
pub fn act_on_cancel(task: &Task) {
    let tcb = guard::tcb(task);
    if tcb.cancels_at_once() && tcb.cancel_requested() {
        // SAFETY: it has no precondition.
        unsafe { real::pthread_testcancel() };
    }
}

/// pthread_kill(3) and its like: the signal is the coroutine's alone.
pub fn send(task: &'static Task, signum: c_int, code: c_int, value: u64) -> c_int {
    const SIGCANCEL: u32 = 32;
    let number = match Number::new(signum as u32) {
        None if signum == 0 => return 0,
        None | Some(Number(SIGCANCEL) | Number::NUDGE) => return EINVAL,
        Some(number) => number,
    };
    if task.is_finished() {
        return 0;
    }
    match signals::send(task, number, &Info::new(number, code, value)) {
        Ok(()) => 0,
        Err(Full) => EAGAIN,
    }
}

/// A library with thread-local storage of the initial-exec kind was loaded: every coroutine needs its image.
///
/// Called by the loader, which holds its lock.
pub fn copy_new_tls() {
    copy_tls_at(abi::Moment::Relocated);
}

/// The same, after a dlopen(3) of the calling thread.
pub extern "C" fn copy_tls_of_loaded() {
    copy_tls_at(abi::Moment::Loaded);
}

fn copy_tls_at(moment: abi::Moment) {
    let each_stack = |each: &mut dyn FnMut(*mut u8)| {
        sched::get().into_iter().for_each(|runtime| runtime.slab().for_each(each));
    };
    // SAFETY: the callers' moments; no stack goes while they are gone through.
    unsafe { abi::copy_new_tls(moment, &each_stack) };
}

/// Stacks become executable, as those of libc's threads do, if an object that is loaded asks for it.
pub fn follow_stack_flags() {
    if abi::wants_executable_stacks() {
        iopatch_runtime::process::make_stacks_executable();
    }
}
