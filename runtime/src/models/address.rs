//! The parking lot: a word is changed and its address unparked, while a waiter looks at the word,
//! announces, enters its bucket, parks, and its deadline passes.

use super::world::{SOON, interrupt, let_time_pass, run_as_task, spawn_task, task_number, thread_pointer};
use crate::Wake;
use crate::sync::{AtomicU32, Relaxed};
use crate::sys::clock::Deadline;
use crate::wait::{Requeued, is_empty, park, park_any, requeue, unpark};
use crate::waker::interrupt_thread;
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

const FAMILY: u8 = 0;
const ALL: u32 = u32::MAX;
/// In the lot's first bucket of two, and in its second.
const HERE: usize = 0;
const THERE: usize = 1;

type Parked = Option<Wake>;

#[derive(Clone, Copy)]
enum Kind {
    Task(usize),
    Thread,
}

/// Starts a waiter on `HERE`, which goes to sleep if `word` is 0.
fn waiter(kind: Kind, word: &Arc<AtomicU32>, deadline: Option<Deadline>) -> JoinHandle<Parked> {
    let word = word.clone();
    let body = move || park(FAMILY, HERE, ALL, || word.load(Relaxed) == 0, deadline);
    match kind {
        Kind::Thread => thread::spawn(body),
        Kind::Task(index) => spawn_task(index, move |task| {
            let parked = body();
            assert!(!task.is_queued(), "a task that runs is queued");
            parked
        }),
    }
}

/// The word is changed, then its address unparked: the waiter has seen the change, or is woken.
fn change_then_unpark(kind: Kind) {
    loom::model(move || {
        let word = Arc::new(AtomicU32::new(0));
        let waiter = waiter(kind, &word, None);
        word.store(1, Relaxed);
        let woken = unpark(HERE, 1, ALL);
        let expected = if woken == 1 { Some(Wake::Unparked) } else { None };
        assert_eq!(waiter.join().unwrap(), expected);
    });
}

#[test]
fn an_unpark_is_not_lost_on_a_task() {
    change_then_unpark(Kind::Task(0));
}

#[test]
fn an_unpark_is_not_lost_on_a_thread() {
    change_then_unpark(Kind::Thread);
}

/// The same with a deadline that passes: an unpark that says 1 has woken somebody who says
/// `Unparked`, one that says 0 nobody.
fn unpark_or_time_out(kind: Kind) {
    loom::model(move || {
        let word = Arc::new(AtomicU32::new(0));
        let waiter = waiter(kind, &word, Some(SOON));
        let clock = thread::spawn(let_time_pass);
        word.store(1, Relaxed);
        let woken = unpark(HERE, 1, ALL);
        clock.join().unwrap();
        match waiter.join().unwrap() {
            Some(Wake::Unparked) => assert_eq!(woken, 1),
            Some(Wake::TimedOut) | None => assert_eq!(woken, 0),
            Some(Wake::Interrupted) => panic!("nobody interrupts"),
        }
        assert!(is_empty(), "a node is left in the lot");
    });
}

#[test]
fn an_unpark_and_a_deadline_wake_a_task_once() {
    unpark_or_time_out(Kind::Task(0));
}

#[test]
fn an_unpark_and_a_deadline_wake_a_thread_once() {
    unpark_or_time_out(Kind::Thread);
}

/// Two wait, one of them with a deadline; two are unparked one by one, so both always wake, and as
/// many as the unparks have said.
fn two_wait(second: Kind) {
    loom::model(move || {
        let word = Arc::new(AtomicU32::new(0));
        let waiters = [waiter(Kind::Task(0), &word, None), waiter(second, &word, Some(SOON))];
        let_time_pass();
        word.store(1, Relaxed);
        let woken = unpark(HERE, 1, ALL) + unpark(HERE, 1, ALL);
        let unparked = waiters.map(|waiter| waiter.join().unwrap());
        assert_eq!(unparked.into_iter().filter(|parked| *parked == Some(Wake::Unparked)).count(), woken);
        assert!(is_empty(), "a node is left in the lot");
    });
}

#[test]
fn two_tasks_wake() {
    two_wait(Kind::Task(1));
}

#[test]
fn a_task_and_a_thread_wake() {
    two_wait(Kind::Thread);
}

/// A waiter whose deadline passes while it is moved to another address: it finds its node wherever
/// that is.
fn moved(kind: Kind) {
    loom::model(move || {
        let word = Arc::new(AtomicU32::new(0));
        let waiter = waiter(kind, &word, Some(SOON));
        let clock = thread::spawn(let_time_pass);
        let done = requeue(HERE, THERE, 0, 1, || true).expect("the validation says yes");
        assert_eq!(done.woken, 0);
        let woken = unpark(THERE, 1, ALL);
        assert!(woken <= done.moved);
        clock.join().unwrap();
        let expected = if woken == 1 { Wake::Unparked } else { Wake::TimedOut };
        assert_eq!(waiter.join().unwrap(), Some(expected));
        assert!(is_empty(), "a node is left in the lot");
    });
}

