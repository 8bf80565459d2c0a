//! x86-64: the FS base (the thread pointer), the control words of the CPU, raw system calls,
//! and the runtime's own word of thread-local storage.

use core::arch::{asm, global_asm};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

const SYS_ARCH_PRCTL: usize = 158;
const ARCH_SET_FS: usize = 0x1002;

/// Whether user space may write FS itself (AT_HWCAP2 bit 1): 1-2 ns instead of a system call's 90.
static FSGSBASE: AtomicBool = AtomicBool::new(false);

/// Takes what the kernel said in AT_HWCAP2; called once, before the first switch.
pub fn init(hwcap2: u64) {
    FSGSBASE.store(hwcap2 & 2 != 0, Relaxed);
}

/// The thread pointer: the address of the running thread's TCB, which holds its own address.
#[inline]
pub fn thread_pointer() -> usize {
    let tp: usize;
    // SAFETY: the x86-64 TLS ABI keeps the TCB's address at fs:0.
    unsafe { asm!("mov {}, fs:[0]", out(reg) tp, options(nostack, preserves_flags, readonly)) };
    tp
}

/// Makes `tp` the thread pointer.
///
/// # Safety
/// `tp` is a live TCB, and no caller up the stack has kept an address of thread-local storage that
/// it will use before the thread pointer is set back.
#[inline]
pub unsafe fn set_thread_pointer(tp: usize) {
    if FSGSBASE.load(Relaxed) {
        // SAFETY: the kernel has announced the instruction; the rest is the caller's promise.
        unsafe { asm!("wrfsbase {}", in(reg) tp, options(nostack, preserves_flags)) };
    } else {
        // SAFETY: as above, by the system call.
        unsafe { syscall(SYS_ARCH_PRCTL, [ARCH_SET_FS, tp, 0, 0, 0, 0]) };
    }
}

/// Whether the program has protection keys: only then are the rights of threads looked at.
static PKEYS: AtomicBool = AtomicBool::new(false);
/// The rights that the kernel gives to the first thread: key 0 alone.
const INITIAL_PKRU: u32 = 0x5555_5554;

/// The program has made a protection key (pkey_alloc(2)); the kernel has given the caller its rights.
pub fn has_pkeys() {
    PKEYS.store(true, Relaxed);
}

/// What the CPU keeps for a thread besides its registers: MXCSR with its sticky flags, the x87 control word, and the
/// rights to memory by protection keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Controls {
    mxcsr: u32,
    x87: u16,
    pkru: u32,
}

impl Controls {
    #[inline]
    pub fn read() -> Self {
        let (mut mxcsr, mut x87) = (0u32, 0u16);
        // SAFETY: both instructions only store into the two locals.
        unsafe {
            asm!("stmxcsr [{}]", "fnstcw [{}]", in(reg) &raw mut mxcsr, in(reg) &raw mut x87,
                 options(nostack, preserves_flags));
        }
        Self { mxcsr, x87, pkru: if PKEYS.load(Relaxed) { Self::read_pkru() } else { INITIAL_PKRU } }
    }

    fn read_pkru() -> u32 {
        let pkru;
        // SAFETY: the kernel has made a key, so the CPU has the instruction; it changes eax and edx alone.
        unsafe { asm!("rdpkru", in("ecx") 0, out("eax") pkru, out("edx") _, options(nostack, preserves_flags)) };
        pkru
    }

    /// Loads `self`, given what is `loaded` now: most switches change nothing and load nothing.
    #[inline]
    pub fn load_over(self, loaded: Self) {
        if self != loaded {
            self.load(self.pkru != loaded.pkru);
        }
    }

    #[inline]
    fn load(self, pkru: bool) {
        // SAFETY: both words were stored by `read`, so no reserved bit is set.
        unsafe {
            asm!("ldmxcsr [{}]", "fldcw [{}]", in(reg) &raw const self.mxcsr,
                 in(reg) &raw const self.x87, options(nostack, preserves_flags, readonly));
        }
        if pkru {
            // SAFETY: two values differ, so that one was read: as in `read_pkru`. The stacks and the runtime are of key 0,
            // to which every thread has the rights that it had before.
            unsafe { asm!("wrpkru", in("ecx") 0, in("eax") self.pkru, in("edx") 0, options(nostack, preserves_flags)) };
        }
    }
}

/// Has the cache line at `at` fetched, for a look at it soon. Any address is allowed.
#[inline]
pub fn prefetch(at: usize) {
    // SAFETY: a prefetch has no effect but on the caches, and never faults.
    unsafe { core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(at as *const i8) };
}

/// A system call by its number: the result, or minus the errno.
///
/// # Safety
/// That of the call.
#[inline]
pub unsafe fn syscall(number: usize, args: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: the kernel's convention (rcx and r11 are clobbered); the effects are the caller's.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => result,
             in("rdi") args[0], in("rsi") args[1], in("rdx") args[2],
             in("r10") args[3], in("r8") args[4], in("r9") args[5],
             lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}

