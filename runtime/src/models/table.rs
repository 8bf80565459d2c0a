//! The slots of a model's descriptors, 0 and 1.

use super::Slot;
use rustix::fd::RawFd;

const COUNT: usize = 2;

loom::lazy_static! {
    static ref SLOTS: [Slot; COUNT] = Default::default();
}

pub fn slot(fd: RawFd) -> Option<&'static Slot> {
    SLOTS.get(usize::try_from(fd).ok()?)
}

pub fn known(fd: RawFd) -> Option<&'static Slot> {
    slot(fd)
}
