//! Locks, and what waits on an object in memory.

pub mod barrier;
pub mod cond;
pub mod futex;
pub mod futex2;
pub mod mutex;
pub mod once;
pub mod rwlock;
pub mod sem;
pub mod shared_cond;
pub mod spin;
