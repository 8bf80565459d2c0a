//! Tasks that stay on for long run apart, on carriers without a worker, while a CPU is idle: so what else is the
//! worker's (its queue, its descriptors, its timers) does not wait for them.
//!
//! Natively a thread that becomes runnable runs at once where a CPU is idle. Here it may belong to a worker whose task
//! computes. To wake another worker for each task that becomes runnable would cost a system call and carry tasks from
//! CPU to CPU, mostly for nothing: nearly every task parks within microseconds. So only those count that do not, and only
//! while another worker sleeps:
//!
//! * the monitor sees one that nobody could foresee, and takes the worker from it (`monitor`);
//! * a task that was seen so is *heavy*. From then on the worker's carrier does not run it, but sends it to an idle one,
//!   and goes on. After some short stints the task is no longer heavy.
//!
//! Thus those who compute and those who serve are different OS threads, as natively, and the kernel, which knows who
//! sleeps much, lets the latter go first. A stint is from one switch to the task to its next switch away.

use super::{Carrier, Runtime, Worker};
use crate::sys::clock::now;
use crate::task::Task;

impl Carrier {
    /// Sends `task`, which was in the worker's queue, to an idle carrier, if it is heavy, and a CPU is idle. False: it is
    /// for this one to run.
    #[inline]
    pub(super) fn send_apart(&self, runtime: &Runtime, worker: &Worker, task: &'static Task) -> bool {
        task.stints.weight.is_heavy() && runtime.sleeps_beside(worker) && send(runtime, worker, task)
    }

    /// About to switch to a heavy task.
    #[cold]
    pub(super) fn begin_to_weigh(&self) {
        self.weighs_since.set(now());
    }

    /// A heavy task has switched away.
    #[cold]
    pub(super) fn weigh(&self, task: &Task) {
        // It may have become heavy in this very stint.
        if let since @ 1.. = self.weighs_since.replace(0) {
            task.stints.weight.weigh(now() - since);
        }
    }
}

#[cold]
fn send(runtime: &Runtime, worker: &Worker, task: &'static Task) -> bool {
    let Some(carrier) = runtime.take_idle() else {
        return false;
    };
    carrier.give(worker, task.as_ptr().as_ptr());
    carrier.deliver();
    true
}

impl Runtime {
    /// Whether a worker other than `busy` sleeps: as far as the program is concerned, a CPU is idle.
    pub(super) fn sleeps_beside(&self, busy: &Worker) -> bool {
        self.workers().iter().any(|worker| worker.index() != busy.index() && worker.is_sleeping())
    }
}
