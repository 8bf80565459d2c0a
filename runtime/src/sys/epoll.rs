//! epoll(7) with nanosecond time-outs, edge-triggered, one registration a descriptor.

use super::clock::{Deadline, now};
use super::signal;
use crate::arch;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fd::{BorrowedFd, OwnedFd, RawFd};
use rustix::io::Errno;

const SYS_EPOLL_PWAIT: usize = 281;
const SYS_EPOLL_PWAIT2: usize = 441;
const ENOSYS: isize = -38;

/// Set once the kernel (before 5.11) has said that it has no epoll_pwait2.
static NO_PWAIT2: AtomicBool = AtomicBool::new(false);

/// One event: struct epoll_event of x86-64, which is packed.
#[repr(C, packed)]
#[derive(Clone, Copy)]
pub struct Event {
    pub flags: u32,
    pub data: u64,
}

pub const IN: u32 = EventFlags::IN.bits();
pub const PRI: u32 = EventFlags::PRI.bits();
pub const OUT: u32 = EventFlags::OUT.bits();
pub const ERR: u32 = EventFlags::ERR.bits();
pub const HUP: u32 = EventFlags::HUP.bits();
pub const RDHUP: u32 = EventFlags::RDHUP.bits();

/// What every descriptor is registered for: all edges, once for its life.
fn everything() -> EventFlags {
    EventFlags::IN | EventFlags::OUT | EventFlags::PRI | EventFlags::RDHUP | EventFlags::ET
}

/// A new epoll instance, close-on-exec.
pub fn create() -> Result<OwnedFd, Errno> {
    epoll::create(CreateFlags::CLOEXEC)
}

/// The number of an epoll instance that somebody else keeps open.
#[derive(Clone, Copy)]
pub struct Epoll(RawFd);

impl Epoll {
    pub const fn at(fd: RawFd) -> Self {
        Self(fd)
    }

    /// Starts to watch `fd`; EEXIST where this open file is registered under this number already.
    pub fn add(self, fd: RawFd, data: u64) -> Result<(), Errno> {
        epoll::add(borrow(self.0), borrow(fd), EventData::new_u64(data), everything())
    }

    /// Re-arms `fd`: what is ready now makes a new edge. ENOENT where it is not registered.
    pub fn modify(self, fd: RawFd, data: u64) -> Result<(), Errno> {
        epoll::modify(borrow(self.0), borrow(fd), EventData::new_u64(data), everything())
    }

    pub fn delete(self, fd: RawFd) {
        let _ = epoll::delete(borrow(self.0), borrow(fd));
    }

    /// Waits for events until `deadline` (`None`: for ever; in the past: only looks).
    /// Meanwhile every signal is blocked: those of the process are for others to take.
    pub fn wait(self, events: &mut [MaybeUninit<Event>], deadline: Option<Deadline>) -> &[Event] {
        let timeout = deadline.map(|Deadline(at)| at.saturating_sub(now()));
        let n = if timeout == Some(0) || NO_PWAIT2.load(Relaxed) {
            self.wait_ms(events, timeout)
        } else {
            match self.wait_ns(events, timeout) {
                ENOSYS => {
                    NO_PWAIT2.store(true, Relaxed);
                    self.wait_ms(events, timeout)
                }
                n => n,
            }
        };
        let n = usize::try_from(n).unwrap_or(0);
        // SAFETY: the kernel has filled the first `n` elements.
        unsafe { core::slice::from_raw_parts(events.as_ptr().cast(), n) }
    }

    fn wait_ns(self, events: &mut [MaybeUninit<Event>], timeout: Option<u64>) -> isize {
        let ts = timeout.map(|ns| [ns / 1_000_000_000, ns % 1_000_000_000]);
        let ts = ts.as_ref().map_or(0, |ts| ts.as_ptr() as usize);
        let (at, len) = (events.as_mut_ptr() as usize, events.len());
        let mask = &raw const signal::ALL_BLOCKED as usize;
        // SAFETY: the kernel writes at most `len` events and reads one timespec and a mask, all alive here.
        unsafe { arch::syscall(SYS_EPOLL_PWAIT2, [self.0 as usize, at, len, ts, mask, signal::SIZE]) }
    }

    /// Milliseconds, rounded up: an early wake-up would only spin.
    fn wait_ms(self, events: &mut [MaybeUninit<Event>], timeout: Option<u64>) -> isize {
        let ms = timeout.map_or(-1, |ns| ns.div_ceil(1_000_000).min(i32::MAX as u64) as isize);
        let (at, len) = (events.as_mut_ptr() as usize, events.len());
        let mask = &raw const signal::ALL_BLOCKED as usize;
        // SAFETY: the kernel writes at most `len` events and reads a mask.
        unsafe { arch::syscall(SYS_EPOLL_PWAIT, [self.0 as usize, at, len, ms as usize, mask, signal::SIZE]) }
    }
}

/// Not ours to keep open: the program may close its descriptor at any time; the call then answers
/// EBADF.
fn borrow(fd: RawFd) -> BorrowedFd<'static> {
    // SAFETY: the number is only passed to the kernel, which checks it; -1 never comes here.
    unsafe { BorrowedFd::borrow_raw(fd) }
}
