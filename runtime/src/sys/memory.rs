//! mmap(2) for what the runtime keeps: it never calls malloc, so that it can run in any state of
//! the program's heap and leaves no cache of its own in a coroutine.

use super::descriptor::{Hidden, Only};
use crate::arch;
use core::ptr::{NonNull, null_mut};
use rustix::fs::{Mode, OFlags};
use rustix::mm::{self, Advice, MapFlags, ProtFlags};

/// Bytes in a page; x86-64 has no other base page.
pub const PAGE: usize = 4096;

pub(super) const READ_WRITE: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

/// Reserves `size` bytes of zeroes, none of which takes memory until it is touched.
/// `None` where the kernel refuses (RLIMIT_AS, a cgroup, overcommit mode 2).
pub fn reserve(size: usize) -> Option<NonNull<u8>> {
    map(size, READ_WRITE, MapFlags::NORESERVE)
}

/// Maps `size` bytes of zeroes, private to the process.
pub(super) fn map(size: usize, protection: ProtFlags, flags: MapFlags) -> Option<NonNull<u8>> {
    // SAFETY: a new anonymous mapping touches no memory that anybody holds.
    let at = unsafe { mm::mmap_anonymous(null_mut(), size, protection, MapFlags::PRIVATE | flags).ok()? };
    // A transparent huge page under a stack would make an idle coroutine cost 2 MiB.
    // SAFETY: advice on the mapping just made changes no content.
    let _ = unsafe { mm::madvise(at, size, Advice::LinuxNoHugepage) };
    NonNull::new(at.cast())
}

/// Gives a mapping of [`reserve`] back.
///
/// # Safety
/// Nothing in `[at, at + size)` is used any more.
pub unsafe fn release(at: NonNull<u8>, size: usize) {
    // SAFETY: the caller's promise.
    let _ = unsafe { mm::munmap(at.as_ptr().cast(), size) };
}

/// Makes a mapping of [`reserve`] read as zeroes again and returns its memory.
///
/// # Safety
/// Nobody relies on the present content.
pub unsafe fn clear(at: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    let _ = unsafe { mm::madvise(at.cast(), size, Advice::LinuxDontNeed) };
}

/// /proc/self/maps; without it every question fails.
static MAPS: Only = Only::none();

/// Opens what [`is_shared`] asks, if it is not open; a failure only makes it say yes.
pub(crate) fn open_maps() {
    if MAPS.number().is_some() {
        return;
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    if let Some(maps) = rustix::fs::open(c"/proc/self/maps", flags, Mode::empty()).ok().and_then(Hidden::new) {
        MAPS.set(maps);
    }
}

/// In the child of a fork: the descriptor is of the parent's memory.
pub(crate) fn forget_maps() {
    MAPS.forget();
}

/// Whether the memory at `addr` is, or may be, another process's as well: a MAP_SHARED mapping.
///
/// By the ioctl PROCMAP_QUERY of Linux 6.11, about a microsecond. Where it is not, the answer is yes.
pub fn is_shared(addr: usize) -> bool {
    const SYS_IOCTL: usize = 16;
    /// _IOWR('f', 17, struct procmap_query) of linux/fs.h, whose size is 104 bytes.
    const PROCMAP_QUERY: usize = 3 << 30 | size_of::<[u64; 13]>() << 16 | (b'f' as usize) << 8 | 17;
    const VMA_SHARED: u64 = 8;
    const ADDRESS: usize = 2;
    const FLAGS: usize = 5;
    let mut query = [0u64; 13];
    query[0] = size_of_val(&query) as u64;
    query[ADDRESS] = addr as u64;
    let Some(maps) = MAPS.number() else { return true };
    let args = [maps as usize, PROCMAP_QUERY, query.as_mut_ptr() as usize, 0, 0, 0];
    // SAFETY: the kernel reads and writes the structure, of the size that it is told.
    let answered = unsafe { arch::syscall(SYS_IOCTL, args) } == 0;
    !answered || query[FLAGS] & VMA_SHARED != 0
}
