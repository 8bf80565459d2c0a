//! What the kernel keeps by thread id: the id itself, the name, CPUs, scheduling; and what it keeps for the calling
//! thread.
//!
//! A coroutine that changes what is its OS thread's keeps it (`os_thread::change`). One whose scheduling another thread
//! changes gets an OS thread of its own (`os_thread::Other`); until then it is as all begin.

pub use super::cpu_clock::{clock_getcpuclockid, clock_getres, clock_gettime, getrusage};

use super::cpu_clock;
use super::whose::{COROUTINES, Whose};
use crate::hooks::signal::process_of;
use crate::os_thread;
use crate::os_thread::own_files;
use crate::os_thread::parent_death;
use crate::sys::errno;
use crate::sys::memory;
use crate::table::real;
use crate::wait;
use crate::wait::guard;
use iopatch_runtime::arch;
use iopatch_runtime::sched::Changed;
use libc::*;

/// A coroutine's own id: unique in the process, the same for its whole life, whatever OS thread runs it.
pub unsafe fn gettid() -> pid_t {
    match guard::self_task() {
        Some(task) => task.id() as pid_t,
        // SAFETY: it has no precondition.
        None => unsafe { real::gettid() },
    }
}

/// Makes a call that changes the calling thread in a way that can't be taken back.
fn change_for_good(call: impl FnOnce() -> c_int) -> c_int {
    os_thread::change(Changed::ForGood, || call().into()) as c_int
}

/// prctl(2)'s options that change the calling thread alone; all others are the process's or only ask.
const OF_A_THREAD: [c_int; 14] = [
    PR_SET_PDEATHSIG,
    PR_SET_KEEPCAPS,
    PR_SET_SECCOMP,
    PR_CAPBSET_DROP,
    PR_SET_TSC,
    PR_SET_SECUREBITS,
    PR_SET_TIMERSLACK,
    PR_MCE_KILL,
    PR_SET_NO_NEW_PRIVS,
    PR_CAP_AMBIENT,
    PR_SET_SPECULATION_CTRL,
    PR_SET_IO_FLUSHER,
    PR_SET_SYSCALL_USER_DISPATCH,
    PR_SCHED_CORE,
];
// Linux 5.6 and 5.11; the crate has no names for them.
const PR_SET_IO_FLUSHER: c_int = 57;
const PR_SET_SYSCALL_USER_DISPATCH: c_int = 59;

// SAFETY, of all hooks below: the program's, who asked for this very call.

/// The name is the thread's, so the coroutine's.
pub unsafe fn prctl(option: c_int, a2: usize, a3: usize, a4: usize, a5: usize) -> c_int {
    match (guard::self_task(), option) {
        (Some(task), PR_GET_NAME) if memory::write(a2 as *mut [u8; 16], task.thread.name()) => {}
        (Some(_), PR_GET_NAME) => return errno::fail(EFAULT) as c_int,
        (Some(task), PR_SET_NAME) => {
            let Some(name) = read_name(a2) else { return errno::fail(EFAULT) as c_int };
            task.thread.set_name(name);
            if os_thread::is_bound(task) {
                return unsafe { real::prctl(option, a2, a3, a4, a5) };
            }
        }
        (None, PR_SET_PDEATHSIG) => {
            let done = change_for_good(|| unsafe { real::prctl(option, a2, a3, a4, a5) });
            if done == 0 {
                parent_death::ask(a2 as c_int);
            }
            return done;
        }
        (_, option) if OF_A_THREAD.contains(&option) => {
            return change_for_good(|| unsafe { real::prctl(option, a2, a3, a4, a5) });
        }
        _ => return unsafe { real::prctl(option, a2, a3, a4, a5) },
    }
    0
}

pub unsafe fn timer_create(clock: clockid_t, event: *mut sigevent, timer: *mut timer_t) -> c_int {
    unsafe { create_timer(clock, event, |clock, event| real::timer_create(clock, event.cast_mut(), timer)) }
}

/// The kernel's timer aims at one of its own threads, or runs on its clock: the coroutine keeps one.
pub(in crate::hooks) unsafe fn create_timer(
    clock: clockid_t,
    event: *const sigevent,
    create: impl Fn(clockid_t, *const sigevent) -> c_int,
) -> c_int {
    let clock = cpu_clock::for_kernel(clock);
    // SAFETY: the program's: null, or an event.
    let Some(asked) = (unsafe { event.as_ref() }) else { return create(clock, event) };
    if asked.sigev_notify != SIGEV_THREAD_ID || asked.sigev_notify_thread_id < COROUTINES {
        return create(clock, event);
    }
    let aim = |tid: pid_t| {
        // SAFETY: a copy of a plain structure.
        let mut own: sigevent = unsafe { std::ptr::read(asked) };
        own.sigev_notify_thread_id = tid;
        create(clock, &own)
    };
    Whose::by_id(asked.sigev_notify_thread_id).watch_if_alive(aim).unwrap_or_else(|| errno::fail(EINVAL) as c_int)
}

