//! Whose a thread id is, and how the kernel is asked about that thread.

use crate::os_thread::{self, Other};
use crate::sys::errno;
use crate::table::real;
use crate::wait::guard::{self, Task};
use iopatch_runtime::sched::Changed;
use iopatch_runtime::task::ids;
use libc::{ESRCH, c_int, pid_t};

// SAFETY, of the calls below: they have no precondition.

/// The ids of coroutines begin here, above all of the kernel's.
pub const COROUTINES: pid_t = ids::FIRST as pid_t;

/// A thread, as the kernel can be asked about it.
#[derive(Clone, Copy)]
pub enum Whose {
    Mine,
    /// A thread of the kernel's.
    Kernels(pid_t),
    Coroutines(Other),
}

impl Whose {
    /// Of a thread id; 0 is the caller.
    pub fn by_id(tid: pid_t) -> Self {
        match tid {
            0 => Self::Mine,
            tid if tid < COROUTINES => Self::Kernels(tid),
            tid if guard::self_task().is_some_and(|me| me.id() as pid_t == tid) => Self::Mine,
            tid => Self::Coroutines(Other::Id(tid as u32)),
        }
    }

    /// Of a coroutine.
    pub fn of(task: &'static Task) -> Self {
        if task.is_current() { Self::Mine } else { Self::Coroutines(Other::Handle(task)) }
    }

    /// Makes a call that asks about the thread, by the kernel's id.
    pub fn get(self, call: impl Fn(pid_t) -> c_int) -> c_int {
        self.get_if_alive(call).unwrap_or_else(|| errno::fail(ESRCH) as c_int)
    }

    /// Makes a call that changes the scheduling of the thread, by the kernel's id.
    pub fn set(self, call: impl Fn(pid_t) -> c_int) -> c_int {
        self.set_if_alive(call).unwrap_or_else(|| errno::fail(ESRCH) as c_int)
    }

    /// Makes a call that keeps hold of the thread, by the kernel's id: a coroutine's OS thread is its own from here on, and
    /// ends when it does.
    pub fn watch(self, call: impl Fn(pid_t) -> c_int) -> c_int {
        self.watch_if_alive(call).unwrap_or_else(|| errno::fail(ESRCH) as c_int)
    }

    /// As [`Whose::watch`]; `None`: a coroutine that has ended.
    pub fn watch_if_alive(self, call: impl Fn(pid_t) -> c_int) -> Option<c_int> {
        match self {
            Self::Mine => Some(os_thread::hold(|| call(unsafe { real::gettid() }).into()) as c_int),
            Self::Kernels(tid) => Some(call(tid)),
            Self::Coroutines(other) => other.watch(call),
        }
    }

    /// As [`Whose::get`]; `None`: a coroutine that has ended.
    pub fn get_if_alive(self, call: impl Fn(pid_t) -> c_int) -> Option<c_int> {
        match self {
            Self::Mine => Some(call(0)),
            Self::Kernels(tid) => Some(call(tid)),
            Self::Coroutines(other) => other.get(call),
        }
    }

    /// As [`Whose::set`]; `None`: a coroutine that has ended.
    pub fn set_if_alive(self, call: impl Fn(pid_t) -> c_int) -> Option<c_int> {
        match self {
            Self::Mine => Some(os_thread::change(Changed::Scheduling, || call(0).into()) as c_int),
            Self::Kernels(tid) => {
                let result = call(tid);
                if result != -1 {
                    os_thread::note_native(tid);
                }
                Some(result)
            }
            Self::Coroutines(other) => other.set(call),
        }
    }
}
