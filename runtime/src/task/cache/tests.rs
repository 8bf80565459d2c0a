//! Which stacks are kept, and in what order they go.

use super::*;
use std::boxed::Box;
use std::vec::Vec;

const MIB: usize = 1 << 20;
const TOP: usize = 24 << 10;

fn cache() -> Box<Cache> {
    Box::new(Cache { kept: [stack(0, 0); MOST], count: 0, cold: 0, idle: 0, due: 0, warm_bytes: 0 })
}

/// The `number`th stack; its task is never looked at.
fn stack(number: usize, size: usize) -> Kept {
    Kept { size, guard: 4096, task: core::ptr::without_provenance(64 * number) }
}

fn number(kept: Option<Kept>) -> Option<usize> {
    kept.map(|kept| kept.task.addr() / 64)
}

/// Puts a stack there, and does what is due; which ones were unmapped.
fn put(cache: &mut Cache, kept: Kept, scarce: bool) -> Vec<usize> {
    let mut unmapped = Vec::new();
    assert!(cache.put(kept));
    while let Some(excess) = cache.excess(TOP, scarce) {
        match excess {
            Excess::Cool(kept) => assert!(cache.put_cold(kept)),
            Excess::Unmap(kept) => unmapped.extend(number(Some(kept))),
        }
    }
    unmapped
}

#[test]
fn the_newest_of_a_size_comes_first() {
    let mut cache = cache();
    for (n, size) in [64, 128, 64, 128].into_iter().enumerate() {
        put(&mut cache, stack(n, size << 10), false);
    }
    assert_eq!(number(cache.take(64 << 10, 4096)), Some(2));
    assert_eq!(number(cache.take(64 << 10, 8192)), None);
    assert_eq!(number(cache.take(128 << 10, 4096)), Some(3));
    assert_eq!(number(cache.take(128 << 10, 4096)), Some(1));
    assert_eq!(number(cache.take(128 << 10, 4096)), None);
    assert_eq!(number(cache.take(64 << 10, 4096)), Some(0));
    assert_eq!((cache.count, cache.cold, cache.warm_bytes), (0, 0, 0));
}

#[test]
fn forty_mebibytes_stay_warm() {
    let mut cache = cache();
    for n in 0..10 {
        assert!(put(&mut cache, stack(n, 8 * MIB), false).is_empty());
    }
    assert_eq!((cache.count, cache.cold, cache.warm_bytes), (10, 5, 40 * MIB));
    // The cold ones are used again, too.
    for want in (0..10).rev() {
        assert_eq!(number(cache.take(8 * MIB, 4096)), Some(want));
    }
}

#[test]
fn what_is_too_much_goes_at_once() {
    let mut cache = cache();
    let mut unmapped = 0;
    for n in 0..10_000 {
        unmapped += put(&mut cache, stack(n, 8 * MIB), false).len();
    }
    assert_eq!((cache.count, cache.cold), (5 + COLD / TOP, COLD / TOP));
    assert_eq!(unmapped, 10_000 - cache.count);
    // Many small ones.
    while cache.take(8 * MIB, 4096).is_some() {}
    for n in 0..10_000 {
        put(&mut cache, stack(n, 4096), false);
    }
    assert!(cache.count < MOST);
    assert_eq!(cache.cold, COLD / TOP);
}

#[test]
fn the_cold_ones_go_when_nobody_has_wanted_them() {
    let mut cache = cache();
    let wave = |cache: &mut Cache| {
        let taken: Vec<_> = (0..100).map_while(|_| cache.take(8 * MIB, 4096)).collect();
        for n in 0..100 {
            put(cache, taken.get(n).copied().unwrap_or(stack(n, 8 * MIB)), false);
        }
    };
    for _ in 0..3 {
        wave(&mut cache);
        cache.mark();
        assert!(cache.take_due().is_none());
    }
    assert_eq!(cache.cold, 95);
    // Thirty are wanted, so all but these are due.
    let wanted: Vec<_> = (0..35).map_while(|_| cache.take(8 * MIB, 4096)).collect();
    cache.mark();
    assert_eq!(core::iter::from_fn(|| cache.take_due()).count(), 65);
    assert_eq!((wanted.len(), cache.count), (35, 0));
}

#[test]
fn where_addresses_are_scarce_none_is_cold() {
    let mut cache = cache();
    for n in 0..8 {
        put(&mut cache, stack(n, 8 * MIB), false);
    }
    assert_eq!(put(&mut cache, stack(8, 8 * MIB), true), [3, 2, 1, 0]);
    assert_eq!((cache.count, cache.cold), (5, 0));
    assert_eq!(number(cache.take_any()), Some(4));
}