/// By the system call: libc's function is newer than some that we run with.
pub unsafe fn pidfd_open(pid: pid_t, flags: c_uint) -> c_int {
    let open = |pid: pid_t| unsafe { real::syscall(SYS_pidfd_open, pid as usize, flags as usize, 0, 0, 0, 0) } as c_int;
    // 0 is no thread to this call.
    if pid < COROUTINES { open(pid) } else { Whose::by_id(pid).watch(open) }
}

pub unsafe fn ioperm(first: c_ulong, n: c_ulong, on: c_int) -> c_int {
    change_for_good(|| unsafe { real::ioperm(first, n, on) })
}

pub unsafe fn iopl(level: c_int) -> c_int {
    change_for_good(|| unsafe { real::iopl(level) })
}

/// The first 15 bytes of the string at `text`; `None`: the kernel could not read them.
fn read_name(text: usize) -> Option<[u8; 16]> {
    let mut name = [0; 16];
    for (at, byte) in name[..15].iter_mut().enumerate() {
        *byte = memory::read((text + at) as *const u8)?;
        if *byte == 0 {
            break;
        }
    }
    Some(name)
}

pub unsafe fn sched_setaffinity(tid: pid_t, n: size_t, cpus: *const cpu_set_t) -> c_int {
    Whose::by_id(tid).set(|tid| unsafe { real::sched_setaffinity(tid, n, cpus) })
}

pub unsafe fn sched_getaffinity(tid: pid_t, n: size_t, cpus: *mut cpu_set_t) -> c_int {
    Whose::by_id(tid).get(|tid| unsafe { real::sched_getaffinity(tid, n, cpus) })
}

pub unsafe fn sched_setscheduler(tid: pid_t, policy: c_int, param: *const sched_param) -> c_int {
    Whose::by_id(tid).set(|tid| unsafe { real::sched_setscheduler(tid, policy, param) })
}

pub unsafe fn sched_getscheduler(tid: pid_t) -> c_int {
    Whose::by_id(tid).get(|tid| unsafe { real::sched_getscheduler(tid) })
}

pub unsafe fn sched_setparam(tid: pid_t, param: *const sched_param) -> c_int {
    Whose::by_id(tid).set(|tid| unsafe { real::sched_setparam(tid, param) })
}

pub unsafe fn sched_getparam(tid: pid_t, param: *mut sched_param) -> c_int {
    Whose::by_id(tid).get(|tid| unsafe { real::sched_getparam(tid, param) })
}

pub unsafe fn sched_rr_get_interval(tid: pid_t, interval: *mut timespec) -> c_int {
    Whose::by_id(tid).get(|tid| unsafe { real::sched_rr_get_interval(tid, interval) })
}

/// By the system call, as all that ask for attributes: libc's functions are newer than some that we run with.
///
/// GLib gives the threads of its pools what they have: that is no reason to keep an OS thread.
pub unsafe fn sched_setattr(tid: pid_t, attr: *const c_void, flags: c_uint) -> c_int {
    if flags == 0 && unsafe { has_attributes(tid, attr) } {
        return 0;
    }
    let (attr, flags) = (attr as usize, flags as usize);
    Whose::by_id(tid)
        .set(|tid| unsafe { real::syscall(SYS_sched_setattr, tid as usize, attr, flags, 0, 0, 0) } as c_int)
}

pub unsafe fn sched_getattr(tid: pid_t, attr: *mut c_void, size: c_uint, flags: c_uint) -> c_int {
    let (attr, size, flags) = (attr as usize, size as usize, flags as usize);
    Whose::by_id(tid)
        .get(|tid| unsafe { real::syscall(SYS_sched_getattr, tid as usize, attr, size, flags, 0, 0) } as c_int)
}

/// Whether the thread has the attributes at `attr`, which begin with their size (linux/sched/types.h), already.
unsafe fn has_attributes(tid: pid_t, attr: *const c_void) -> bool {
    const KNOWN: usize = 56;
    let mut present = [0u8; KNOWN];
    let Some(size) = memory::read(attr.cast::<u32>()).map(|size| (size as usize).min(KNOWN)) else { return false };
    if !memory::is_readable(attr as usize, size) {
        return false;
    }
    let before = errno::get();
    let told = unsafe { sched_getattr(tid, present.as_mut_ptr().cast(), size as c_uint, 0) } == 0;
    errno::set(before);
    told && unsafe { std::slice::from_raw_parts(attr.cast::<u8>(), size) } == &present[..size]
}

