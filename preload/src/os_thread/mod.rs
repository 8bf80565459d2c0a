//! The library's OS threads, as the kernel and glibc see them: kept by coroutines, changed by them, set back or ended
//! after that, and answering setuid() and its like.
//!
//! To glibc a carrier is a thread on its list, with a descriptor of its own, while FS is at a coroutine's. setuid()
//! marks every descriptor on the list, sends signal 33 and repeats until each has cleared its mark: so the handler
//! runs under the OS thread's own descriptor. Source: `nptl/nptl_setxid.c`.

pub mod own_files;
pub mod parent_death;

use crate::abi::{self, Tcb};
use crate::sys::errno;
use crate::table::real;
use crate::table::rows::Family;
use crate::voice::say::log;
use crate::wait::guard::{self, Task};
use crate::wait::{self, Deadline};
use iopatch_runtime::arch;
use iopatch_runtime::sched::{self, Carrier, Changed, Unbound};
use iopatch_runtime::signals::{self, Info, section};
use iopatch_runtime::sync::Lock;
use iopatch_runtime::sys::signal;
use libc::*;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};

/// Main has changed itself since the runtime was started.
static MAIN_CHANGED: AtomicBool = AtomicBool::new(false);
/// The kernel's id of main.
static MAIN: AtomicU32 = AtomicU32::new(0);

/// In the constructor, and in a forked child, whose only thread is main.
pub fn begin() {
    MAIN_CHANGED.store(false, Relaxed);
    // SAFETY: it has no precondition; no other thread of this process exists.
    unsafe {
        MAIN.store(getpid() as u32, Relaxed);
        NAME.forget_holder();
    }
}

/// From here on the calling coroutine keeps the OS thread that it runs on: to libc and to the kernel it is a native thread.
pub fn bind(why: &str) {
    let Some(task) = guard::coroutine() else { return };
    sched::bind_here(task);
    log(format_args!("thread {} keeps OS thread {}: {why}", task.id(), sched::os_thread(task)));
    take_over(task);
}

/// The kernel's id of a thread that is as every coroutine begins.
pub fn unchanged() -> pid_t {
    sched::get().map_or(0, |runtime| runtime.unchanged() as pid_t)
}

/// The coroutine keeps the calling OS thread, under the kernel's id and with its own list of robust mutexes registered:
/// to libc and to the kernel it is a native thread from here on.
pub fn take_over(task: &'static Task) {
    let tcb = guard::tcb(task);
    tcb.set_tid(sched::os_thread(task));
    register_robust_list(tcb);
    show_name(&task.thread.name());
}

/// Whether the calling OS thread is the one that its storage is of, or that runs the coroutine whose storage it is: a child
/// that clone(2) has made in our memory may have its parent's.
pub fn is_own() -> bool {
    // SAFETY: it has no precondition.
    let tid = unsafe { real::gettid() } as u32;
    match guard::self_task() {
        Some(task) => sched::os_thread(task) == tid,
        None => guard::id() == tid,
    }
}

/// Whether the coroutine keeps an OS thread.
pub fn is_bound(task: &Task) -> bool {
    let tid = guard::tcb(task).tid();
    tid != task.id() && tid != 0
}

/// Names the calling OS thread, for who looks at these (top -H, a debugger).
fn show_name(name: &[u8; 16]) {
    // SAFETY: the call reads 16 bytes at most.
    unsafe { real::prctl(PR_SET_NAME, name.as_ptr() as usize, 0, 0, 0) };
}

/// The calling OS thread's name.
pub fn native_name() -> [u8; 16] {
    let mut name = [0; 16];
    // SAFETY: the call writes 16 bytes.
    unsafe { real::prctl(PR_GET_NAME, name.as_mut_ptr() as usize, 0, 0, 0) };
    name
}

/// What the runtime's OS threads are called: as the thread that started it.
static NAME: Lock<[u8; 16]> = Lock::new([0; 16]);

/// The runtime is about to start.
pub fn begin_runtime() {
    section(|| *NAME.lock() = native_name());
}

/// As [`take_over`], by another thread's wish.
pub fn bound(task: &'static Task) {
    take_over(task);
    log(format_args!(
        "thread {} keeps OS thread {}: another one sets its scheduling",
        task.id(),
        sched::os_thread(task)
    ));
}

/// The descriptor of a carrier's OS thread.
pub fn tcb(carrier: &Carrier) -> Tcb {
    // SAFETY: libc's thread is there as long as it runs, and a carrier that is bound to a task, or about to be renewed, does.
    unsafe { Tcb::at(carrier.thread_pointer() as *mut u8) }
}

/// The kernel is to look at the list of robust mutexes in this descriptor when the calling OS thread ends.
fn register_robust_list(tcb: Tcb) {
    const SYS_SET_ROBUST_LIST: usize = 273;
    const SIZE: usize = 24;
    let head = tcb.robust_head() as usize;
    // SAFETY: the head lies in the descriptor, which is there as long as it is registered.
    unsafe { arch::syscall(SYS_SET_ROBUST_LIST, [head, SIZE, 0, 0, 0, 0]) };
}

