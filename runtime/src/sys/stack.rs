//! mmap(2) for stacks: a mapping each, as long as there are not too many, a guard below, and code on it where the program
//! wants that.
//!
//! Collectors that scan stacks take each one to reach to the end of its mapping in /proc/self/maps. A stack that is a
//! mapping of its own, with a guard that is one, too, costs what it does natively: two mappings, of which Linux allows a
//! process 65,530 (vm.max_map_count). So the stacks past a number (`task/slab.rs`) may lie in one another's mappings, with
//! markers in the page table as their guards.
//!
//! For each of 10,000 stacks of 64 KiB, on the machine of docs/DESIGN.md:
//!
//! | | to map | memory of the kernel's | a share of a fork |
//! |---|---|---|---|
//! | apart: a guard by mprotect(2) | 1.5 us | 0.6 KiB | 2.2 us |
//! | apart by different flags of neighbours (MAP_NORESERVE), guard marked | 1.5 us | some | 1.7 us |
//! | marked | 0.8 us | none | 0.5 us |
//! | marked, cut from a mapping of 1,024 | 0.3 us | none | 0.4 us |
//!
//! The second has half as many mappings, but is unlike what other tools know; the last one is cheap, but under a limit of
//! addresses (RLIMIT_AS) it takes what no thread has asked for.

use super::memory;
use crate::arch;
use crate::sync::{AtomicBool, SeqCst};
use core::ffi::c_void;
use core::ptr::NonNull;
use rustix::mm::{self, MapFlags, MprotectFlags, ProtFlags};
use rustix::process::{Resource, getrlimit};

/// madvise(2) MADV_GUARD_INSTALL, Linux 6.13.
const MADV_GUARD_INSTALL: usize = 102;
const SYS_MADVISE: usize = 28;

const READ_WRITE: MprotectFlags = MprotectFlags::READ.union(MprotectFlags::WRITE);

/// How the guard of a stack is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// It is a mapping of its own, and so is the stack.
    Apart,
    /// By markers in the page table.
    Marked,
}

/// Maps `size` bytes for a stack, zeroes that take no memory until they are touched; a touch of the lowest `guard` bytes,
/// whole pages, is a SIGSEGV. `None` where the kernel refuses the memory (RLIMIT_AS, a cgroup, overcommit mode 2), or
/// another mapping.
pub fn map(size: usize, guard: usize, apart: bool) -> Option<(NonNull<u8>, Guarded)> {
    if apart { map_apart(size, guard).map(|low| (low, Guarded::Apart)) } else { map_marked(size, guard) }
}

fn map_apart(size: usize, guard: usize) -> Option<NonNull<u8>> {
    if guard == 0 {
        return memory::map(size, memory::READ_WRITE, MapFlags::STACK);
    }
    // As glibc does it: what can't be touched is not accounted for.
    let low = memory::map(size, ProtFlags::empty(), MapFlags::STACK)?;
    // SAFETY: the mapping was just made, and nobody has seen it.
    unsafe {
        let opened = mm::mprotect(low.add(guard).as_ptr().cast(), size - guard, READ_WRITE);
        if opened.is_err() {
            memory::release(low, size);
        }
        opened.ok().map(|()| low)
    }
}

/// Not accounted for, since many of them are one mapping, which alone may be more than all memory: a fork would be refused.
fn map_marked(size: usize, guard: usize) -> Option<(NonNull<u8>, Guarded)> {
    let low = memory::map(size, memory::READ_WRITE, MapFlags::STACK | MapFlags::NORESERVE)?;
    let at = low.as_ptr();
    // SAFETY: the mapping was just made; on an older kernel the advice is unknown and does nothing.
    if guard == 0 || unsafe { arch::syscall(SYS_MADVISE, [at as usize, guard, MADV_GUARD_INSTALL, 0, 0, 0]) } == 0 {
        return Some((low, Guarded::Marked));
    }
    // Without the guard an overflow would run into the neighbour, which is no reason to refuse the thread.
    // SAFETY: as above.
    let _ = unsafe { mm::mprotect(at.cast(), guard, MprotectFlags::empty()) };
    Some((low, Guarded::Apart))
}

/// Gives a stack of [`map`] back.
///
/// # Safety
/// Nothing in `[at, at + size)` is used any more.
pub unsafe fn unmap(at: NonNull<u8>, size: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if mm::munmap(at.as_ptr().cast(), size).is_err() {
            // No mapping is left, which it takes to cut this one out of its neighbours: the addresses are lost.
            memory::clear(at.as_ptr(), size);
        }
    }
}

/// Code on stacks may run: the program, or a library that it has loaded, asks for it.
static EXECUTABLE: AtomicBool = AtomicBool::new(false);

/// Has stacks be executable from here on; true the first time.
pub(crate) fn begin_executable() -> bool {
    !EXECUTABLE.swap(true, SeqCst)
}

/// Makes the stack in `[low, low + size)` executable if stacks are to be; its lowest `guard` bytes stay a guard.
///
/// # Safety
/// The range is a stack of [`map`], so guarded.
pub(crate) unsafe fn follow(low: usize, guard: usize, size: usize, guarded: Guarded) {
    if EXECUTABLE.load(SeqCst) {
        // Markers stay where they are, and so do neighbours one mapping.
        let kept = if guarded == Guarded::Marked { 0 } else { guard };
        let flags = READ_WRITE | MprotectFlags::EXEC;
        // SAFETY: the caller's promise; what could be done with the memory still can.
        let _ = unsafe { mm::mprotect((low + kept) as *mut c_void, size - kept, flags) };
    }
}

/// Whether the process has a limit of addresses (RLIMIT_AS).
pub(crate) fn are_addresses_limited() -> bool {
    getrlimit(Resource::As).current.is_some()
}
