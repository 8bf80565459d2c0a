//! A signal to the process that main blocks (`signals/process.rs`), and one that reaches a native thread in a section: it is
//! sent while its taker runs, announces a wait, closes its mask and parks.

use super::world::{interrupt, local::Local, spawn_task, task::Step, task_number};
use crate::Wake;
use crate::sync::Relaxed;
use crate::wait::park;
use loom::sync::{Arc, Mutex};
use loom::thread;

const TAKER: usize = 0;

/// What the kernel has of the signal, under its lock.
#[derive(Default)]
struct Signal {
    pending: bool,
    delivered: bool,
}

#[derive(Default)]
struct Kernel(Mutex<Signal>);

impl Kernel {
    fn signal<R>(&self, look: impl FnOnce(&mut Signal) -> R) -> R {
        look(&mut self.0.lock().expect("a model does not poison"))
    }

    /// Puts the taker's mask on: what is pending is delivered. What comes while it is on may be so, too, at any later moment:
    /// here, at the latest.
    fn open(&self) {
        self.signal(|signal| signal.delivered |= std::mem::take(&mut signal.pending));
    }

    /// Takes it off; whether the signal is pending then.
    fn close(&self) -> bool {
        self.signal(|signal| signal.pending)
    }

    fn is_delivered(&self) -> bool {
        self.signal(|signal| signal.delivered)
    }
}

/// Nothing but the signal ends the taker's waits: a lost one leaves it parked, which loom reports.
#[test]
fn a_signal_to_the_process_reaches_a_taker_that_parks() {
    loom::model(|| {
        let kernel = Arc::new(Kernel::default());
        let its = kernel.clone();
        let taker = spawn_task(TAKER, move |task| {
            its.open();
            while !its.is_delivered() {
                task.state.announce();
                if task.take_interruption() {
                    task.state.retract();
                    continue;
                }
                if its.close() {
                    let _ = task.state.interrupt();
                }
                // SAFETY: the task is the caller.
                unsafe { task.switch_out(Step::Park) };
                its.open();
            }
        });
        kernel.signal(|signal| signal.pending = true);
        // The signalfd's event.
        if kernel.signal(|signal| signal.pending) {
            interrupt(task_number(TAKER));
        }
        taker.join().unwrap();
    });
}

/// The handler has kept the signal back, and found no wait to end.
#[test]
fn a_signal_in_the_section_before_the_wait_ends_it() {
    loom::model(|| {
        let waiter = thread::spawn(|| {
            Local::mine().due.store(1, Relaxed);
            park(0, 0, u32::MAX, || true, None)
        });
        assert_eq!(waiter.join().unwrap(), Some(Wake::Interrupted));
    });
}