pub unsafe fn setpriority(which: __priority_which_t, id: id_t, priority: c_int) -> c_int {
    if which != PRIO_PROCESS {
        return unsafe { real::setpriority(which, id, priority) };
    }
    Whose::by_id(id as pid_t).set(|tid| unsafe { real::setpriority(which, tid as id_t, priority) })
}

pub unsafe fn getpriority(which: __priority_which_t, id: id_t) -> c_int {
    if which != PRIO_PROCESS {
        return unsafe { real::getpriority(which, id) };
    }
    Whose::by_id(id as pid_t).get(|tid| unsafe { real::getpriority(which, tid as id_t) })
}

pub unsafe fn nice(step: c_int) -> c_int {
    Whose::Mine.set(|_| unsafe { real::nice(step) })
}

pub unsafe fn setns(fd: c_int, kind: c_int) -> c_int {
    change_for_good(|| unsafe { real::setns(fd, kind) })
}

pub unsafe fn unshare(flags: c_int) -> c_int {
    let call = || unsafe { real::unshare(flags) };
    if flags & CLONE_FILES != 0 { own_files::begin(call) } else { change_for_good(call) }
}

pub unsafe fn setfsuid(uid: uid_t) -> c_int {
    change_for_good(|| unsafe { real::setfsuid(uid) })
}

pub unsafe fn setfsgid(gid: gid_t) -> c_int {
    change_for_good(|| unsafe { real::setfsgid(gid) })
}

pub unsafe fn getpgid(pid: pid_t) -> pid_t {
    unsafe { real::getpgid(process_of(pid)) }
}

pub unsafe fn getsid(pid: pid_t) -> pid_t {
    unsafe { real::getsid(process_of(pid)) }
}

pub unsafe fn prlimit(pid: pid_t, resource: __rlimit_resource_t, new: *const rlimit, old: *mut rlimit) -> c_int {
    unsafe { real::prlimit(process_of(pid), resource, new, old) }
}

pub unsafe fn process_vm_readv(
    pid: pid_t,
    own: *const iovec,
    n: c_ulong,
    other: *const iovec,
    m: c_ulong,
    flags: c_ulong,
) -> ssize_t {
    wait::may_block(|| unsafe { real::process_vm_readv(process_of(pid), own, n, other, m, flags) })
}

pub unsafe fn process_vm_writev(
    pid: pid_t,
    own: *const iovec,
    n: c_ulong,
    other: *const iovec,
    m: c_ulong,
    flags: c_ulong,
) -> ssize_t {
    wait::may_block(|| unsafe { real::process_vm_writev(process_of(pid), own, n, other, m, flags) })
}

/// The thread's id is in the header, behind the version. The kernel has read that before it says that there is none.
pub unsafe fn capget(header: *mut c_void, data: *mut c_void) -> c_int {
    let errno = errno::get();
    let result = unsafe { real::capget(header, data) };
    if result == 0 || errno::get() != ESRCH {
        return result;
    }
    let [version, tid] = unsafe { header.cast::<[c_int; 2]>().read() };
    Whose::by_id(tid).get(|tid| {
        errno::set(errno);
        let mut of_kernel = [version, tid];
        unsafe { real::capget((&raw mut of_kernel).cast(), data) }
    })
}

pub unsafe fn capset(header: *mut c_void, data: *const c_void) -> c_int {
    change_for_good(|| unsafe { real::capset(header, data) })
}

/// The base of GS, and whether cpuid faults; what it only asks, or changes for the process, it does where it is called.
pub unsafe fn arch_prctl(code: c_int, address: usize) -> c_int {
    const ARCH_SET_GS: c_int = 0x1001;
    const ARCH_SET_CPUID: c_int = 0x1012;
    let call = || unsafe { real::arch_prctl(code, address) };
    if matches!(code, ARCH_SET_GS | ARCH_SET_CPUID) { change_for_good(call) } else { call() }
}

/// The rights to a key are the thread's, in a register: they are carried from the first key on.
pub unsafe fn pkey_alloc(flags: c_uint, rights: c_uint) -> c_int {
    let key = unsafe { real::pkey_alloc(flags, rights) };
    if key >= 0 {
        arch::has_pkeys();
    }
    key
}

/// The tracer is the thread.
pub unsafe fn ptrace(request: c_uint, pid: pid_t, address: usize, data: usize) -> c_long {
    os_thread::hold(|| unsafe { real::ptrace(request, pid, address, data) })
}

pub unsafe fn personality(persona: c_ulong) -> c_int {
    const ASK: c_ulong = 0xffff_ffff;
    if persona == ASK {
        return unsafe { real::personality(persona) };
    }
    change_for_good(|| unsafe { real::personality(persona) })
}
