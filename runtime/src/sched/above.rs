//! What the scheduler has those above it do, who know signals and children. None of it is on the way of a switch where
//! nothing has arrived.

use super::Runtime;
use crate::local::Local;
use crate::task::Task;

/// See the module.
pub(crate) struct Above {
    pub signals: Signals,
    /// Returns when the calling OS thread, which is to end, has no children.
    pub outlive_children: fn(),
}

/// What signals do.
pub(crate) struct Signals {
    /// A thread of the scheduler's, outside of all locks, has a signal that was kept back while it worked. Every signal is
    /// blocked.
    pub route: fn(&Runtime, &Local),
    /// Something was kept back on the OS thread of the task, which has parked since. Every signal is blocked.
    pub hand_back: fn(&'static Task, &Local),
    /// A task that has signals to take has parked, and its OS thread is to run another.
    pub settle: fn(),
    /// The task, the caller, is about to leave its OS thread, while signals are wanted of the process, or uses contexts.
    pub leave: fn(&Task),
    /// The task has left its stack for good.
    pub ended: fn(&Task),
    /// There is a task with another mask.
    pub masks_changed: fn(),
    /// A signal that is wanted of the process may be pending.
    pub look_at_process: fn(&Runtime),
    /// Whether nothing but the monitor looks for those.
    pub is_unwatched: fn() -> bool,
}
