//! Waiting for any of many descriptors.

mod epoll;
pub mod limit;
pub mod polls;
pub mod set;
mod sets;

pub use epoll::{epoll_create, epoll_create1, epoll_ctl, epoll_pwait, epoll_pwait2, epoll_wait};
pub use polls::{poll, ppoll, pselect, select};
