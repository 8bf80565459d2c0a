//! The launcher: `iopatch [options] [--] program args...` puts libiopatch.so into LD_PRELOAD and becomes the program.
//!
//! What the program inherits must be what we inherited. So `main` is C's: Rust's start-up would ignore SIGPIPE and open
//! /dev/null in the place of closed standard descriptors, and `std::process::Command` would reset SIGPIPE once more.
#![cfg_attr(test, allow(dead_code, reason = "the test harness has a main of its own"))]
#![cfg_attr(not(test), no_main)]

// These files are shared with the library, which alone switches hooks on.
#[path = "../../table"]
mod table {
    #[allow(dead_code, reason = "what only the hooks ask of the table")]
    pub mod rows;
    pub mod symbols;
}
#[path = "../../voice"]
mod voice {
    #[allow(dead_code, reason = "`patched` is for the hooks")]
    pub mod config;
}

#[cfg(test)]
#[path = "../../damage.rs"]
mod damage;
mod library;
mod list;
mod options;
mod target;

use std::ffi::{CString, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::{env, fmt, io, ptr};

use options::{Command, Options};

/// Why the program was not started: the line to print, and the status to end with (`--help` lists them).
pub struct Failure {
    status: c_int,
    reason: String,
}

impl Failure {
    pub const MALFORMED: c_int = 2;
    pub const REFUSED: c_int = 125;
    pub const NOT_EXECUTABLE: c_int = 126;
    pub const NOT_FOUND: c_int = 127;

    pub fn new(status: c_int, reason: impl fmt::Display) -> Failure {
        Failure { status, reason: one_line(reason) }
    }
}

#[cfg_attr(not(test), unsafe(export_name = "main"))]
extern "C" fn start(_argc: c_int, _argv: *const *const c_char) -> c_int {
    let outcome = match options::parse() {
        Command::List(format) => list::print(format).map_err(|error| Failure::new(1, error)),
        Command::Run { options, program } => run(&options, &program),
    };
    match outcome {
        Ok(()) => 0,
        Err(Failure { status, reason }) => {
            eprintln!("iopatch: {reason}");
            status
        }
    }
}

/// Returns only to say why the program could not be started.
fn run(options: &Options, program: &[OsString]) -> Result<(), Failure> {
    for (name, value) in options.variables() {
        // SAFETY: this process has one thread, and nobody holds a pointer into the environment.
        unsafe { env::set_var(name, value) };
    }
    voice::config::Config::from_env().map_err(|malformed| Failure::new(Failure::MALFORMED, malformed))?;
    let path = target::find(&program[0])?;
    if let Some(warning) = target::check(&path)? {
        eprintln!("iopatch: {}", one_line(warning));
    }
    let preload = library::preload(&library::find()?, env::var_os("LD_PRELOAD"))?;
    // SAFETY: as above.
    unsafe { env::set_var("LD_PRELOAD", preload) };
    let error = exec(&path, program);
    Err(Failure::new(Failure::NOT_EXECUTABLE, format_args!("{}: {}", path.display(), plain(&error))))
}

/// Becomes the program; returns the error if it can't.
fn exec(path: &Path, program: &[OsString]) -> io::Error {
    let text = |text: &OsStr| CString::new(text.as_bytes()).expect("arguments come from C and hold no NUL");
    let path = text(path.as_os_str());
    let args: Vec<CString> = program.iter().map(|arg| text(arg)).collect();
    let argv: Vec<*const c_char> = args.iter().map(|arg| arg.as_ptr()).chain([ptr::null()]).collect();
    // SAFETY: NUL-terminated strings, in an array that ends with a null. execvp, since it alone hands a file that has
    // no format to /bin/sh, as shells do; the path has a slash, so that it searches nothing.
    unsafe { libc::execvp(path.as_ptr(), argv.as_ptr()) };
    io::Error::last_os_error()
}

/// What is told is one line, and nothing that a terminal would obey: the names in it are a file's, or anybody's.
fn one_line(text: impl fmt::Display) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.to_string().chars().map(escaped).collect()
}

/// The error in C's words, without the number that Rust adds.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
