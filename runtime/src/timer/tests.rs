//! The heap against a sorted set.

use super::{Heap, Timer};
use crate::sys::clock::Deadline;
use core::ptr::NonNull;
use std::boxed::Box;
use std::collections::BTreeSet;
use std::vec::Vec;

/// Enough for what is random; miri takes a thousand times as long for each.
const MANY: usize = if cfg!(miri) { 1_000 } else { 100_000 };

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

fn nodes(count: usize) -> Vec<NonNull<Timer<usize>>> {
    let node = |number| NonNull::from(Box::leak(Box::new(Timer::new(Deadline::NEVER, number))));
    (0..count).map(node).collect()
}

fn free(nodes: Vec<NonNull<Timer<usize>>>) {
    for node in nodes {
        // SAFETY: `nodes` has made it from a box, and no heap has it any more.
        drop(unsafe { Box::from_raw(node.as_ptr()) });
    }
}

fn insert(heap: &mut Heap<usize>, node: NonNull<Timer<usize>>, deadline: u64) {
    // SAFETY: the tests insert a node that is in no heap, and free it after it has left.
    unsafe {
        (*node.as_ptr()).deadline = Deadline(deadline);
        heap.insert(node);
    }
}

fn pop(heap: &mut Heap<usize>, now: u64) -> Option<(u64, usize)> {
    // SAFETY: the tests' nodes are alive.
    heap.pop_due(now).map(|timer| unsafe { (timer.as_ref().deadline.0, timer.as_ref().payload) })
}

#[test]
fn a_new_heap_is_never_due() {
    let mut heap = Heap::<usize>::new();
    assert_eq!(heap.earliest(), Deadline::NEVER);
    assert!(heap.pop_due(u64::MAX - 1).is_none());
}

#[test]
fn a_deadline_is_due_when_it_is_now() {
    let (mut heap, nodes) = (Heap::new(), nodes(1));
    insert(&mut heap, nodes[0], 5);
    assert_eq!(pop(&mut heap, 4), None);
    assert_eq!(pop(&mut heap, 5), Some((5, 0)));
    assert_eq!(pop(&mut heap, 5), None);
    free(nodes);
}

#[test]
fn removing_twice_is_harmless() {
    let (mut heap, nodes) = (Heap::new(), nodes(2));
    insert(&mut heap, nodes[0], 1);
    insert(&mut heap, nodes[1], 2);
    for _ in 0..2 {
        // SAFETY: the node was in this heap only.
        unsafe { heap.remove(nodes[0]) };
    }
    assert_eq!(pop(&mut heap, 9), Some((2, 1)));
    free(nodes);
}

/// Random insertions, removals and pops; deadlines collide often.
#[test]
fn it_does_what_a_sorted_set_does() {
    const NODES: usize = 500;
    const DEADLINES: usize = 200;
    let (mut heap, nodes, mut random) = (Heap::new(), nodes(NODES), Random(0x1234_5678_9abc_def1));
    let mut set = BTreeSet::new();
    let mut queued = [None; NODES];
    for _ in 0..MANY {
        let number = random.below(NODES);
        match (random.below(8), queued[number]) {
            (0..=3, None) => {
                let deadline = random.below(DEADLINES) as u64;
                insert(&mut heap, nodes[number], deadline);
                set.insert((deadline, number));
                queued[number] = Some(deadline);
            }
            (4..=6, deadline) => {
                // SAFETY: the node was in this heap only.
                unsafe { heap.remove(nodes[number]) };
                if let Some(deadline) = deadline {
                    set.remove(&(deadline, number));
                    queued[number] = None;
                }
            }
            (7, _) => {
                let now = random.below(DEADLINES) as u64;
                let popped = pop(&mut heap, now);
                let due = set.first().map(|first| first.0).filter(|&first| first <= now);
                assert_eq!(popped.map(|popped| popped.0), due);
                if let Some(popped) = popped {
                    assert!(set.remove(&popped), "{popped:?} was not in the heap");
                    queued[popped.1] = None;
                }
            }
            _ => {}
        }
        assert_eq!(heap.earliest().0, set.first().map_or(u64::MAX, |first| first.0));
    }
    while let Some(popped) = pop(&mut heap, u64::MAX - 1) {
        assert_eq!(popped.0, set.first().expect("the heap has more than the set").0);
        assert!(set.remove(&popped));
    }
    assert!(set.is_empty());
    free(nodes);
}

/// Many sleepers in ascending order are one list of siblings: taking the first must not recurse.
/// A test's thread has a stack of 2 MiB; this one has 64 KiB.
#[test]
fn a_long_list_of_siblings_needs_no_stack() {
    let body = || {
        let (mut heap, nodes) = (Heap::new(), nodes(MANY));
        for (number, node) in nodes.iter().enumerate() {
            insert(&mut heap, *node, number as u64);
        }
        for number in 0..MANY {
            assert_eq!(pop(&mut heap, u64::MAX - 1), Some((number as u64, number)));
        }
        for (number, node) in nodes.iter().enumerate() {
            insert(&mut heap, *node, (MANY - number) as u64);
        }
        for node in &nodes {
            // SAFETY: the node was in this heap only.
            unsafe { heap.remove(*node) };
        }
        assert_eq!(heap.earliest(), Deadline::NEVER);
        free(nodes);
    };
    std::thread::Builder::new().stack_size(64 << 10).spawn(body).unwrap().join().unwrap();
}
