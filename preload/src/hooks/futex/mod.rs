//! Futexes, by syscall().

mod classic;
mod futex2;

pub use classic::futex;
pub use futex2::{futex_requeue, futex_wait, futex_waitv, futex_wake};
