//! Where the kernel's table of descriptors would end, had the library none of its own, which lie far up: select(2) looks at
//! no number past it, nor at the memory where the sets of a larger `n` would be. (POSIX's OPEN_MAX, `getdtablesize()`, is a
//! common `n`.)
//!
//! The table never shrinks. It grows by powers of two when a number does not fit (Linux `fs/file.c`), from what it was
//! when the process began.

use crate::sys::errno;
use crate::sys::kernel;
use iopatch_runtime::arch;
use iopatch_runtime::sys::descriptor;
use libc::{EBADF, SYS_select, c_int, timeval};
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::Relaxed;

/// The least that a table holds.
const LEAST: c_int = 64;
/// The most that is looked for at the start.
const MOST: c_int = 1 << 16;

/// Before that is known, or where the library stands aside: wherever the kernel says.
static AT_START: AtomicI32 = AtomicI32::new(c_int::MAX);
/// The highest number that the program was seen to have.
static HIGHEST: AtomicI32 = AtomicI32::new(0);

/// Finds where the table ends, once, before the library has a descriptor.
pub fn init() {
    let mut end = LEAST;
    while end < MOST && holds(end) {
        end *= 2;
    }
    AT_START.store(end, Relaxed);
}

/// Whether the table holds `number`, below [`MOST`]: a select that asks for one which is not open fails.
fn holds(number: c_int) -> bool {
    if kernel::is_open(number) {
        return true;
    }
    let mut set = [0u64; MOST as usize / 64];
    set[number as usize / 64] = 1 << (number % 64);
    let mut at_once = timeval { tv_sec: 0, tv_usec: 0 };
    let args = [number as usize + 1, set.as_mut_ptr() as usize, 0, 0, &raw mut at_once as usize, 0];
    // SAFETY: the kernel reads and writes the bits up to `number` of one set, and the time.
    unsafe { arch::syscall(SYS_select as usize, args) == -(EBADF as isize) }
}

/// The program has a descriptor of this number.
#[inline]
pub fn note(fd: c_int) {
    if fd > HIGHEST.load(Relaxed) {
        HIGHEST.fetch_max(fd, Relaxed);
    }
}

/// How many numbers the table would hold.
pub fn end() -> c_int {
    const STEP: u32 = 128;
    let highest = HIGHEST.load(Relaxed);
    let start = AT_START.load(Relaxed);
    if highest < start { start } else { ((highest as u32 / STEP + 1).next_power_of_two() * STEP) as c_int }
}

/// Looks whether the table holds `number` after all, one that no hook has seen being made. errno stays.
pub fn look_for(number: c_int) {
    let errno = errno::get();
    if !descriptor::is_hidden(number) && kernel::is_open(number) {
        note(number);
    }
    errno::set(errno);
}
