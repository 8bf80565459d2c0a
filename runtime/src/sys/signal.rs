//! Signals and their masks, as the kernel has them: a mask is 64 bits, bit `n - 1` for signal `n`.

use crate::arch;
use rustix::fd::{FromRawFd, OwnedFd, RawFd};

const SYS_RT_SIGPROCMASK: usize = 14;
const SYS_SIGALTSTACK: usize = 131;
const SYS_RT_SIGPENDING: usize = 127;
const SYS_RT_SIGTIMEDWAIT: usize = 128;
const SYS_RT_SIGQUEUEINFO: usize = 129;
const SYS_SIGNALFD4: usize = 289;
const SYS_RT_TGSIGQUEUEINFO: usize = 297;
const SIG_BLOCK: usize = 0;
const SIG_UNBLOCK: usize = 1;
const SIG_SETMASK: usize = 2;
/// Bytes of the kernel's sigset_t.
pub(super) const SIZE: usize = 8;

/// A mask with every signal blocked that the program can block. glibc's own two, SIGCANCEL and SIGSETXID, stay open: a
/// setuid(2) waits until every thread has answered the second.
pub const ALL: u64 = !(1 << 31 | 1 << 32);

/// [`ALL`], for calls that take a mask's address.
pub(super) static ALL_BLOCKED: u64 = ALL;

/// The number of a signal, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub u32);

impl Number {
    /// glibc's SIGSETXID, which the program can neither send nor block: with our mark, only to make a thread look.
    pub const NUDGE: Self = Self(33);
    /// From here on signals queue; of the others one is kept.
    const FIRST_QUEUED: u32 = 32;
    const LAST: u32 = 64;

    pub fn new(number: u32) -> Option<Self> {
        (1..=Self::LAST).contains(&number).then_some(Self(number))
    }

    /// Its bit in a mask of the kernel's.
    pub const fn bit(self) -> u64 {
        1 << (self.0 - 1)
    }

    pub(crate) const fn queues(self) -> bool {
        self.0 >= Self::FIRST_QUEUED
    }
}

/// What is told of a signal: the kernel's siginfo_t (asm-generic/siginfo.h).
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct Info {
    pub number: i32,
    pub errno: i32,
    pub code: i32,
    _pad: i32,
    pub pid: i32,
    pub uid: u32,
    pub value: u64,
    _rest: [u64; 12],
}

const _: () = assert!(size_of::<Info>() == 128);

/// The code of a [mark](Info::mark): below zero, as those of user space are, and like none of Linux's.
const MARK: i32 = -0x1009;
/// kill(2), sigqueue(3), and tgkill(2).
pub const SI_USER: i32 = 0;
pub const SI_QUEUE: i32 = -1;
pub const SI_TKILL: i32 = -6;

impl Info {
    /// As the kernel tells it of a signal that this process sends with `code` and `value`.
    pub fn new(number: Number, code: i32, value: u64) -> Self {
        let pid = rustix::process::getpid().as_raw_pid();
        let uid = rustix::process::getuid().as_raw();
        Self { number: number.0 as i32, errno: 0, code, _pad: 0, pid, uid, value, _rest: [0; 12] }
    }

    pub(crate) const fn zero() -> Self {
        Self { number: 0, errno: 0, code: 0, _pad: 0, pid: 0, uid: 0, value: 0, _rest: [0; 12] }
    }

    /// Tells only that there is something in the queue.
    pub(crate) const fn mark() -> Self {
        Self { code: MARK, ..Self::zero() }
    }

    pub const fn is_mark(&self) -> bool {
        self.code == MARK
    }

    /// Whether the kernel tells of a fault of the very instruction that was interrupted: that can't wait.
    pub const fn is_fault(&self, number: Number) -> bool {
        /// SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS.
        const FAULTS: u64 = 1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 30;
        self.code > 0 && number.bit() & FAULTS != 0
    }
}

/// The calling OS thread's mask.
pub fn mask() -> u64 {
    let mut old = 0u64;
    let out = &raw mut old as usize;
    // SAFETY: with no new mask the call only writes the eight bytes of `old`.
    unsafe { arch::syscall(SYS_RT_SIGPROCMASK, [SIG_SETMASK, 0, out, SIZE, 0, 0]) };
    old
}

/// Makes `mask`, but for glibc's own signals, the calling OS thread's mask.
pub fn set_mask(mask: u64) {
    restore(mask & ALL);
}

/// Blocks every signal, glibc's own, too: for a moment, since a setuid(2) waits. The mask before, for [`restore`].
pub fn block_all() -> u64 {
    let (all, mut old) = (u64::MAX, 0u64);
    // SAFETY: the call reads the eight bytes of `all` and writes those of `old`.
    unsafe {
        let args = [SIG_SETMASK, &raw const all as usize, &raw mut old as usize, SIZE, 0, 0];
        arch::syscall(SYS_RT_SIGPROCMASK, args);
    }
    old
}

/// Ends [`block_all`].
pub fn restore(mask: u64) {
    // SAFETY: the call reads the eight bytes of `mask` and writes none.
    unsafe { arch::syscall(SYS_RT_SIGPROCMASK, [SIG_SETMASK, &raw const mask as usize, 0, SIZE, 0, 0]) };
}

/// Blocks the signal by which threads are nudged, for the calling OS thread: [`wait_for`] then takes it.
pub fn block_nudges() {
    change_nudges(SIG_BLOCK);
}

/// Ends [`block_nudges`].
pub fn unblock_nudges() {
    change_nudges(SIG_UNBLOCK);
}

