//! Signal masks, as the kernel keeps them: 64 bits, bit `n - 1` for signal `n`.

use crate::arch;

const SYS_RT_SIGPROCMASK: usize = 14;
const SIG_SETMASK: usize = 2;
/// Bytes of the kernel's sigset_t.
const SIZE: usize = 8;

/// A mask with every signal blocked that can be.
pub const ALL: u64 = u64::MAX;

/// The calling OS thread's mask.
pub fn mask() -> u64 {
    let mut old = 0u64;
    let out = &raw mut old as usize;
    // SAFETY: with no new mask the call only writes the eight bytes of `old`.
    unsafe { arch::syscall(SYS_RT_SIGPROCMASK, [SIG_SETMASK, 0, out, SIZE, 0, 0]) };
    old
}

/// Makes `mask` the calling OS thread's mask.
pub fn set_mask(mask: u64) {
    let new = &raw const mask as usize;
    // SAFETY: the call reads the eight bytes of `mask` and writes none.
    unsafe { arch::syscall(SYS_RT_SIGPROCMASK, [SIG_SETMASK, new, 0, SIZE, 0, 0]) };
}
