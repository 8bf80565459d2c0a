//! Where the kernel enters and leaves a handler of the program's: between the two no frame of ours is on the stack, so
//! that a backtrace from the handler shows the interrupted function where it would natively, two frames up.
//!
//! The kernel starts `iopatch_arrived`, which asks [`arrive`](super::arrive) and jumps to the program's handler; that
//! returns to the address that the kernel was given for it, SA_RESTORER's: `iopatch_return`, which sees to what is to be
//! noted and makes rt_sigreturn(2). What the second must know lies in the kernel's frame, in words that the kernel neither
//! writes nor reads (`reserved1` of its struct sigcontext).
//!
//! The unwinding table of `iopatch_return` is glibc's of its own (sysdeps/unix/sysv/linux/x86_64/libc_sigaction.c): every
//! register is where the kernel's struct ucontext has it. It begins a byte early, since an unwinder looks for the
//! instruction before a return address.

use iopatch_runtime::signals::Handled;
use libc::ucontext_t;
use std::arch::global_asm;
use std::mem::MaybeUninit;

/// `uc_mcontext` has 23 registers, a pointer, and then these eight words.
const RESERVED_AT: usize = 40 + 24 * 8;
/// What tells a record, and that there is none, from what a handler has copied there from another context.
const WRITTEN: u64 = 0x69_6f70_6174_6368;
const NOTHING: u64 = !WRITTEN;

/// What is to be seen to when the handler has returned.
#[derive(Clone, Copy)]
pub struct Record {
    /// The mask that the kernel puts back, as it was when the handler began, and as the coroutine had it noted.
    pub before: u64,
    pub noted: u64,
    /// What was noted of handlers before.
    pub outer: Handled,
    pub restarts: bool,
    pub masked_wait: bool,
}

/// What a handler's return finds.
pub enum Found {
    Record(Record),
    /// No handler of the program's has run.
    Nothing,
    /// The handler has put other registers in place, as one does that goes on elsewhere (`getcontext(3)`).
    Replaced,
}

/// The record, behind the word that says that there is one.
#[repr(C)]
struct Left(u64, MaybeUninit<Record>);

const _: () = assert!(size_of::<Left>() <= 64);

impl Record {
    /// Leaves it for the handler's return; `None`: there is nothing to see to.
    ///
    /// # Safety
    /// `context` is the kernel's, of a handler that has not begun.
    pub unsafe fn leave(record: Option<Self>, context: *mut ucontext_t) {
        let written = if record.is_some() { WRITTEN } else { NOTHING };
        let record = record.map_or(MaybeUninit::uninit(), MaybeUninit::new);
        // SAFETY: the words are part of the kernel's frame.
        unsafe { context.byte_add(RESERVED_AT).cast::<Left>().write(Left(written, record)) };
    }

    /// # Safety
    /// `context` is the kernel's, of a handler that has returned.
    pub unsafe fn find(context: *mut ucontext_t) -> Found {
        // SAFETY: as above, and the word says whether a record was written.
        unsafe {
            let left = context.byte_add(RESERVED_AT).cast::<Left>().read();
            match left.0 {
                WRITTEN => Found::Record(left.1.assume_init()),
                NOTHING => Found::Nothing,
                _ => Found::Replaced,
            }
        }
    }
}

unsafe extern "C" {
    /// The kernel's handler.
    #[link_name = "iopatch_arrived"]
    pub fn arrived();
    /// What it returns to.
    #[link_name = "iopatch_return"]
    pub fn restorer();
}

/// The register of this number (as DWARF has it) is at this offset from rsp: a number of two bytes in SLEB128.
macro_rules! saved {
    ($number:literal, $offset:literal) => {
        concat!(".cfi_escape 0x10, ", $number, ", 3, 0x77, (", $offset, " & 0x7f) | 0x80, ", $offset, " >> 7\n")
    };
}

global_asm!(
    ".pushsection .text.iopatch_arrived,\"ax\",@progbits",
    ".hidden iopatch_arrived",
    ".globl iopatch_arrived",
    ".type iopatch_arrived, @function",
    "iopatch_arrived:",
    ".cfi_startproc",
    "push rdi", // the handler's arguments; rsp is a multiple of 16 then
    ".cfi_adjust_cfa_offset 8",
    "push rsi",
    ".cfi_adjust_cfa_offset 8",
    "push rdx",
    ".cfi_adjust_cfa_offset 8",
    "call {arrive}", // rax: the program's handler, or 0
    "pop rdx",
    ".cfi_adjust_cfa_offset -8",
    "pop rsi",
    ".cfi_adjust_cfa_offset -8",
    "pop rdi",
    ".cfi_adjust_cfa_offset -8",
    "test rax, rax",
    "jz 2f", // there is nothing to run
    "mov r11, rax",
    // As the kernel has it, for a handler without a prototype.
    "xor eax, eax",
    "jmp r11", // it returns to the restorer, as if the kernel had called it
    "2:",
    "ret", // to the restorer
    ".cfi_endproc",
    ".size iopatch_arrived, . - iopatch_arrived",
    ".hidden iopatch_return",
    ".globl iopatch_return",
    ".type iopatch_return, @function",
    ".cfi_startproc simple",
    ".cfi_signal_frame",
    // The CFA is the interrupted stack pointer: what is at rsp + 160.
    ".cfi_escape 0x0f, 4, 0x77, 160 & 0x7f | 0x80, 160 >> 7, 0x06",
    saved!("8", "40"),
    saved!("9", "48"),
    saved!("10", "56"),
    saved!("11", "64"),
    saved!("12", "72"),
    saved!("13", "80"),
    saved!("14", "88"),
    saved!("15", "96"),
    saved!("5", "104"),
    saved!("4", "112"),
    saved!("6", "120"),
    saved!("3", "128"),
    saved!("1", "136"),
    saved!("0", "144"),
    saved!("2", "152"),
    saved!("7", "160"),
    saved!("16", "168"),
    "nop", // a return address belongs to the instruction before it: the tables above reach from here
    "iopatch_return:",
    "mov rdi, rsp", // the frame that the kernel has made
    "call {end}",
    "mov eax, 15", // rt_sigreturn
    "syscall",
    "ud2", // it does not return
    ".cfi_endproc",
    ".size iopatch_return, . - iopatch_return",
    ".popsection",
    arrive = sym super::arrive,
    end = sym super::end,
);
