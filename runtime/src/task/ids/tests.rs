//! What the module promises of ids, over many lives.

use super::*;
use std::collections::{HashMap, HashSet, VecDeque};

#[test]
fn the_first_are_in_order() {
    let ids = Ids::new();
    for n in 0..3 * BLOCK {
        assert_eq!(ids.take(), Some(FIRST + n));
    }
}

#[test]
fn one_that_was_given_back_rests() {
    let ids = Ids::new();
    let mut last_seen = HashMap::new();
    for n in 0..10 * REST {
        let id = ids.take().expect("there are more");
        assert!((FIRST..END).contains(&id));
        assert_eq!(last_seen.insert(id, n), None, "the same id again");
        ids.end(id);
        ids.give(id);
    }
    assert_eq!(ids.free.lock().fresh, REST + 1, "more memory than needed");
}

#[test]
fn those_in_use_differ() {
    let ids = Ids::new();
    let mut held = VecDeque::new();
    let mut used = HashSet::new();
    for n in 0..4 * REST {
        let id = ids.take().expect("there are more");
        assert!(used.insert(id), "two with one id");
        held.push_back(id);
        if n % 3 != 0
            && let Some(id) = held.pop_front()
        {
            used.remove(&id);
            ids.end(id);
            if n % 2 != 0 {
                ids.give(id);
            } else {
                let another = ids.exchange(id);
                assert!(another != id && used.insert(another), "two with one id");
                held.push_back(another);
            }
        }
    }
}

#[test]
fn an_id_that_nobody_had_is_not_found() {
    let ids = Ids::new();
    let id = ids.take().expect("there are more");
    for id in [0, FIRST - 1, id, id + 1, id + PLACES, FIRST + 5 * BLOCK, END, u32::MAX] {
        assert!(ids.with(id, |_| ()).is_none());
    }
}
