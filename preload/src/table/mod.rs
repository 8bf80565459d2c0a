//! THE TABLE (`symbols.rs`), and what is derived from it without knowing a hook. The exports are at the top, in `entry`.

pub mod acts;
pub mod real;
#[allow(dead_code, reason = "what only the launcher reads of the table")]
pub mod rows;
pub mod symbols;
