//! The library's own descriptors: out of the program's way, and known, so that the program can
//! neither see nor hurt them.
//!
//! Their numbers are in one table. Who has one has a [`Hidden`], which is its place there, and looks the number up for each
//! call: so one can be moved to another number, and nobody has to be told.

use super::signal;
use crate::arch;
use crate::sync::{AtomicI32, AtomicU16, Relaxed, SeqCst};
use core::num::NonZeroU16;
use rustix::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use rustix::process::{Resource, getrlimit};

/// Room for every worker's two, and for the open files that outlive their numbers: a server may close ten thousand that
/// somebody waits for.
const MOST: usize = 1 << 14;
const NONE: RawFd = -1;
/// How far below the limit ours begin where they can't be above it.
const HEADROOM: u64 = 64;

/// A place for a number. It is kept inverted: an empty place is zeroes, and the table takes no memory where it is empty.
struct Place(AtomicI32);

impl Place {
    const fn empty() -> Self {
        Self(AtomicI32::new(!NONE))
    }

    fn number(&self) -> RawFd {
        !self.0.load(Relaxed)
    }

    /// False: there is another one in it.
    fn fill(&self, fd: RawFd) -> bool {
        self.0.compare_exchange(!NONE, !fd, SeqCst, Relaxed).is_ok()
    }

    fn close(&self) {
        let fd = !self.0.swap(!NONE, SeqCst);
        if fd != NONE {
            // SAFETY: the number was the library's, and has no user left.
            unsafe { rustix::io::close(fd) };
        }
    }
}

/// Their numbers.
static PLACES: [Place; MOST] = [const { Place::empty() }; MOST];
/// No place from here on was ever taken.
static USED: AtomicU16 = AtomicU16::new(0);
/// The lowest and the highest that one of them ever had: no number outside needs a look at the list.
static LOWEST: AtomicI32 = AtomicI32::new(RawFd::MAX);
static HIGHEST: AtomicI32 = AtomicI32::new(NONE);

/// Where the own numbers begin at the latest. The kernel's table of descriptors is an array up to
/// the highest open number, and every fork copies it.
const HIGHEST_BASE: u64 = 1 << 16;

/// One of the library's own descriptors, which is closed when this is dropped: one more than its place in the table.
#[repr(transparent)]
pub struct Hidden(NonZeroU16);

impl Hidden {
    /// Moves `fd` above the numbers that the program can get, close-on-exec. `None`: there is no place for it.
    pub fn new(fd: OwnedFd) -> Option<Self> {
        // Where no other number is free, its own must do.
        Self::copy_of(fd.as_raw_fd()).or_else(|| record(fd).ok())
    }

    /// Copies `fd` above the numbers that the program can get, close-on-exec. `None`: no number is free, or no place.
    ///
    /// Above the soft limit of RLIMIT_NOFILE the kernel hands out no number, so a descriptor there
    /// changes neither what open(2) returns nor when it fails with EMFILE. Where even the hard limit is
    /// reached, the highest number must do.
    pub fn copy_of(fd: RawFd) -> Option<Self> {
        let soft = getrlimit(Resource::Nofile).current.unwrap_or(HIGHEST_BASE).min(HIGHEST_BASE);
        let copy = dup_above(fd, soft).or_else(|| dup(fd, soft.saturating_sub(HEADROOM)))?;
        record(copy).ok()
    }

    /// The present number: to be asked for anew for each call.
    #[inline]
    pub fn number(&self) -> RawFd {
        self.place().number()
    }

    fn place(&self) -> &'static Place {
        place(self.0)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        self.place().close();
    }
}

/// A descriptor of the library's that there is one of in the process: made when it is first needed.
pub struct Only(AtomicU16);

impl Only {
    pub const fn none() -> Self {
        Self(AtomicU16::new(0))
    }

    /// It is `fd` from here on; there was none.
    pub fn set(&self, fd: Hidden) {
        self.0.store(fd.0.get(), SeqCst);
        core::mem::forget(fd);
    }

