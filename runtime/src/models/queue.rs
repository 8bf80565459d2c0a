//! The run queue, with several who push, pop and steal at once.

use super::world::queue::{Linked, Queue};
use core::ptr::NonNull;
use loom::sync::Arc;
use loom::sync::atomic::AtomicPtr;
use loom::thread;
use std::boxed::Box;
use std::vec::Vec;

struct Item {
    number: usize,
    link: AtomicPtr<Item>,
}

impl Linked for Item {
    fn link(&self) -> &AtomicPtr<Self> {
        &self.link
    }
}

fn push(queue: &Queue<Item>, number: usize) {
    let item = Box::leak(Box::new(Item { number, link: AtomicPtr::default() }));
    // SAFETY: a new item, which `pop` frees.
    unsafe { queue.push(item.into()) };
}

fn pop(queue: &Queue<Item>) -> Option<usize> {
    let free = |item: NonNull<Item>| {
        // SAFETY: a popped item is the popper's alone, and `push` made it from a box.
        unsafe { Box::from_raw(item.as_ptr()) }.number
    };
    queue.pop().map(free)
}

fn pop_all(queue: &Queue<Item>) -> Vec<usize> {
    std::iter::from_fn(|| pop(queue)).collect()
}

fn is_ascending(numbers: &[usize]) -> bool {
    numbers.is_sorted_by(|a, b| a < b)
}

/// All that was pushed comes out, once.
fn assert_all(parts: &[&[usize]], count: usize) {
    let mut all = parts.concat();
    all.sort_unstable();
    assert_eq!(all, (0..count).collect::<Vec<_>>());
}

#[test]
fn two_push_and_one_pops() {
    loom::model(|| {
        let queue = Arc::new(Queue::new());
        let pushers = [[0, 1], [2, 3]].map(|numbers| {
            let queue = queue.clone();
            thread::spawn(move || numbers.map(|number| push(&queue, number)))
        });
        let mut popped: Vec<_> = (0..2).filter_map(|_| pop(&queue)).collect();
        for pusher in pushers {
            pusher.join().unwrap();
        }
        popped.extend(pop_all(&queue));
        assert_all(&[&popped], 4);
        for part in [0..2, 2..4] {
            let of_one: Vec<_> = popped.iter().copied().filter(|number| part.contains(number)).collect();
            assert!(is_ascending(&of_one), "one pusher's items came out in another order: {popped:?}");
        }
        assert!(queue.is_empty());
    });
}

#[test]
fn two_pop_and_one_pushes() {
    loom::model(|| {
        let queue = Arc::new(Queue::new());
        push(&queue, 0);
        let popper = {
            let queue = queue.clone();
            thread::spawn(move || [pop(&queue), pop(&queue)].into_iter().flatten().collect::<Vec<_>>())
        };
        push(&queue, 1);
        let mine: Vec<_> = pop(&queue).into_iter().collect();
        push(&queue, 2);
        let theirs = popper.join().unwrap();
        let left = pop_all(&queue);
        assert!(is_ascending(&mine) && is_ascending(&theirs) && is_ascending(&left));
        assert_all(&[&mine, &theirs, &left], 3);
    });
}

/// A thief takes the older half while the owner pushes and pops.
#[test]
fn a_thief_and_an_owner() {
    loom::model(|| {
        let (queue, thiefs) = (Arc::new(Queue::new()), Arc::new(Queue::new()));
        (0..3).for_each(|number| push(&queue, number));
        let thief = {
            let (queue, thiefs) = (queue.clone(), thiefs.clone());
            thread::spawn(move || {
                let n = queue.steal_into(&thiefs);
                assert_eq!(n, thiefs.len());
                pop_all(&thiefs)
            })
        };
        let mut mine: Vec<_> = pop(&queue).into_iter().collect();
        push(&queue, 3);
        mine.extend(pop_all(&queue));
        let stolen = thief.join().unwrap();
        mine.extend(pop_all(&queue));
        assert!(is_ascending(&mine), "the owner's order: {mine:?}");
        assert!(is_ascending(&stolen), "the thief's order: {stolen:?}");
        assert_all(&[&mine, &stolen], 4);
    });
}

/// Two who rob each other neither lose anything nor wait for each other for ever.
#[test]
fn two_thieves_rob_each_other() {
    loom::model(|| {
        let (left, right) = (Arc::new(Queue::new()), Arc::new(Queue::new()));
        (0..2).for_each(|number| push(&left, number));
        (2..4).for_each(|number| push(&right, number));
        let thief = {
            let (left, right) = (left.clone(), right.clone());
            thread::spawn(move || left.steal_into(&right))
        };
        let stolen = right.steal_into(&left);
        assert!(stolen > 0 && thief.join().unwrap() > 0);
        assert_eq!(left.len() + right.len(), 4);
        assert_all(&[&pop_all(&left), &pop_all(&right)], 4);
    });
}

/// Who pushes a task and then sees no sleeper, and who says that it sleeps and then sees no task,
/// are never both (`Runtime::offer`, `Worker::sleep`).
#[test]
fn a_push_is_seen_by_the_queue_or_the_sleeper_is_seen_by_the_pusher() {
    use crate::sync::{AtomicBool, SeqCst, fence};
    loom::model(|| {
        let (queue, sleeping) = (Arc::new(Queue::new()), Arc::new(AtomicBool::new(false)));
        let pusher = {
            let (queue, sleeping) = (queue.clone(), sleeping.clone());
            thread::spawn(move || {
                push(&queue, 0);
                fence(SeqCst);
                sleeping.load(SeqCst)
            })
        };
        sleeping.store(true, SeqCst);
        fence(SeqCst);
        let saw_the_task = !queue.is_empty();
        let saw_the_sleeper = pusher.join().unwrap();
        assert!(saw_the_task || saw_the_sleeper, "the worker sleeps over a task");
        assert_all(&[&pop_all(&queue)], 1);
    });
}
