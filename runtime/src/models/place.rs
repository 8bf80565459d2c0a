//! A place, with those who look while its holder leaves and another comes.

use super::world::place::Place;
use crate::sync::{AtomicBool, Relaxed};
use loom::sync::Arc;
use loom::thread;
use std::vec::Vec;

#[derive(Default)]
struct Life {
    /// Not ordered by itself: that nobody reads it late is the place's to see to.
    over: AtomicBool,
}

#[derive(Default)]
struct Shared {
    place: Place<Life>,
    lives: [Life; 2],
}

impl Shared {
    fn enter(&self, life: usize) {
        self.place.enter((&raw const self.lives[life]).cast_mut());
    }

    fn leave(&self, life: usize) {
        self.place.leave();
        self.lives[life].over.store(true, Relaxed);
    }

    fn look(&self) -> bool {
        let found = self.place.with(|life| {
            // SAFETY: both lives are there as long as what shares them.
            let life = unsafe { &*life };
            assert!(!life.over.load(Relaxed), "it was found when it had left");
            thread::yield_now();
            assert!(!life.over.load(Relaxed), "it has left while it was used");
        });
        found.is_some()
    }
}

#[test]
fn two_look_while_one_leaves() {
    loom::model(|| {
        let shared = Arc::new(Shared::default());
        shared.enter(0);
        let lookers: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || shared.look())
            })
            .collect();
        shared.leave(0);
        lookers.into_iter().for_each(|looker| drop(looker.join()));
        assert!(!shared.look());
    });
}

#[test]
fn one_looks_while_another_comes() {
    loom::model(|| {
        let shared = Arc::new(Shared::default());
        shared.enter(0);
        let looker = {
            let shared = shared.clone();
            thread::spawn(move || [shared.look(), shared.look()])
        };
        shared.leave(0);
        shared.enter(1);
        looker.join().unwrap();
        assert!(shared.look());
    });
}
