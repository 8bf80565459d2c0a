use super::super::Waiter;
use super::{List, Node};
use core::ptr::NonNull;
use std::vec::Vec;

fn nodes<const N: usize>() -> [Node<usize>; N] {
    core::array::from_fn(|number| Node::new(Waiter::Thread(core::ptr::null()), number))
}

fn push_all(list: &mut List<usize>, nodes: &mut [Node<usize>]) -> Vec<NonNull<Node<usize>>> {
    let nodes: Vec<_> = nodes.iter_mut().map(NonNull::from).collect();
    for node in &nodes {
        // SAFETY: the tests' nodes outlive their list.
        unsafe { list.push(*node) };
    }
    nodes
}

fn numbers(list: &List<usize>) -> Vec<usize> {
    // SAFETY: a listed node is alive; none is removed.
    unsafe { list.iter().map(|node| node.as_ref().data).collect() }
}

#[test]
fn the_oldest_comes_first() {
    let (mut list, mut nodes) = (List::new(), nodes::<3>());
    assert!(list.is_empty());
    push_all(&mut list, &mut nodes);
    assert_eq!(numbers(&list), [0, 1, 2]);
}

/// Every one of four can go, from any place, in any order.
#[test]
fn any_node_can_be_taken_out() {
    for order in 0..256 {
        let (mut list, mut nodes) = (List::new(), nodes::<4>());
        let nodes = push_all(&mut list, &mut nodes);
        let mut left = std::vec![0, 1, 2, 3];
        for turn in 0..4 {
            let number = (order >> (2 * turn)) & 3;
            // SAFETY: the node is alive; one that is out already is left alone.
            unsafe { list.remove(nodes[number]) };
            left.retain(|&other| other != number);
            assert_eq!(numbers(&list), left);
            // SAFETY: as above.
            assert!(!unsafe { nodes[number].as_ref() }.is_queued());
        }
        // SAFETY: the first node is out if it was ever taken; else it is in.
        assert_eq!(unsafe { nodes[0].as_ref() }.is_queued(), left.contains(&0));
    }
}

#[test]
fn a_walk_goes_on_when_its_node_is_taken_out() {
    let (mut list, mut nodes) = (List::new(), nodes::<5>());
    push_all(&mut list, &mut nodes);
    let mut seen = Vec::new();
    // SAFETY: the present one alone is removed.
    for node in unsafe { list.iter() } {
        // SAFETY: the node is alive and in this list.
        let number = unsafe { node.as_ref() }.data;
        seen.push(number);
        if number % 2 == 0 {
            // SAFETY: as above.
            unsafe { list.remove(node) };
        }
    }
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    assert_eq!(numbers(&list), [1, 3]);
}

#[test]
fn a_node_can_come_back() {
    let (mut list, mut nodes) = (List::new(), nodes::<3>());
    let nodes = push_all(&mut list, &mut nodes);
    // SAFETY: the node is alive, in this list, then in none.
    unsafe {
        list.remove(nodes[0]);
        list.push(nodes[0]);
    }
    assert_eq!(numbers(&list), [1, 2, 0]);
}
