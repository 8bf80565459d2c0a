//! Files, sockets and streams.

mod connect;
pub mod fdops;
pub mod file;
pub mod fortify;
pub mod messages;
mod moves;
mod parts;
mod readiness;
pub mod rw;
pub mod socket;
pub mod stream;
