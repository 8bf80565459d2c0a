use super::{Linked, Queue};
use crate::sync::AtomicPtr;
use core::ptr::NonNull;
use std::vec::Vec;

#[derive(Default)]
struct Item {
    number: usize,
    link: AtomicPtr<Item>,
}

impl Linked for Item {
    fn link(&self) -> &AtomicPtr<Self> {
        &self.link
    }
}

fn items<const N: usize>() -> [Item; N] {
    core::array::from_fn(|number| Item { number, ..Item::default() })
}

fn full(items: &[Item]) -> Queue<Item> {
    let queue = Queue::new();
    for (n, item) in items.iter().enumerate() {
        // SAFETY: the tests' items outlive their queues, and are in one at a time.
        assert_eq!(unsafe { queue.push(NonNull::from(item)) }, n + 1);
    }
    queue
}

fn drain(queue: &Queue<Item>) -> Vec<usize> {
    // SAFETY: the tests' items outlive their queues.
    std::iter::from_fn(|| queue.pop().map(|item| unsafe { item.as_ref() }.number)).collect()
}

#[test]
fn first_in_first_out() {
    let items = items::<5>();
    let queue = full(&items);
    assert_eq!(queue.len(), 5);
    assert_eq!(drain(&queue), [0, 1, 2, 3, 4]);
    assert!(queue.is_empty() && queue.pop().is_none());
    // SAFETY: the item is in no queue any more.
    assert_eq!(unsafe { queue.push(NonNull::from(&items[3])) }, 1);
    assert_eq!(drain(&queue), [3]);
}

#[test]
fn a_thief_takes_the_older_half() {
    for (count, stolen) in [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
        let items = items::<5>();
        let (queue, thief) = (full(&items[..count]), Queue::new());
        assert_eq!(queue.steal_into(&thief), stolen);
        assert_eq!((queue.len(), thief.len()), (count - stolen, stolen));
        assert_eq!(drain(&thief), (0..stolen).collect::<Vec<_>>());
        assert_eq!(drain(&queue), (stolen..count).collect::<Vec<_>>());
    }
}

#[test]
fn what_is_stolen_comes_after_what_the_thief_has() {
    let items = items::<4>();
    let (queue, thief) = (full(&items[..3]), full(&items[3..]));
    assert_eq!(queue.steal_into(&thief), 2);
    assert_eq!(drain(&thief), [3, 0, 1]);
}

/// Native threads, the native lock: nothing is lost, and nothing comes twice.
#[test]
#[cfg_attr(miri, ignore = "who contends for a lock sleeps by a system call")]
fn many_threads() {
    const EACH: usize = 20_000;
    const THREADS: usize = 4;
    let items: Vec<_> = (0..EACH * THREADS).map(|number| Item { number, ..Item::default() }).collect();
    let queues = [Queue::new(), Queue::new()];
    let mut all: Vec<usize> = std::thread::scope(|scope| {
        let (items, queues) = (&items, &queues);
        let work = move |me: usize| {
            let (mine, other) = (&queues[me % 2], &queues[1 - me % 2]);
            let mut popped = Vec::new();
            for item in &items[me * EACH..(me + 1) * EACH] {
                // SAFETY: the items outlive the queues, and each is pushed once.
                unsafe { mine.push(NonNull::from(item)) };
                if item.number % 7 == 0 {
                    other.steal_into(mine);
                }
                if item.number % 3 != 0 {
                    // SAFETY: as above.
                    popped.extend(mine.pop().map(|item| unsafe { item.as_ref() }.number));
                }
            }
            popped
        };
        let threads: Vec<_> = (0..THREADS).map(|me| scope.spawn(move || work(me))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(all.len() < EACH * THREADS && !all.is_empty());
    all.extend(queues.iter().flat_map(drain));
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..EACH * THREADS));
}
