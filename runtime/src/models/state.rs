//! The state of a task, under every race of its wakers.

use super::world::task::{Settled, State, Ticket, Wake, Whereabouts, Woken};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering::Relaxed};
use loom::thread::{self, JoinHandle};

const PARKED: Settled = Settled::Parked { bound: false };

/// A task that runs.
fn running() -> Arc<State> {
    let state = Arc::new(State::runnable(0));
    assert!(state.resume());
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
            Settled::Parked { .. } => Woken::Enqueue,
        };
        if settled == PARKED {
            assert!(state.resume());
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
        assert_eq!(state.settle(), PARKED, "the second wait was ended by the first one's waker");
        let woken = stale.join().unwrap();
        assert_eq!(woken, if retracted.is_some() { Woken::Noticed } else { Woken::Lost });
        assert_eq!(state.wake(second, Wake::TimedOut), Woken::Enqueue);
        assert!(state.resume());
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
                assert!(other.resume());
                // SAFETY: the task's own data, which its present OS thread owns.
                written.with_mut(|at| unsafe { *at += 1 });
            }
            woken
        });
        // SAFETY: as above: the task's OS thread has not settled it yet.
        data.with_mut(|at| unsafe { *at += 1 });
        let settled = state.settle();
        let woken = thief.join().unwrap();
        assert_eq!(woken == Woken::Enqueue, settled == PARKED);
        // SAFETY: the thief has ended.
        assert_eq!(data.with(|at| unsafe { *at }), if settled == PARKED { 2 } else { 1 });
    });
}

/// The carriers of the models below: the one that the task is on first, and an idle one.
const HERE: u32 = 1;
const IDLE: u32 = 2;

/// A task as a binder and its carriers see it: `sched/bind.rs` and `sched/carrier.rs`, without the rest.
struct Bindable {
    state: State,
    carrier: AtomicU32,
    bound_to: AtomicU32,
    /// How often it was delivered to the idle carrier, and put into a run queue.
    delivered: AtomicU32,
    queued: AtomicU32,
}

impl Bindable {
    fn running() -> Arc<Self> {
        let state = State::runnable(0);
        assert!(state.resume());
        let [delivered, queued, bound_to] = std::array::from_fn(|_| AtomicU32::new(0));
        Arc::new(Self { state, carrier: AtomicU32::new(HERE), bound_to, delivered, queued })
    }

    /// As `Runtime::bind`; the carrier, or 0 for a task that has ended.
    fn bind(&self) -> u32 {
        loop {
            let (seen, whereabouts) = self.state.look();
            let carrier = match whereabouts {
                Whereabouts::Ended => return 0,
                Whereabouts::Bound => return self.bound_to.load(Relaxed),
                Whereabouts::On => self.carrier.load(Relaxed),
                Whereabouts::Off => IDLE,
            };
            self.bound_to.store(carrier, Relaxed);
            if self.state.bind(seen) {
                return carrier;
            }
        }
    }

    /// As `Runtime::enqueue_on`.
    fn enqueue(&self) {
        let place = if !self.state.is_bound() {
            &self.queued
        } else {
            assert_ne!(self.bound_to.load(Relaxed), 0, "bound to nobody");
            &self.delivered
        };
        place.fetch_add(1, Relaxed);
    }

    /// As `Carrier::run`, of a task that was in a run queue: whether the caller's carrier runs it now.
    fn take(&self, carrier: u32) -> bool {
        self.carrier.store(carrier, Relaxed);
        let taken = self.state.resume();
        if !taken {
            self.enqueue();
        }
        taken
    }
}

/// A task parks and is woken while it is bound: it goes to the carrier that the binder was told, once.
#[test]
fn a_task_that_parks_is_delivered_to_whom_it_is_bound() {
    loom::model(|| {
        let task = Bindable::running();
        let binder = thread::spawn({
            let task = task.clone();
            move || task.bind()
        });
        let ticket = task.state.announce();
        let waker = thread::spawn({
            let task = task.clone();
            move || {
                let woken = task.state.wake(ticket, Wake::Unparked);
                if woken == Woken::Enqueue {
                    task.enqueue();
                }
            }
        });
        let settled = task.state.settle();
        waker.join().unwrap();
        let bound_to = binder.join().unwrap();
        let (delivered, queued) = (task.delivered.load(Relaxed), task.queued.load(Relaxed));
        match settled {
            Settled::Resume => assert_eq!((bound_to, delivered, queued), (HERE, 0, 0)),
            Settled::Parked { bound: true } => assert_eq!((bound_to, delivered, queued), (HERE, 1, 0)),
            Settled::Parked { bound: false } => {
                assert_eq!((bound_to, delivered + queued), (IDLE, 1));
                // Whoever finds it in a queue by now passes it on.
                assert!(queued == 0 || !task.take(HERE));
                assert_eq!(task.delivered.load(Relaxed), 1);
            }
        }
    });
}

/// A task gives way, another carrier takes it from the queue, and it ends there, while it is bound: the binder is told the
/// carrier that runs it, or that it has ended.
#[test]
fn a_task_that_moves_is_bound_to_where_it_is() {
    const THIEF: u32 = 3;
    loom::model(|| {
        let task = Bindable::running();
        let binder = thread::spawn({
            let task = task.clone();
            move || task.bind()
        });
        let stays = task.state.give_way();
        let moved = !stays && task.take(THIEF);
        let ended = moved.then(|| task.state.end());
        let bound_to = binder.join().unwrap();
        match (stays, ended) {
            (true, _) => assert_eq!(bound_to, HERE),
            (false, None) => assert_eq!((bound_to, task.delivered.load(Relaxed)), (IDLE, 1)),
            (false, Some(true)) => assert_eq!(bound_to, THIEF),
            (false, Some(false)) => assert_eq!(bound_to, 0),
        }
    });
}

/// A bit that is set while the task announces a wait and takes it back is still there.
#[test]
fn announcing_keeps_the_bit() {
    loom::model(|| {
        let task = Bindable::running();
        let binder = thread::spawn({
            let task = task.clone();
            move || task.bind()
        });
        let _ticket = task.state.announce();
        assert_eq!(task.state.retract(), None);
        assert_eq!(binder.join().unwrap(), HERE);
        assert!(task.state.end());
    });
}
