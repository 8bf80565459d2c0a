//! What C and the kernel give: types, errno, system calls without libc, memory that may be nobody's.

pub mod c_types;
pub mod errno;
pub mod kernel;
pub mod link;
pub mod memory;
