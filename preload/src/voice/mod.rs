//! What the user says to the library, and what it says to him.

pub mod config;
pub mod say;
pub mod stats;