fn change_nudges(how: usize) {
    let set = Number::NUDGE.bit();
    // SAFETY: the call reads the eight bytes.
    unsafe { arch::syscall(SYS_RT_SIGPROCMASK, [how, &raw const set as usize, 0, SIZE, 0, 0]) };
}

/// Waits until a signal of `set`, all of them blocked, is pending, for `timeout` seconds and nanoseconds at most, and takes
/// it: its number, or minus the errno (sigtimedwait(2)).
pub fn wait_for(set: u64, info: &mut Info, timeout: Option<[u64; 2]>) -> isize {
    let timeout = timeout.as_ref().map_or(0, |timeout| timeout.as_ptr() as usize);
    let args = [&raw const set as usize, core::ptr::from_mut(info) as usize, timeout, SIZE, 0, 0];
    // SAFETY: the call reads the set and the time, and writes the 128 bytes.
    unsafe { arch::syscall(SYS_RT_SIGTIMEDWAIT, args) }
}

/// A stack for handlers (sigaltstack(2)): the kernel's stack_t.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AltStack {
    pub low: usize,
    pub flags: i32,
    pub size: usize,
}

impl AltStack {
    /// SS_DISABLE: what a new thread has.
    pub const NONE: Self = Self { low: 0, flags: 2, size: 0 };

    /// The calling OS thread's.
    pub fn mine() -> Self {
        let mut mine = Self::NONE;
        // SAFETY: the call writes the structure.
        unsafe { arch::syscall(SYS_SIGALTSTACK, [0, &raw mut mine as usize, 0, 0, 0, 0]) };
        mine
    }

    /// Makes it the calling OS thread's, which does not run on one.
    pub fn put_on(&self) {
        // SAFETY: the call reads the structure; the memory is the program's promise.
        unsafe { arch::syscall(SYS_SIGALTSTACK, [core::ptr::from_ref(self) as usize, 0, 0, 0, 0, 0]) };
    }
}

fn pid() -> usize {
    rustix::process::getpid().as_raw_pid() as usize
}

/// Sends a signal to the OS thread `tid` of this process. One that is not the caller takes no code of the kernel's.
pub fn send_to_thread(tid: u32, number: Number, info: &Info) {
    let info = core::ptr::from_ref(info) as usize;
    // SAFETY: the kernel reads the 128 bytes; what a handler does is the program's.
    unsafe { arch::syscall(SYS_RT_TGSIGQUEUEINFO, [pid(), tid as usize, number.0 as usize, info, 0, 0]) };
}

/// Sends the OS thread `tid` of this process what the program sends: 0, or minus the errno.
pub fn send_from_program(tid: u32, number: Number, info: &Info) -> isize {
    const SYS_TGKILL: usize = 234;
    let (thread, number, at) = (tid as usize, number.0 as usize, core::ptr::from_ref(info) as usize);
    // SAFETY: the kernel reads the 128 bytes; what a handler does is the program's.
    unsafe {
        match info.code {
            // Only main may say so; the kernel says it of all.
            SI_TKILL => arch::syscall(SYS_TGKILL, [pid(), thread, number, 0, 0, 0]),
            _ => arch::syscall(SYS_RT_TGSIGQUEUEINFO, [pid(), thread, number, at, 0, 0]),
        }
    }
}

/// Sends the calling OS thread a signal that tells `info`. If it does not block it, it arrives before this returns.
pub fn send_to_self(number: Number, info: &Info) {
    send_to_thread(rustix::thread::gettid().as_raw_pid() as u32, number, info);
}

/// Gives the process a signal that was taken from it. The kernel lets only main say that it came from the kernel or from
/// kill(2): from others it tells the same sender, but SI_QUEUE.
pub fn send_to_process(number: Number, mut info: Info) {
    loop {
        let at = &raw const info as usize;
        // SAFETY: the kernel reads the 128 bytes.
        let done = unsafe { arch::syscall(SYS_RT_SIGQUEUEINFO, [pid(), number.0 as usize, at, 0, 0, 0]) };
        if done == 0 || info.code == SI_QUEUE {
            return;
        }
        info.code = SI_QUEUE;
    }
}

/// A descriptor that is readable while a signal of `set` is pending (signalfd(2)).
pub fn signalfd(set: u64) -> Option<OwnedFd> {
    // SAFETY: the kernel has just made it.
    signalfd_at(-1, set).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Has the one that is `fd` tell of `set`.
pub fn set_signalfd(fd: RawFd, set: u64) {
    signalfd_at(fd, set);
}

fn signalfd_at(fd: RawFd, set: u64) -> Option<RawFd> {
    /// SFD_CLOEXEC and SFD_NONBLOCK.
    const FLAGS: usize = 0o2000000 | 0o4000;
    let args = [fd as usize, &raw const set as usize, SIZE, FLAGS, 0, 0];
    // SAFETY: the call reads the eight bytes.
    RawFd::try_from(unsafe { arch::syscall(SYS_SIGNALFD4, args) }).ok().filter(|&fd| fd >= 0)
}

/// The signals that are pending, and blocked, for the calling OS thread or for the process.
pub fn pending() -> u64 {
    let mut set = 0u64;
    // SAFETY: the call writes the eight bytes.
    unsafe { arch::syscall(SYS_RT_SIGPENDING, [&raw mut set as usize, SIZE, 0, 0, 0, 0]) };
    set
}

/// Takes the signal `number`, which the calling OS thread blocks, if it is pending.
pub fn take_pending(number: Number) -> Option<Info> {
    let mut info = Info::zero();
    while wait_for(number.bit(), &mut info, Some([0; 2])) > 0 {
        // A mark is no signal: whoever it was for has a queue to look at.
        if !info.is_mark() {
            return Some(info);
        }
    }
    None
}
