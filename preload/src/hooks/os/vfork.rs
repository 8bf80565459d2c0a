//! vfork(2). It returns twice, first in the child, to one frame and on one stack: what the child does there may not touch a
//! frame of ours, so there is none while it runs. The return address is taken off the stack before the system call and put
//! back after it, as in glibc (`sysdeps/unix/sysv/linux/x86_64/vfork.S`); what the parent is to be again is kept in
//! registers, of which each of the two has its own.
//!
//! The hooks stay on whatever the options say, for the others' sake: they must know the child.

use crate::sys::errno;
use crate::wait::fd;
use iopatch_runtime::vfork::{self, Parent};
use libc::{SYS_vfork, pid_t};

/// # Safety
/// As vfork(2)'s: the child execs or ends, and returns from no function that was called before.
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn vfork() -> pid_t {
    std::arch::naked_asm!(
        ".cfi_startproc",
        "sub rsp, 8", // the call below wants rsp a multiple of 16
        ".cfi_adjust_cfa_offset 8",
        "call {begin}", // rax, rdx: the parent, as two words
        "add rsp, 8",
        ".cfi_adjust_cfa_offset -8",
        "mov rsi, rax", // its first word; rdx has the second
        "pop rdi", // the return address: the child is free to use its place
        ".cfi_adjust_cfa_offset -8",
        ".cfi_register rip, rdi",
        "mov eax, {number}",
        "syscall", // twice; rdi, rsi and rdx are each one's own
        "push rdi", // as it was
        ".cfi_adjust_cfa_offset 8",
        ".cfi_rel_offset rip, 0",
        "sub rsp, 8",
        ".cfi_adjust_cfa_offset 8",
        "mov rdi, rax", // the answer: end(answer, parent)
        "call {end}",
        "add rsp, 8",
        ".cfi_adjust_cfa_offset -8",
        "ret",
        ".cfi_endproc",
        begin = sym begin,
        number = const SYS_vfork,
        end = sym end,
    );
}

/// Two words, returned in RAX and RDX.
extern "C" fn begin() -> Parent {
    fd::begin_sharing();
    vfork::begin()
}

/// Twice, with the kernel's answer; `parent` comes as two words.
extern "C" fn end(result: isize, parent: Parent) -> pid_t {
    if result == 0 {
        vfork::begin_child(&parent);
        return 0;
    }
    vfork::end(&parent);
    fd::end_sharing();
    if result < 0 { errno::fail(-result as i32) as pid_t } else { result as pid_t }
}
