//! `pthread_once`: glibc's word, 0, in progress or done.
//!
//! In progress carries the process id (glibc: a count of forks), so that the child of a fork which interrupted an
//! initialisation runs it again. An init routine that does not return (a C++ exception, `pthread_exit`, cancellation)
//! puts the word back to 0 and wakes the others, who try themselves: `std::call_once` is built on that.
//! Source: `nptl/pthread_once.c`.

use crate::abi::sync::Once;
use crate::sys::c_types::{_pthread_cleanup_buffer, InitRoutine};
use crate::table::real;
use crate::table::rows::Family;
use crate::wait;
use libc::*;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const IN_PROGRESS: u32 = 1;
const DONE: u32 = 2;

impl Once {
    /// Ends the caller's turn and wakes all who wait for it.
    fn set(&self, word: u32) {
        let address = self.word.as_ptr().addr();
        self.word.store(word, Release);
        wait::unpark(address, usize::MAX);
    }

    /// The caller's turn if true; done if false.
    #[cold]
    fn begin(&self) -> bool {
        // SAFETY: getpid cannot fail. Process ids have at most 22 bits.
        let turn = (unsafe { getpid() } as u32) << 2 | IN_PROGRESS;
        loop {
            match self.word.load(Acquire) {
                word if word & DONE != 0 => return false,
                word if word == turn => {
                    wait::park(Family::Thread, self.word.as_ptr().addr(), || self.word.load(Relaxed) == turn, None);
                }
                word => {
                    if self.word.compare_exchange(word, turn, Acquire, Relaxed).is_ok() {
                        return true;
                    }
                }
            }
        }
    }
}

/// A turn at an init routine. Cancellation and pthread_exit unwind to `undo`; where the routine's own program has no unwind
/// tables, glibc jumps over all frames, and calls what is on the list (glibc: `pthread_cleanup_combined_push`).
#[repr(C)]
struct Turn {
    listed: MaybeUninit<_pthread_cleanup_buffer>,
    once: *const Once,
}

unsafe extern "C-unwind" {
    /// Calls `init`; if it unwinds, calls `undo(turn)` and lets it unwind on.
    fn iopatch_call_or_undo(init: InitRoutine, undo: extern "C" fn(*mut Turn), turn: *mut Turn);
}

extern "C" fn undo(turn: *mut Turn) {
    // SAFETY: `pthread_once` passes its own turn, which is on the list.
    unsafe {
        real::_pthread_cleanup_pop((&raw mut (*turn).listed).cast(), 0);
        jumped_over(turn.cast());
    }
}

unsafe extern "C-unwind" fn jumped_over(turn: *mut c_void) {
    // SAFETY: a turn, whose object is that of `pthread_once`'s caller, who keeps it alive until its call has ended.
    unsafe { &*(*turn.cast::<Turn>()).once }.set(0);
}

// What a C compiler makes of `__attribute__((cleanup))` with -fexceptions. Written out because Rust leaves open what a
// forced unwinding (pthread_exit, cancellation) does to a frame with a destructor, whereas the C personality of
// libgcc is made for it. The table says: between 1 and 2, an unwinding enters at 3.
std::arch::global_asm!(
    ".pushsection .text.iopatch_call_or_undo,\"ax\",@progbits",
    ".p2align 4",
    ".hidden iopatch_call_or_undo",
    ".globl iopatch_call_or_undo",
    ".type iopatch_call_or_undo,@function",
    "iopatch_call_or_undo:",
    ".cfi_startproc",
    ".cfi_personality 0x9b, DW.ref.__gcc_personality_v0",
    ".cfi_lsda 0x1b, .Liopatch_once_table",
    "push rbx", // what the caller has there is kept
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset rbx, 0",
    "push r12",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset r12, 0",
    "push r13",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset r13, 0",
    "mov rbx, rsi", // undo
    "mov r12, rdx", // turn
    "1: call rdi",  // init()
    "2: pop r13",   // it has returned
    ".cfi_remember_state",
    ".cfi_adjust_cfa_offset -8",
    "pop r12",
    ".cfi_adjust_cfa_offset -8",
    "pop rbx",
    ".cfi_adjust_cfa_offset -8",
    "ret",
    ".cfi_restore_state",
    "3: mov r13, rax", // it unwinds: the exception
    "mov rdi, r12",
    "call rbx", // undo(turn)
    "mov rdi, r13",
    "call _Unwind_Resume@PLT", // the unwinding goes on, above
    "ud2",                     // it does not return
    ".cfi_endproc",
    ".size iopatch_call_or_undo, . - iopatch_call_or_undo",
    ".popsection",
    ".pushsection .gcc_except_table.iopatch_call_or_undo,\"a\",@progbits",
    ".Liopatch_once_table: .byte 0xff, 0xff, 0x01",
    ".uleb128 5f - 4f",
    "4: .uleb128 1b - iopatch_call_or_undo",
    ".uleb128 2b - 1b",
    ".uleb128 3b - iopatch_call_or_undo",
    ".uleb128 0",
    "5:",
    ".popsection",
    ".pushsection .data.rel.local.DW.ref.__gcc_personality_v0,\"awG\",@progbits,DW.ref.__gcc_personality_v0,comdat",
    ".p2align 3",
    ".hidden DW.ref.__gcc_personality_v0",
    ".weak DW.ref.__gcc_personality_v0",
    ".type DW.ref.__gcc_personality_v0,@object",
    ".size DW.ref.__gcc_personality_v0, 8",
    "DW.ref.__gcc_personality_v0: .quad __gcc_personality_v0",
    ".popsection",
);

/// The program owes a valid `once`, and an `init` that initialises.
pub unsafe fn pthread_once(once: *mut pthread_once_t, init: InitRoutine) -> c_int {
    // SAFETY: `Once` has the layout of `pthread_once_t`, and is atomic.
    let view = unsafe { &*once.cast::<Once>() };
    if view.word.load(Acquire) & DONE == 0 && view.begin() {
        let mut turn = Turn { listed: MaybeUninit::uninit(), once: view };
        let turn = &raw mut turn;
        // SAFETY: the turn outlives the call, and is off the list when this frame goes: by what follows, or by `undo`.
        unsafe {
            real::_pthread_cleanup_push((&raw mut (*turn).listed).cast(), jumped_over, turn.cast());
            iopatch_call_or_undo(init, undo, turn);
            real::_pthread_cleanup_pop((&raw mut (*turn).listed).cast(), 0);
        }
        view.set(DONE);
    }
    0
}
