//! An epoll instance, and what gets its owner out of a sleep in it. Every worker has one; a slot notes by which of them it is
//! watched.

use super::WAKEUP;
use crate::sync::{Acquire, AtomicPtr, Relaxed, Release};
use crate::sys::descriptor::Hidden;
use crate::sys::epoll::{self, Epoll};
use core::ptr::null_mut;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;

/// The most of them.
pub const MOST: usize = 256;

static POLLERS: [AtomicPtr<Poller>; MOST] = [const { AtomicPtr::new(null_mut()) }; MOST];

/// See the module.
pub(crate) struct Poller {
    pub index: usize,
    epoll: Hidden,
    /// An eventfd in `epoll`. Edge-triggered, so that nobody ever has to read it.
    wakeup: Hidden,
}

impl Poller {
    /// The one with this index, of this process.
    pub fn new(index: usize) -> Result<Self, Errno> {
        let epoll = epoll::create()?;
        let wakeup = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let wakeup = Hidden::new(wakeup).ok_or(Errno::MFILE)?;
        Epoll::at(epoll.as_raw_fd()).add(wakeup.number(), WAKEUP)?;
        let epoll = Hidden::new(epoll).ok_or(Errno::MFILE)?;
        Ok(Self { index, epoll, wakeup })
    }

    /// From here on [`at`] finds it.
    pub fn publish(&'static self) {
        POLLERS[self.index].store(core::ptr::from_ref(self).cast_mut(), Release);
    }

    pub fn epoll(&self) -> Epoll {
        Epoll::at(self.epoll.number())
    }

    /// Makes an edge on the eventfd, which ends one epoll_wait.
    pub fn ring(&self) {
        // SAFETY: the poller's own descriptor, open for the life of the process.
        let wakeup = unsafe { BorrowedFd::borrow_raw(self.wakeup.number()) };
        let _ = rustix::io::write(wakeup, &1u64.to_ne_bytes());
    }
}

/// The poller with this index.
pub(super) fn at(index: usize) -> Option<&'static Poller> {
    // SAFETY: null, or a poller that is never freed.
    unsafe { POLLERS.get(index)?.load(Acquire).as_ref() }
}

/// In the child of a fork: there are none.
pub(super) fn forget() {
    POLLERS.iter().for_each(|place| place.store(null_mut(), Relaxed));
}
