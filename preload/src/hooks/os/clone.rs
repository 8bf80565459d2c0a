//! clone(2), and set_tid_address(2): who makes threads without libc.

use crate::table::real;
use crate::wait::cleared;
use crate::wait::fd;
use crate::wait::guard;
use libc::*;

// SAFETY, of the functions below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn clone(
    start: usize,
    stack: usize,
    flags: c_int,
    arg: usize,
    parent_tid: usize,
    tls: usize,
    child_tid: usize,
) -> c_int {
    if flags & CLONE_CHILD_CLEARTID != 0 {
        cleared::add(child_tid);
    }
    let make = || unsafe { real::clone(start, stack, flags, arg, parent_tid, tls, child_tid) };
    // Else the open files are the child's, too, under numbers of its own.
    if flags & CLONE_FILES != 0 { make() } else { fd::sharing(make) }
}

/// Answers with the thread's id.
pub unsafe fn set_tid_address(number: c_long, word: usize) -> c_int {
    if let Some(task) = guard::self_task() {
        task.thread.clear_at_end.set(word);
        return task.id() as c_int;
    }
    cleared::add(word);
    unsafe { real::syscall(number, word, 0, 0, 0, 0, 0) as c_int }
}
