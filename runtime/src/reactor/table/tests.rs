use super::*;

/// One test, since the table is the process's.
#[test]
fn numbers_get_slots_by_the_block() {
    assert!(slot(5).is_none(), "before `init`");
    init();
    assert!(known(5).is_none() && is_untouched(5));
    let five = core::ptr::from_ref(slot(5).expect("a slot"));
    assert!(known(5).is_some_and(|slot| core::ptr::eq(slot, five)));
    assert!(known(1023).is_some() && known(1024).is_none() && is_untouched(1024));
    slot(5000).expect("a slot");

    let numbers = |first, last| known_in(first, last).map(|(fd, _)| fd);
    assert!(numbers(3, u32::MAX).eq((3..1024).chain(4096..5120)));
    assert!(numbers(1020, 4097).eq([1020, 1021, 1022, 1023, 4096, 4097]));
    assert_eq!(numbers(1024, 4095).count(), 0);
    assert!(numbers(7, 7).eq([7]));

    for none in [-1, MOST as RawFd, RawFd::MAX] {
        assert!(slot(none).is_none() && known(none).is_none() && !is_untouched(none));
    }
    assert!(slot(MOST as RawFd - 1).is_some());
}
