//! System calls that only `syscall()` makes, and that act on a record of ours.

pub use super::os::clone::set_tid_address;

use super::io::fdops;
use super::signal;
use super::thread::tid;
use super::thread::whose::Whose;
use crate::abi::Tcb;
use crate::os_thread;
use crate::sys::errno;
use crate::sys::memory;
use crate::table::real;
use crate::threads;
use crate::threads::exit;
use crate::wait;
use crate::wait::guard;
use iopatch_runtime::sched::{self, Changed};
use libc::*;

// SAFETY, of all functions below: the program's, who owes what the system call demands.

/// Ends the calling thread alone. The child of a clone(2) that shares our memory may have our thread's storage, and is
/// another thread to the kernel: its end is the kernel's.
pub unsafe fn exit(number: c_long, status: c_int) -> c_long {
    if os_thread::is_own() {
        exit::before_raw_exit(status);
        if let Some(task) = guard::self_task() {
            threads::end_at_once(task);
        }
    }
    unsafe { kernel(number, [status as usize]) }
}

/// Makes the call with these arguments.
pub(super) unsafe fn kernel<const N: usize>(number: c_long, args: [usize; N]) -> c_long {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&args);
    let [a1, a2, a3, a4, a5, a6] = all;
    unsafe { real::syscall(number, a1, a2, a3, a4, a5, a6) }
}

pub unsafe fn close(number: c_long, fd: c_int) -> c_int {
    fdops::close_by(fd, || unsafe { kernel(number, [fd as usize]) } as c_int)
}

/// The locks that fcntl(3) waits for as a cancellation point.
pub unsafe fn fcntl(number: c_long, fd: c_int, cmd: c_int, arg: usize) -> c_int {
    match cmd {
        F_SETLKW | F_OFD_SETLKW => {
            wait::may_block(|| unsafe { kernel(number, [fd as usize, cmd as usize, arg]) as c_int })
        }
        _ => unsafe { fdops::fcntl(fd, cmd, arg) },
    }
}

/// The older of two calls, without flags.
pub unsafe fn eventfd(_: c_long, count: c_uint) -> c_int {
    unsafe { fdops::eventfd(count, 0) }
}

/// The older of two calls has no flags.
pub unsafe fn signalfd(number: c_long, fd: c_int, mask: usize, size: usize, flags: c_int) -> c_int {
    let flags = if number == SYS_signalfd4 { flags } else { 0 };
    fdops::new_signalfd(fd, flags, || unsafe { kernel(number, [fd as usize, mask, size, flags as usize]) } as c_int)
}

/// Answers with the size of what it has written.
pub unsafe fn sched_getaffinity(number: c_long, tid: c_int, n: usize, cpus: usize) -> c_int {
    Whose::by_id(tid).get(|tid| unsafe { kernel(number, [tid as usize, n, cpus]) } as c_int)
}

/// Of a thread, whose kind differs between the calls, or of many.
fn is_one_thread(number: c_long, kind: c_uint) -> bool {
    const IOPRIO_WHO_PROCESS: c_uint = 1;
    kind == if number == SYS_getpriority { PRIO_PROCESS } else { IOPRIO_WHO_PROCESS }
}

pub unsafe fn asks_of_kind(number: c_long, kind: c_uint, id: c_uint) -> c_int {
    let ask = |id: pid_t| unsafe { kernel(number, [kind as usize, id as usize]) } as c_int;
    if is_one_thread(number, kind) { Whose::by_id(id as pid_t).get(ask) } else { ask(id as pid_t) }
}

pub unsafe fn ioprio_set(number: c_long, kind: c_uint, id: c_uint, priority: c_int) -> c_int {
    let set = |id: pid_t| unsafe { kernel(number, [kind as usize, id as usize, priority as usize]) } as c_int;
    if is_one_thread(number, kind) { Whose::by_id(id as pid_t).set(set) } else { set(id as pid_t) }
}

/// tgkill(2) without the process.
pub unsafe fn tkill(number: c_long, tid: c_int, signum: c_int) -> c_int {
    match signal::by_id(tid, |task| threads::send(task, signum, SI_TKILL, 0)) {
        Some(result) => result,
        None => unsafe { kernel(number, [tid as usize, signum as usize]) as c_int },
    }
}

pub unsafe fn rt_tgsigqueueinfo(
    number: c_long,
    pid: c_int,
    tid: c_int,
    signum: c_int,
    info: *const siginfo_t,
) -> c_int {
    let errno = errno::get();
    let result = unsafe { kernel(number, [pid as usize, tid as usize, signum as usize, info as usize]) as c_int };
    // The kernel has read what is told before it says that there is no such thread; or that only the thread itself may say so.
    let is_ours = match errno::get() {
        ESRCH => true,
        EPERM => guard::self_task().is_some_and(|me| me.id() as c_int == tid),
        _ => false,
    };
    if result == 0 || !is_ours || pid != unsafe { getpid() } {
        return result;
    }
    let (code, value) = unsafe { ((*info).si_code, (*info).si_value().sival_ptr as u64) };
    let sent = signal::by_id(tid, |task| threads::send(task, signum, code, value));
    errno::set(if sent == Some(0) { errno } else { errno::get() });
    sent.unwrap_or(-1)
}

