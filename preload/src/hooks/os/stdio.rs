//! Streams that are closed: fclose(3), which also ends what popen(3) has begun, and freopen(3).

pub use crate::hooks::io::stream::freopen;

use super::command;
use crate::hooks::io::stream;
use libc::{FILE, c_int};

/// That of popen(3) waits for its command.
pub unsafe fn fclose(stream: *mut FILE) -> c_int {
    // SAFETY: the program's stream, which is open.
    unsafe { command::close(stream).unwrap_or_else(|| stream::close(stream)) }
}
