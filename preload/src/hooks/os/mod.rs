//! Processes: made, waited for, run by the shell.

pub mod clone;
pub mod command;
mod fork;
mod spawn;
pub mod stdio;
mod vfork;
mod wait_child;

pub use clone::clone;
pub use command::{pclose, popen, system};
pub use fork::{daemon, fork, login_tty};
pub use spawn::{posix_spawn, posix_spawnp};
pub use vfork::vfork;
pub use wait_child::{wait, wait3, wait4, waitid, waitpid};
