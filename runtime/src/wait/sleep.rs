//! The sleep of one who has announced a wait, and put it where its wakers find it.

use crate::sched::Family;
use crate::section::section;
use crate::sync::{Acquire, AtomicU32, Relaxed};
use crate::sys::clock::Deadline;
use crate::sys::futex::{self, Awake};
use crate::task::{Step, Task, Ticket, Wake};
use crate::timer::Timer;
use crate::waker::{ASLEEP, IDLE, Waiter, act_on, end_of_thread};
use core::ptr::NonNull;

/// Sleeps until `deadline`; `Unparked` never comes.
pub fn sleep(family: Family, deadline: Deadline) -> Wake {
    section(|| Waiter::announce().wait(family, Some(deadline)))
}

impl Waiter {
    /// Sleeps until woken or `deadline`.
    pub fn wait(self, family: Family, deadline: Option<Deadline>) -> Wake {
        match self {
            Self::Task(task, ticket) => wait_as_task(task, ticket, family, deadline),
            // SAFETY: the caller's own storage.
            Self::Thread(word) => wait_as_thread(unsafe { &*word }, deadline),
        }
    }
}

fn wait_as_task(task: &'static Task, ticket: Ticket, family: Family, deadline: Option<Deadline>) -> Wake {
    // Who interrupts sets the flag, then ends the wait; who waits announces it, then looks at the flag.
    if task.take_interruption() {
        let why = task.state.retract().unwrap_or(Wake::Interrupted);
        if why != Wake::Interrupted {
            // A waker was quicker: the interruption is for the next wait.
            task.set_interruption();
        }
        return why;
    }
    let home = task.home();
    home.count_park(family);
    let Some(deadline) = deadline else {
        // SAFETY: the caller is the task, and holds no lock.
        unsafe { task.switch_out(Step::Park) };
        return why(task);
    };
    let mut timer = Timer::new(deadline, (task, ticket));
    let timer = NonNull::from(&mut timer);
    // SAFETY: the timer is cancelled below, before its frame ends.
    unsafe {
        home.schedule(timer);
        task.switch_out(Step::Park);
        let why = why(task);
        if why != Wake::TimedOut {
            home.cancel(timer);
        }
        why
    }
}

/// Why the wait of `task`, the caller, has ended.
fn why(task: &Task) -> Wake {
    let why = task.state.why();
    act_on(task, why);
    why
}

fn wait_as_thread(word: &AtomicU32, deadline: Option<Deadline>) -> Wake {
    while word.load(Acquire) == ASLEEP {
        let why = match futex::wait(word, ASLEEP, deadline) {
            Awake::Woken => continue,
            Awake::Interrupted => Wake::Interrupted,
            Awake::TimedOut => Wake::TimedOut,
        };
        // A waker that was quicker has spent its wake on this thread: it counts as unparked.
        if word.compare_exchange(ASLEEP, IDLE, Acquire, Relaxed).is_ok() {
            return why;
        }
    }
    end_of_thread(word).unwrap_or(Wake::Unparked)
}
