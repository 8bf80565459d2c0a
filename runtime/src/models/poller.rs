//! A model has one poller.

use crate::sys::epoll::Epoll;

pub(crate) struct Poller {
    pub index: usize,
}

static POLLER: Poller = Poller { index: 0 };

impl Poller {
    pub fn epoll(&self) -> Epoll {
        Epoll
    }
}

pub(crate) fn at(index: usize) -> Option<&'static Poller> {
    (index == POLLER.index).then_some(&POLLER)
}
