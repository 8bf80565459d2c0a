//! What differs from one architecture to the next: the same few functions in each file.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("iopatch knows x86-64 only, so far: src/arch needs a file for this architecture");