/// Makes a call that changes what the kernel keeps for the calling thread: credentials, CPUs, scheduling and so on. A
/// coroutine keeps its OS thread from here on.
pub fn change(what: Changed, call: impl FnOnce() -> c_long) -> c_long {
    bind("changes what the kernel keeps for an OS thread");
    let result = call();
    if result != -1 {
        match guard::self_task() {
            Some(task) => sched::carrier_of(task).note_change(what),
            None => note_native(guard::id() as pid_t),
        }
    }
    result
}

/// Makes a call by which the kernel comes to hold on to the calling thread itself. A coroutine keeps its OS thread from
/// here on, which ends when it does.
pub fn hold(call: impl FnOnce() -> c_long) -> c_long {
    bind("the kernel holds on to its OS thread");
    let result = call();
    if let Some(task) = guard::self_task().filter(|_| result != -1) {
        sched::carrier_of(task).note_change(Changed::Held);
    }
    result
}

/// The native thread of this kernel's id was changed.
pub fn note_native(tid: pid_t) {
    if tid as u32 == MAIN.load(Relaxed) {
        // Those that are made before the runtime starts are as main is then.
        MAIN_CHANGED.fetch_or(sched::get().is_some(), Relaxed);
    }
}

/// A coroutine, mostly another than the caller.
#[derive(Clone, Copy)]
pub enum Other {
    /// By its handle, which the program must not use once it is joined.
    Handle(&'static Task),
    /// By its id, which is nobody's once it has ended.
    Id(u32),
}

impl Other {
    /// Calls `ask` with the kernel's id of the coroutine's OS thread, or of one that is as the coroutine is. `None`:
    /// the coroutine has ended.
    pub fn get(self, ask: impl Fn(pid_t) -> c_int) -> Option<c_int> {
        let runtime = sched::get()?;
        let ask = |task: &Task| {
            runtime.if_bound(task, |own| ask(own.map_or_else(unchanged, |carrier| carrier.tid() as pid_t))).ok()
        };
        match self {
            Other::Handle(task) => ask(task),
            Other::Id(id) => runtime.slab().with_id(id, ask).flatten(),
        }
    }

    /// Gives the coroutine an OS thread of its own, if it has none, and makes a call that changes its scheduling, by
    /// the kernel's id. `None`: the coroutine has ended.
    pub fn set(self, call: impl Fn(pid_t) -> c_int) -> Option<c_int> {
        self.change(Changed::Scheduling, call)
    }

    /// As [`Other::set`], of what keeps hold of the OS thread, which is to end with the coroutine.
    pub fn watch(self, call: impl Fn(pid_t) -> c_int) -> Option<c_int> {
        self.change(Changed::Held, call)
    }

    /// As [`Other::set`], of what does not change the OS thread.
    pub fn ask_bound(self, call: impl Fn(pid_t) -> c_int) -> Option<c_int> {
        self.with_bound(|carrier| call(carrier.tid() as pid_t))
    }

    fn change(self, what: Changed, call: impl Fn(pid_t) -> c_int) -> Option<c_int> {
        self.with_bound(|carrier| {
            let result = call(carrier.tid() as pid_t);
            if result != -1 {
                carrier.note_change(what);
            }
            result
        })
    }

    /// The coroutine's CPU time in nanoseconds. `None`: it has ended.
    pub fn cpu_time(self) -> Option<u64> {
        let runtime = sched::get()?;
        match self {
            Other::Handle(task) => runtime.cpu_time(task),
            Other::Id(id) => runtime.slab().with_id(id, |task| runtime.cpu_time(task)).flatten(),
        }
    }

    fn with_bound(self, set: impl Fn(&Carrier) -> c_int) -> Option<c_int> {
        const MOMENT: u64 = 50_000;
        const MOST: u32 = 20_000;
        let runtime = sched::get()?;
        for _ in 0..MOST {
            let done = match self {
                Other::Handle(task) => runtime.with_bound(task, &set),
                Other::Id(id) => {
                    let found = runtime.slab().with_id(id, |task| runtime.with_bound(task, &set));
                    found.unwrap_or(Err(Unbound::Ended))
                }
            };
            match done {
                Ok(result) => return Some(result),
                Err(Unbound::Ended) => return None,
                // The monitor is making one.
                Err(Unbound::NoCarrier) => wait::sleep_until(Family::Thread, Deadline::after(MOMENT)),
            };
        }
        Some(errno::fail(EAGAIN) as c_int)
    }
}

/// Whether a thread that the caller makes would inherit what no coroutine can have. A native thread besides main is
/// one because it, or who made it, is unlike the others.
pub fn passes_on_changes() -> bool {
    match guard::self_task() {
        Some(task) => sched::carrier_of(task).is_changed(),
        None => MAIN_CHANGED.load(Relaxed) || guard::id() != MAIN.load(Relaxed),
    }
}

/// On a carrier whose coroutine has ended, which kept it: makes the OS thread as it was before. False: it can't be
/// done, and the OS thread is to end.
pub fn renew(carrier: &Carrier) -> bool {
    if [Changed::ForGood, Changed::Bequeathed, Changed::Held].into_iter().any(|what| carrier.has_changed(what)) {
        return false;
    }
    register_robust_list(tcb(carrier));
    show_name(&NAME.lock());
    !carrier.is_changed() || set_back(unchanged()).is_some()
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
            std::mem::transmute::<extern "C" fn(*mut c_void) -> *mut c_void, crate::sys::c_types::StartRoutine>(entry);
        let error = real::pthread_create(&mut thread, &attr, start, arg);
        pthread_attr_destroy(&mut attr);
        error
    }
}

