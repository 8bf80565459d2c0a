use super::{Hidden, is_hidden, next_hidden, vacate};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsRawFd, BorrowedFd};

fn is_open(fd: i32) -> bool {
    // SAFETY: the number is only asked about.
    rustix::io::fcntl_getfd(unsafe { BorrowedFd::borrow_raw(fd) }).is_ok()
}

/// One test: the table is the process's.
#[test]
fn one_that_is_moved_away_is_found_by_who_has_it_and_closed_once() {
    let fd = eventfd(0, EventfdFlags::CLOEXEC).unwrap();
    let own = Hidden::copy_of(fd.as_raw_fd()).unwrap();
    let first = own.number();
    assert!(is_hidden(first) && !is_hidden(fd.as_raw_fd()));

    vacate(first);
    let second = own.number();
    assert!(second != first && is_hidden(second) && !is_hidden(first));
    assert!(is_open(second) && !is_open(first));
    assert_eq!(next_hidden(0), Some(second as u32));

    drop(own);
    assert!(!is_hidden(second) && !is_open(second));
    assert_eq!(next_hidden(0), None);
}
