use super::{Interest, Seen, Slot, readiness_of};
use crate::sync::Relaxed;
use crate::sys::epoll;
use crate::waker::Wakeups;
use core::mem::MaybeUninit;

const BOTH: Interest = Interest::READ.and(Interest::WRITE);

fn slot() -> Slot {
    // SAFETY: all-zero bytes are a free slot; the table is made of such.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn edge(slot: &Slot, generation: u32, flags: u32) {
    slot.take_edge(generation, flags, &mut Wakeups::new());
}

#[test]
fn what_each_event_makes_ready() {
    let ready = |flags| {
        let seen = Seen(readiness_of(flags));
        [Interest::READ, Interest::WRITE, Interest::PRIORITY].map(|interest| seen.is_ready(interest))
    };
    assert_eq!(ready(0), [false, false, false]);
    assert_eq!(ready(epoll::IN), [true, false, false]);
    assert_eq!(ready(epoll::OUT), [false, true, false]);
    assert_eq!(ready(epoll::IN | epoll::OUT), [true, true, false]);
    assert_eq!(ready(epoll::PRI), [false, false, true]);
    assert_eq!(ready(epoll::RDHUP), [true, false, false]);
    assert_eq!(ready(epoll::HUP), [true, true, true]);
    assert_eq!(ready(epoll::ERR), [true, true, true]);
}

#[test]
fn a_short_read_drains_a_regular_stream_only() {
    for (flags, regular) in [
        (epoll::IN, true),
        (epoll::OUT, true),
        (epoll::PRI, false),
        (epoll::RDHUP, false),
        (epoll::HUP, false),
        (epoll::ERR | epoll::IN, false),
    ] {
        assert_eq!(Seen(readiness_of(flags)).is_regular(), regular, "{flags:#x}");
    }
}

#[test]
fn nothing_is_known_of_a_new_slot() {
    let slot = slot();
    for seen in [slot.look(), Seen::NOTHING] {
        assert!(!seen.is_ready(BOTH.and(Interest::PRIORITY)) && seen.is_regular());
    }
    assert!(!slot.is_watched());
}

#[test]
fn ready_for_any_bit_of_an_interest() {
    let seen = Seen(readiness_of(epoll::OUT));
    assert!(seen.is_ready(BOTH) && !seen.is_ready(Interest::READ) && !seen.is_ready(Interest::NONE));
}

#[test]
fn a_disproof_clears_its_own_bits() {
    let slot = slot();
    edge(&slot, 0, epoll::IN | epoll::OUT);
    slot.disprove(slot.look(), Interest::READ);
    assert!(!slot.look().is_ready(Interest::READ) && slot.look().is_ready(Interest::WRITE));
}

/// Even an edge of the same kind, which leaves the bits as they were.
#[test]
fn a_disproof_yields_to_an_edge_since_the_look() {
    let slot = slot();
    edge(&slot, 0, epoll::IN);
    let seen = slot.look();
    edge(&slot, 0, epoll::IN);
    slot.disprove(seen, Interest::READ);
    assert!(slot.look().is_ready(Interest::READ));
}

/// The count of edges wraps around without touching the bits.
#[test]
fn edges_without_end() {
    let slot = slot();
    slot.readiness.store(!super::BITS, Relaxed);
    edge(&slot, 0, epoll::OUT);
    assert_eq!(slot.look().0, Interest::WRITE.0);
}

#[test]
fn an_edge_of_another_life_is_ignored() {
    let slot = slot();
    edge(&slot, 1, epoll::IN);
    assert!(!slot.look().is_ready(Interest::READ));
}

#[test]
fn a_close_ends_a_life_in_two_steps() {
    let slot = slot();
    let first = slot.life();
    slot.note(first, |_| 7);
    let ending = slot.begin_end(0, false);
    assert!(slot.is_ending() && !slot.is_still(first) && !slot.is_still(ending));
    assert_eq!(slot.begin_end(0, false), ending, "a second close of the number is the same end");
    slot.end(ending);
    slot.note(first, |_| 8);
    assert!(!slot.is_ending() && slot.is_still(slot.life()) && slot.life() != first);
    assert_eq!(slot.facts.load(Relaxed), 0);
}

/// The kernel gives a number out before the close that freed it has returned.
#[test]
fn a_life_begins_before_the_last_close_returns() {
    let slot = slot();
    let ending = slot.begin_end(0, false);
    slot.begin(5);
    let life = slot.life();
    slot.end(ending);
    assert!(slot.is_still(life));
    assert_eq!(slot.facts.load(Relaxed), 5);
}

/// Nor can a look at one life say anything of the next.
#[test]
fn a_disproof_of_an_earlier_life_is_void() {
    let slot = slot();
    edge(&slot, 0, epoll::IN);
    let seen = slot.look();
    slot.begin(0);
    edge(&slot, 1, epoll::IN);
    slot.disprove(seen, Interest::READ);
    assert!(slot.look().is_ready(Interest::READ));
}