#[test]
fn a_task_is_moved_while_its_deadline_passes() {
    moved(Kind::Task(0));
}

#[test]
fn a_thread_is_moved_while_its_deadline_passes() {
    moved(Kind::Thread);
}

/// The same, and nobody unparks it there. (Loom runs the steps of two buckets in one order only: an unpark would come
/// before the waiter could look in the wrong bucket.)
fn moved_and_left(kind: Kind) {
    loom::model(move || {
        let word = Arc::new(AtomicU32::new(0));
        let waiter = waiter(kind, &word, Some(SOON));
        let clock = thread::spawn(let_time_pass);
        requeue(HERE, THERE, 0, 1, || true).expect("the validation says yes");
        clock.join().unwrap();
        assert_eq!(waiter.join().unwrap(), Some(Wake::TimedOut));
        assert!(is_empty(), "a node is left in the lot");
    });
}

#[test]
fn a_moved_task_takes_itself_out() {
    moved_and_left(Kind::Task(0));
}

#[test]
fn a_moved_thread_takes_itself_out() {
    moved_and_left(Kind::Thread);
}

/// Who waits on two addresses is woken by one of them, and knows which: the other unpark has woken nobody. If the word was
/// changed before it slept, an unpark may have found it all the same.
fn any_of_two(kind: Kind) {
    loom::model(move || {
        let word = Arc::new(AtomicU32::new(0));
        let other = word.clone();
        let body = move || {
            let addr = |index: usize| [HERE, THERE][index];
            park_any(FAMILY, 2, addr, |_| other.load(Relaxed) == 0, Some(SOON))
        };
        let waiter = match kind {
            Kind::Thread => thread::spawn(body),
            Kind::Task(index) => spawn_task(index, move |_| body()),
        };
        let there = thread::spawn(|| unpark(THERE, 1, ALL));
        word.store(1, Relaxed);
        let here = unpark(HERE, 1, ALL);
        let there = there.join().unwrap();
        let_time_pass();
        match waiter.join().unwrap() {
            Some(Ok(index)) => assert_eq!([here, there], [1 - index, index]),
            Some(Err(why)) => assert_eq!((why, here, there), (Wake::TimedOut, 0, 0)),
            None => assert_eq!((here, there), (0, 0)),
        }
        assert!(is_empty(), "a node is left in the lot");
    });
}

#[test]
fn a_task_that_waits_for_any_of_two_wakes_once() {
    any_of_two(Kind::Task(0));
}

#[test]
fn a_thread_that_waits_for_any_of_two_wakes_once() {
    any_of_two(Kind::Thread);
}

/// A broadcast as of a condition variable: one is woken, the other moved, and then unparked.
#[test]
fn one_of_two_is_woken_and_the_other_moved() {
    loom::model(|| {
        let word = Arc::new(AtomicU32::new(0));
        let waiters = [0, 1].map(|index| waiter(Kind::Task(index), &word, None));
        word.store(1, Relaxed);
        let done = requeue(HERE, THERE, 1, usize::MAX, || true).expect("the validation says yes");
        let Requeued { woken, moved } = done;
        assert_eq!(unpark(THERE, usize::MAX, ALL), moved);
        let unparked = waiters.map(|waiter| waiter.join().unwrap() == Some(Wake::Unparked));
        assert_eq!(unparked.into_iter().filter(|&yes| yes).count(), woken + moved);
        assert!(is_empty(), "a node is left in the lot");
    });
}

/// An interruption ends a wait, the present one or the next, also where an unpark is quicker: the
/// first wait may be unparked, and nothing but the interruption ends a second one.
fn interrupted(kind: Kind) {
    loom::model(move || {
        let word = Arc::new(AtomicU32::new(0));
        let tp = thread_pointer();
        let interrupter = thread::spawn(move || match kind {
            Kind::Task(index) => interrupt(task_number(index)),
            // SAFETY: the thread ends after it has joined this one.
            Kind::Thread => unsafe { interrupt_thread(tp) },
        });
        let other = word.clone();
        let unparker = thread::spawn(move || {
            other.store(1, Relaxed);
            unpark(HERE, 1, ALL);
        });
        let wait_twice = move || match park(FAMILY, HERE, ALL, || word.load(Relaxed) == 0, None) {
            Some(Wake::Interrupted) => {}
            _ => assert_eq!(park(FAMILY, THERE, ALL, || true, None), Some(Wake::Interrupted)),
        };
        match kind {
            Kind::Task(index) => run_as_task(index, |_| wait_twice()),
            Kind::Thread => wait_twice(),
        }
        interrupter.join().unwrap();
        unparker.join().unwrap();
        assert!(is_empty(), "a node is left in the lot");
    });
}

#[test]
fn an_interruption_is_not_lost_on_a_task() {
    interrupted(Kind::Task(0));
}

#[test]
fn an_interruption_is_not_lost_on_a_thread() {
    interrupted(Kind::Thread);
}