/// Has a process that lives for this only, with the caller's table of descriptors and memory and its own limits, set its
/// RLIMIT_NOFILE to `limit` (soft, hard) and copy `fd` to the first free number from `least` on, close-on-exec. The
/// limit of the caller's process is never another. The new number, or minus the errno.
///
/// The caller sleeps meanwhile; a signal must not reach the child, which is not to run a handler here: all are blocked.
pub fn dup_by_child(fd: i32, least: usize, limit: &[u64; 2]) -> isize {
    // linux/sched.h. No signal tells of its end, so that only __WCLONE and __WALL find it; no debugger follows it.
    const CLONE_VM: usize = 0x100;
    const CLONE_FILES: usize = 0x400;
    const CLONE_VFORK: usize = 0x4000;
    const CLONE_UNTRACED: usize = 0x0080_0000;
    const WCLONE: usize = 0x8000_0000;
    const SYS_WAIT4: usize = 61;
    const EAGAIN: isize = 11;
    let mut number = -EAGAIN;
    let pid: isize;
    // SAFETY: the child has this stack and does not touch it, nor anything but `number`; it ends in here, and until then
    // the parent, whose registers it has a copy of, sleeps in clone(2).
    unsafe {
        asm!(
            "syscall", // clone: returns twice
            "test rax, rax",
            "jnz 2f", // the parent, once the child has ended
            "mov eax, 302", // prlimit64
            "xor edi, edi", // of itself
            "mov esi, 7", // RLIMIT_NOFILE
            "mov rdx, r13", // the limit
            "xor r10d, r10d", // the old one is not asked for
            "syscall",
            "mov eax, 72", // fcntl
            "mov edi, r12d", // fd
            "mov esi, 1030", // F_DUPFD_CLOEXEC
            "mov rdx, r14", // least
            "syscall",
            "mov [r15], rax", // number, in the parent's frame
            "mov eax, 60", // exit
            "xor edi, edi",
            "syscall",
            "ud2", // it does not return
            "2:",
            inlateout("rax") 56isize => pid, // clone
            in("rdi") CLONE_VM | CLONE_FILES | CLONE_VFORK | CLONE_UNTRACED,
            in("rsi") 0usize, in("rdx") 0usize, in("r10") 0usize, in("r8") 0usize,
            in("r12") fd, in("r13") limit.as_ptr(), in("r14") least, in("r15") &raw mut number,
            lateout("rcx") _, lateout("r11") _,
        );
    }
    if pid < 0 {
        return pid;
    }
    // SAFETY: the child's end is of no use to anybody else, and writes nothing here.
    unsafe { syscall(SYS_WAIT4, [pid as usize, 0, WCLONE, 0, 0, 0]) };
    number
}

// The runtime's block of thread-local storage. It is in the static TLS of every thread, ours and
// the program's, because the library is loaded at start; a `thread_local!` would be reached through
// __tls_get_addr, which allocates.
global_asm!(
    ".pushsection .tbss,\"awT\",@nobits",
    ".hidden iopatch_local",
    ".globl iopatch_local",
    ".type iopatch_local, @object",
    ".size iopatch_local, {size}",
    ".p2align 6",
    "iopatch_local: .zero {size}",
    ".popsection",
    size = const LOCAL_SIZE,
);

/// Bytes of the block: see `crate::local`, which says what is in it.
pub const LOCAL_SIZE: usize = 64;

/// Where the block lies, relative to any thread's thread pointer (negative on x86-64).
#[inline]
pub fn local_offset() -> isize {
    let offset: isize;
    // SAFETY: the GOT holds the offset from the start of the program on (initial-exec model).
    unsafe {
        asm!("mov {}, qword ptr [rip + iopatch_local@GOTTPOFF]", out(reg) offset,
             options(nostack, preserves_flags, pure, readonly));
    }
    offset
}

/// Reads the running thread's word at byte `AT` of the block. Never cached by the compiler: the
/// next read may happen under another thread pointer.
#[inline]
pub fn local_word<const AT: usize>() -> usize {
    let value: usize;
    // SAFETY: the block is LOCAL_SIZE bytes of every thread's static TLS.
    unsafe {
        asm!("mov {value}, qword ptr fs:[{offset} + {at}]", value = out(reg) value,
             offset = in(reg) local_offset(), at = const AT,
             options(nostack, preserves_flags, readonly));
    }
    value
}

/// Adds `n` to the running thread's 32-bit word at byte `AT` of the block, in one instruction: a signal's handler comes
/// before it or after.
#[inline]
pub fn local_add<const AT: usize>(n: u32) {
    // SAFETY: the block is LOCAL_SIZE bytes of every thread's static TLS.
    unsafe {
        asm!("add dword ptr fs:[{offset} + {at}], {n:e}", offset = in(reg) local_offset(), at = const AT,
             n = in(reg) n, options(nostack));
    }
}