unsafe extern "C" {
    fn pthread_attr_setsigmask_np(attr: *mut pthread_attr_t, mask: *const sigset_t) -> c_int;
}

/// On the carrier of `task`, which has ended and left it mutexes that only the end of the OS thread passes on: it is to end,
/// and `then(task)` runs as a new OS thread. False: none can be made.
pub fn leave_to(then: extern "C" fn(*mut c_void) -> *mut c_void, task: &'static Task) -> bool {
    let left = spawn(then, std::ptr::from_ref(task).cast_mut().cast()) == 0;
    if left {
        sched::carrier_of(task).note_change(Changed::Bequeathed);
    }
    left
}

/// Waits until the OS thread of this kernel's id has ended: it does, and nobody else tells when.
pub fn until_ended(tid: u32) {
    const LOOK: timespec = timespec { tv_sec: 0, tv_nsec: 100_000 };
    // SAFETY: signal 0 only asks; a plain time.
    unsafe {
        while arch::syscall(SYS_tgkill as usize, [getpid() as usize, tid as usize, 0, 0, 0, 0]) == 0 {
            real::nanosleep(&LOOK, std::ptr::null_mut());
        }
    }
}

/// Gives the calling OS thread the CPUs, the policy, the nice value and the priority of I/O of the thread `like`, where they differ.
fn set_back(like: pid_t) -> Option<()> {
    const MINE: pid_t = 0;
    const SIZE: usize = size_of::<cpu_set_t>();
    let done = |result: c_int| (result != -1).then_some(result);
    // SAFETY: all-zero structures, which the calls fill in.
    unsafe {
        let [mut cpus, mut own]: [cpu_set_t; 2] = std::mem::zeroed();
        done(real::sched_getaffinity(like, SIZE, &mut cpus))?;
        done(real::sched_getaffinity(MINE, SIZE, &mut own))?;
        if !CPU_EQUAL(&cpus, &own) {
            done(real::sched_setaffinity(MINE, SIZE, &cpus))?;
        }
        let [mut param, mut own]: [sched_param; 2] = std::mem::zeroed();
        let policy = done(real::sched_getscheduler(like))?;
        done(real::sched_getparam(like, &mut param))?;
        done(real::sched_getparam(MINE, &mut own))?;
        if (policy, param.sched_priority) != (done(real::sched_getscheduler(MINE))?, own.sched_priority) {
            done(real::sched_setscheduler(MINE, policy, &param))?;
        }
        // -1 is a nice value as well; of threads that exist none of these calls fails.
        let nice = real::getpriority(PRIO_PROCESS, like as id_t);
        if nice != real::getpriority(PRIO_PROCESS, MINE as id_t) {
            done(real::setpriority(PRIO_PROCESS, MINE as id_t, nice))?;
        }
        let io = done(ioprio(SYS_ioprio_get, like, 0))?;
        if io != done(ioprio(SYS_ioprio_get, MINE, 0))? {
            done(ioprio(SYS_ioprio_set, MINE, io))?;
        }
    }
    Some(())
}

/// ioprio_get(2) or ioprio_set(2) of one thread; libc has no functions of these names.
unsafe fn ioprio(number: c_long, tid: pid_t, priority: c_int) -> c_int {
    const IOPRIO_WHO_PROCESS: usize = 1;
    // SAFETY: it takes no pointer.
    unsafe { real::syscall(number, IOPRIO_WHO_PROCESS, tid as usize, priority as usize, 0, 0, 0) as c_int }
}

/// glibc's handler of SIGSETXID.
pub type Handler = unsafe extern "C-unwind" fn(c_int, *mut Info, *mut ucontext_t);

/// Runs glibc's handler under the descriptor that it is to answer for: the OS thread's own. No handler of the program's
/// may run there, but for that of SIGABRT: glibc ends a process in which setuid() fails in some threads only, by abort(3),
/// which opens that signal and ends in a fault if it does not arrive.
///
/// # Safety
/// The kernel's arguments, in the handler of that signal.
pub unsafe fn answer_setxid(handler: Handler, signum: c_int, info: *mut Info, context: *mut ucontext_t) {
    let running = arch::thread_pointer();
    let own = guard::self_task().map_or(running, |task| sched::carrier_of(task).thread_pointer());
    let mask = signal::mask();
    signal::set_mask(signal::ALL);
    // SAFETY: both descriptors are live, and glibc's handler writes no thread-local storage of ours.
    unsafe {
        arch::set_thread_pointer(own);
        signals::at_once(|| handler(signum, info, context));
        arch::set_thread_pointer(running);
    }
    signal::set_mask(mask);
}
