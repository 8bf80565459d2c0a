use super::{Settled, State, Wake, Woken};

const PARKED: Settled = Settled::Parked { bound: false };

fn running() -> State {
    let state = State::runnable(0);
    assert!(state.resume());
    state
}

#[test]
fn woken_after_it_was_parked() {
    let state = running();
    let ticket = state.announce();
    assert_eq!(state.settle(), PARKED);
    assert_eq!(state.wake(ticket, Wake::TimedOut), Woken::Enqueue);
    assert_eq!(state.wake(ticket, Wake::Unparked), Woken::Lost);
    assert!(state.resume());
    assert_eq!(state.why(), Wake::TimedOut);
}

#[test]
fn woken_before_it_was_parked() {
    for why in [Wake::Unparked, Wake::TimedOut, Wake::Interrupted] {
        let state = running();
        let ticket = state.announce();
        assert_eq!(state.wake(ticket, why), Woken::Noticed);
        assert_eq!(state.wake(ticket, Wake::Unparked), Woken::Lost);
        assert_eq!(state.settle(), Settled::Resume);
        assert_eq!(state.why(), why);
    }
}

#[test]
fn taken_back() {
    let state = running();
    let ticket = state.announce();
    assert_eq!(state.retract(), None);
    assert_eq!(state.wake(ticket, Wake::Unparked), Woken::Lost);
    let ticket = state.announce();
    assert_eq!(state.wake(ticket, Wake::TimedOut), Woken::Noticed);
    assert_eq!(state.retract(), Some(Wake::TimedOut));
}

#[test]
fn a_ticket_is_good_for_one_wait() {
    let state = running();
    let first = state.announce();
    assert_eq!(state.retract(), None);
    let second = state.announce();
    assert_ne!(first, second);
    assert_eq!(state.wake(first, Wake::Unparked), Woken::Lost);
    assert_eq!(state.settle(), PARKED);
    assert_eq!(state.wake(first, Wake::Unparked), Woken::Lost);
    assert_eq!(state.wake(second, Wake::Unparked), Woken::Enqueue);
}

#[test]
fn an_interruption_needs_no_ticket() {
    let state = running();
    state.announce();
    assert_eq!(state.settle(), PARKED);
    assert_eq!(state.interrupt(), Woken::Enqueue);
    assert!(state.resume());
    assert_eq!(state.why(), Wake::Interrupted);
}

#[test]
fn giving_way_is_no_wait() {
    let state = running();
    let ticket = state.announce();
    assert_eq!(state.retract(), None);
    assert!(!state.give_way());
    assert_eq!(state.wake(ticket, Wake::Unparked), Woken::Lost);
    assert!(state.resume());
    state.announce();
    assert_eq!(state.settle(), PARKED);
}

/// The number of a wait and the cause of its end share a word: neither spills into the other.
#[test]
fn many_waits() {
    let state = running();
    let mut last = None;
    for turn in 0..if cfg!(miri) { 300 } else { 10_000 } {
        let why = [Wake::Unparked, Wake::TimedOut, Wake::Interrupted][turn % 3];
        let ticket = state.announce();
        assert_ne!(Some(ticket), last.replace(ticket));
        assert_eq!(state.settle(), PARKED);
        assert_eq!(state.wake(ticket, why), Woken::Enqueue);
        assert!(state.resume());
        assert_eq!(state.why(), why);
    }
}