/// Any thread's id stands for its process.
pub unsafe fn of_process(number: c_long, pid: c_int, a2: usize, a3: usize, a4: usize, a5: usize, a6: usize) -> c_long {
    unsafe { kernel(number, [signal::process_of(pid) as usize, a2, a3, a4, a5, a6]) }
}

/// Two coroutines share all that is compared, unless one keeps an OS thread that differs.
pub unsafe fn kcmp(number: c_long, a: c_int, b: c_int, kind: c_int, first: usize, second: usize) -> c_int {
    let [a, b] = [a, b].map(|tid| match tid {
        // No thread to this call.
        0 => 0,
        _ => Whose::by_id(tid).get(|tid| if tid == 0 { unsafe { real::gettid() } } else { tid }),
    });
    unsafe { kernel(number, [a as usize, b as usize, kind as usize, first, second]) as c_int }
}

/// A coroutine's is in its storage; its own OS thread's stands for it, unless it has registered another.
pub unsafe fn get_robust_list(number: c_long, tid: c_int, head: *mut usize, size: *mut usize) -> c_int {
    let list = |tcb: Tcb| tcb.robust_head() as usize;
    let me = guard::self_task().filter(|_| matches!(Whose::by_id(tid), Whose::Mine));
    let others = match me {
        Some(_) => None,
        None => sched::get().and_then(|runtime| runtime.slab().with_id(tid as u32, |task| list(guard::tcb(task)))),
    };
    let asked = if me.is_some() || others.is_some() { 0 } else { tid as usize };
    // The kernel checks where it is to be written.
    let result = unsafe { kernel(number, [asked, head as usize, size as usize]) };
    if result == 0 {
        let own = me.filter(|me| unsafe { head.read() } == list(os_thread::tcb(sched::carrier_of(me))));
        if let Some(told) = own.map(|me| list(guard::tcb(me))).or(others) {
            unsafe { head.write(told) };
        }
    }
    result as c_int
}

/// See [`tid::timer_create`]; libc's timers are more than the kernel's.
pub unsafe fn timer_create(number: c_long, clock: c_int, event: *const sigevent, timer: usize) -> c_int {
    let create = |clock: c_int, event: *const sigevent| unsafe {
        kernel(number, [clock as usize, event as usize, timer]) as c_int
    };
    if !memory::is_readable_or_null(event) {
        return create(clock, event);
    }
    unsafe { tid::create_timer(clock, event, create) }
}

/// libc's functions of these names, where there are any, change all threads.
pub unsafe fn changes_thread(number: c_long, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize) -> c_long {
    os_thread::change(Changed::ForGood, || unsafe { kernel(number, [a1, a2, a3, a4, a5]) })
}

/// What it holds on to is the OS thread: as a tracer, or the one that may submit to a ring.
pub unsafe fn holds_thread(number: c_long, a1: usize, a2: usize, a3: usize, a4: usize) -> c_long {
    os_thread::hold(|| unsafe { kernel(number, [a1, a2, a3, a4]) })
}

/// Refused where glibc has registered the OS thread's area: then the coroutine need not keep it.
pub unsafe fn rseq(number: c_long, area: usize, size: usize, flags: usize, signature: usize) -> c_long {
    let result = unsafe { kernel(number, [area, size, flags, signature]) };
    if result == 0 { os_thread::hold(|| result) } else { result }
}

/// Of a CPU, with -1 for the thread, it is nobody's.
pub unsafe fn perf_event_open(
    number: c_long,
    attr: usize,
    tid: c_int,
    cpu: c_int,
    group: c_int,
    flags: usize,
) -> c_int {
    let open =
        |tid: pid_t| unsafe { kernel(number, [attr, tid as usize, cpu as usize, group as usize, flags]) as c_int };
    if tid < 0 { open(tid) } else { Whose::by_id(tid).watch(open) }
}

/// A thread's keyrings are in its credentials. Who changes these names a keyring of its own, or joins one.
pub unsafe fn keys(number: c_long, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize) -> c_long {
    const KEYCTL_JOIN_SESSION_KEYRING: usize = 1;
    const KEYCTL_SET_REQKEY_KEYRING: usize = 14;
    const KEYCTL_ASSUME_AUTHORITY: usize = 16;
    /// KEY_SPEC_THREAD_KEYRING and KEY_SPEC_PROCESS_KEYRING: made when they are first named.
    const OWN: [c_int; 2] = [-1, -2];
    let joins = matches!(a1, KEYCTL_JOIN_SESSION_KEYRING | KEYCTL_SET_REQKEY_KEYRING | KEYCTL_ASSUME_AUTHORITY);
    let names = [a2, a3, a4, a5].into_iter().any(|key| OWN.contains(&(key as c_int)));
    let call = || unsafe { kernel(number, [a1, a2, a3, a4, a5]) };
    if names || (number == SYS_keyctl && joins) {
        os_thread::change(Changed::ForGood, call)
    } else {
        wait::may_block(call)
    }
}
