//! What the library tells the user, on standard error: what he must know, and, for `--log`, what it decides for itself.

use iopatch_runtime::arch;
use std::fmt::{self, Write};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

static LOG: AtomicBool = AtomicBool::new(false);

pub fn switch_log_on() {
    LOG.store(true, Relaxed);
}

/// Writes one line to standard error. Only for what the user must know.
pub(crate) fn say(what: fmt::Arguments) {
    write_all(Line::of(format_args!("iopatch: {what}")).ended());
}

/// Writes one line, if the user asked for a log. The process is told too: children log to the same place.
#[cold]
pub fn log(what: fmt::Arguments) {
    if !LOG.load(Relaxed) {
        return;
    }
    write_all(Line::of(format_args!("iopatch[{}]: {what}", std::process::id())).ended());
}

/// The kernel's own call: libc's would change errno, and is a cancellation point where the hook that tells is none.
pub fn write_all(bytes: &[u8]) {
    const SYS_WRITE: usize = 1;
    // SAFETY: the bytes are there.
    unsafe { arch::syscall(SYS_WRITE, [2, bytes.as_ptr().addr(), bytes.len(), 0, 0, 0]) };
}

/// Text of up to `N` bytes, on the stack; what does not fit is cut.
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    pub const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    pub fn of(what: fmt::Arguments) -> Self {
        let mut text = Self::new();
        let _cut = text.write_fmt(what);
        text
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The text as a line.
    fn ended(&mut self) -> &[u8] {
        self.bytes[self.len] = b'\n';
        &self.bytes[..=self.len]
    }

    /// As a string of C.
    pub fn as_ptr(&self) -> *const libc::c_char {
        self.bytes.as_ptr().cast()
    }
}

impl<const N: usize> Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The last byte is the end's: a newline, or NUL.
        let fits = text.len().min(N - 1 - self.len);
        self.bytes[self.len..self.len + fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.len += fits;
        if fits == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// One line for the user.
pub type Line = Text<512>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_fit_is_cut_and_still_ends() {
        assert_eq!(Line::of(format_args!("{} is {}", "a", 1)).ended(), b"a is 1\n");
        let mut line = Line::of(format_args!("{}{}", "x".repeat(300), "y".repeat(300)));
        assert_eq!(line.ended().len(), 512);
        assert_eq!(line.ended().last(), Some(&b'\n'));
    }
}