    /// Its present number.
    pub fn number(&self) -> Option<RawFd> {
        NonZeroU16::new(self.0.load(SeqCst)).map(|handle| place(handle).number())
    }

    /// In the child of a fork, where [`forget`] closes it: there is none.
    pub fn forget(&self) {
        self.0.store(0, SeqCst);
    }
}

fn place(handle: NonZeroU16) -> &'static Place {
    &PLACES[usize::from(handle.get()) - 1]
}

/// The places that there may be descriptors in.
fn places() -> impl Iterator<Item = &'static Place> {
    PLACES.iter().take(usize::from(USED.load(SeqCst)))
}

/// Whether `fd` is one of the library's own.
#[inline]
pub fn is_hidden(fd: RawFd) -> bool {
    fd >= LOWEST.load(Relaxed) && fd <= HIGHEST.load(Relaxed) && places().any(|place| place.number() == fd)
}

/// The lowest own number that is at least `from`.
pub fn next_hidden(from: u32) -> Option<u32> {
    if i64::from(from) > i64::from(HIGHEST.load(Relaxed)) {
        return None;
    }
    let numbers = places().map(Place::number);
    let above = numbers.filter_map(|fd| u32::try_from(fd).ok().filter(|&fd| fd >= from));
    above.min()
}

/// The program wants the number `fd` for itself (dup2 over it): moves ours away.
pub fn vacate(fd: RawFd) {
    if !is_hidden(fd) {
        return;
    }
    let Some(place) = places().find(|place| place.number() == fd) else {
        return;
    };
    let Some(to) = dup_above(fd, fd as u64 + 1).or_else(|| dup(fd, 3)) else {
        return;
    };
    let to = to.into_raw_fd();
    widen_to(to);
    place.0.store(!to, SeqCst);
    // SAFETY: the number is ours, and its users look up the new one.
    unsafe { rustix::io::close(fd) };
}

/// In the child of a fork, which has one thread and none of the parent's waits: closes them all. Whoever had one has let go
/// of it, and drops it no more.
pub fn forget() {
    places().for_each(Place::close);
    USED.store(0, Relaxed);
    LOWEST.store(RawFd::MAX, Relaxed);
    HIGHEST.store(NONE, Relaxed);
}

/// Notes an own descriptor. `Err`: there is no place for it.
fn record(fd: OwnedFd) -> Result<Hidden, OwnedFd> {
    let number = fd.as_raw_fd();
    widen_to(number);
    let index = PLACES.iter().position(|place| place.fill(number));
    let handle = index.and_then(|index| NonZeroU16::new(index as u16 + 1));
    match handle {
        Some(handle) => {
            USED.fetch_max(handle.get(), SeqCst);
            let _the_place_has_it = fd.into_raw_fd();
            Ok(Hidden(handle))
        }
        None => Err(fd),
    }
}

fn widen_to(fd: RawFd) {
    LOWEST.fetch_min(fd, SeqCst);
    HIGHEST.fetch_max(fd, SeqCst);
}

/// Copies `fd` to a number from `least` on, which may be above the soft limit. Limits are the process's, and another
/// thread may look at them, set them or fork at any time; so a process with a limit of its own makes the copy.
fn dup_above(fd: RawFd, least: u64) -> Option<OwnedFd> {
    let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let mask = signal::block_all();
    let number = arch::dup_by_child(fd, least as usize, &[hard, hard]);
    signal::restore(mask);
    let number = RawFd::try_from(number).ok().filter(|&number| number >= 0)?;
    // SAFETY: the child has just made it, for the caller.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

fn dup(fd: RawFd, least: u64) -> Option<OwnedFd> {
    // SAFETY: an open descriptor, which the caller keeps so meanwhile, or a number that the kernel finds not open.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    rustix::io::fcntl_dupfd_cloexec(fd, least as RawFd).ok()
}

#[cfg(all(test, not(loom)))]
mod tests;
