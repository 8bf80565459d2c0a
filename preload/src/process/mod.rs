//! The process: its end, its start, its forks. Each file knows those before it.

pub mod exit;
pub mod fork;
pub mod start;
