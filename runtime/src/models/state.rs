//! The state of a task, under every race of its wakers.

use super::world::task::{Settled, State, Ticket, Wake, Woken};
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

/// A task that runs.
fn running() -> Arc<State> {
    let state = Arc::new(State::runnable());
    state.resume();
    state
}

fn waker(state: &Arc<State>, ticket: Ticket, why: Wake) -> JoinHandle<Woken> {
    let state = state.clone();
    thread::spawn(move || state.wake(ticket, why))
}

#[test]
fn of_two_wakers_one_wins() {
    loom::model(|| {
        let state = running();
        let ticket = state.announce();
        let unparker = waker(&state, ticket, Wake::Unparked);
        let timer = waker(&state, ticket, Wake::TimedOut);
        let settled = state.settle();
        let results = [unparker.join().unwrap(), timer.join().unwrap()];
        let expected = match settled {
            Settled::Resume => Woken::Noticed,
            Settled::Parked => Woken::Enqueue,
        };
        if settled == Settled::Parked {
            state.resume();
        }
        let why = state.why();
        match why {
            Wake::Unparked => assert_eq!(results, [expected, Woken::Lost]),
            Wake::TimedOut => assert_eq!(results, [Woken::Lost, expected]),
            Wake::Interrupted => panic!("nobody interrupts"),
        }
    });
}

#[test]
fn one_of_a_wake_and_an_interruption_wins() {
    loom::model(|| {
        let state = running();
        let ticket = state.announce();
        let unparker = waker(&state, ticket, Wake::Unparked);
        let other = state.clone();
        let interrupter = thread::spawn(move || other.interrupt());
        let retracted = state.retract();
        let results = [unparker.join().unwrap(), interrupter.join().unwrap()];
        match retracted {
            None => assert_eq!(results, [Woken::Lost; 2]),
            Some(Wake::Unparked) => assert_eq!(results, [Woken::Noticed, Woken::Lost]),
            Some(Wake::Interrupted) => assert_eq!(results, [Woken::Lost, Woken::Noticed]),
            Some(Wake::TimedOut) => panic!("there is no timer"),
        }
    });
}

/// The waker of a wait that was taken back comes during the next one.
#[test]
fn a_stale_ticket_wakes_nobody() {
    loom::model(|| {
        let state = running();
        let first = state.announce();
        let stale = waker(&state, first, Wake::Unparked);
        let retracted = state.retract();
        let second = state.announce();
        assert_ne!(first, second);
        assert_eq!(state.settle(), Settled::Parked, "the second wait was ended by the first one's waker");
        let woken = stale.join().unwrap();
        assert_eq!(woken, if retracted.is_some() { Woken::Noticed } else { Woken::Lost });
        assert_eq!(state.wake(second, Wake::TimedOut), Woken::Enqueue);
        state.resume();
        assert_eq!(state.why(), Wake::TimedOut);
    });
}

/// What the waker wrote before its wake can be read by the task after it.
#[test]
fn a_wake_publishes_what_was_written_before() {
    loom::model(|| {
        let state = running();
        let data = Arc::new(loom::cell::UnsafeCell::new(0));
        let ticket = state.announce();
        let (other, written) = (state.clone(), data.clone());
        let unparker = thread::spawn(move || {
            // SAFETY: the task reads only after the wake; loom would report a race.
            written.with_mut(|at| unsafe { *at = 1 });
            other.wake(ticket, Wake::Unparked)
        });
        if state.settle() == Settled::Resume {
            // SAFETY: as above.
            assert_eq!(data.with(|at| unsafe { *at }), 1);
        }
        assert_ne!(unparker.join().unwrap(), Woken::Lost);
    });
}

/// The same, of a task that another OS thread takes from a run queue; and what the task wrote
/// before it parked can be read by the OS thread that resumes it.
#[test]
fn a_parked_task_moves_with_all_that_it_wrote() {
    loom::model(|| {
        let state = running();
        let data = Arc::new(loom::cell::UnsafeCell::new(0));
        let ticket = state.announce();
        let (other, written) = (state.clone(), data.clone());
        let thief = thread::spawn(move || {
            let woken = other.wake(ticket, Wake::Unparked);
            if woken == Woken::Enqueue {
                other.resume();
                // SAFETY: the task's own data, which its present OS thread owns.
                written.with_mut(|at| unsafe { *at += 1 });
            }
            woken
        });
        // SAFETY: as above: the task's OS thread has not settled it yet.
        data.with_mut(|at| unsafe { *at += 1 });
        let settled = state.settle();
        let woken = thief.join().unwrap();
        assert_eq!(woken == Woken::Enqueue, settled == Settled::Parked);
        // SAFETY: the thief has ended.
        assert_eq!(data.with(|at| unsafe { *at }), if settled == Settled::Parked { 2 } else { 1 });
    });
}
