//! The kernel's calls that the runtime makes, each by rustix's raw backend or, where rustix has no
//! such call, by the architecture's `syscall`. None of them is a libc name, so none of them can
//! come back to a hook.

pub mod clock;
pub mod descriptor;
pub mod epoll;
pub mod futex;
pub mod memory;
pub mod signal;
pub mod stack;
