//! What the user may choose, all of it by `IOPATCH_*` variables: a bare LD_PRELOAD can do whatever the launcher can.
//! The launcher shares this file, so that both accept the same values with the same words.
//!
//! A variable that is empty counts as unset. One that cannot be understood is never guessed at: the library says so in
//! one line and leaves the program native, the launcher ends with status 2.

use std::ffi::OsString;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

pub const WORKERS: &str = "IOPATCH_WORKERS";
pub const STACK_SIZE: &str = "IOPATCH_STACK_SIZE";
pub const PATCH: &str = "IOPATCH_PATCH";
pub const STATS: &str = "IOPATCH_STATS";
pub const LOG: &str = "IOPATCH_LOG";

/// What `IOPATCH_WORKERS` may be at most.
pub const MAX_WORKERS: usize = 256;

/// A part of gevent's `monkey.patch_all()`, under gevent's name; the value is its bit in [`Parts`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Part {
    Socket = 1 << 0,
    Dns = 1 << 1,
    Time = 1 << 2,
    Select = 1 << 3,
    Thread = 1 << 4,
    Os = 1 << 5,
    Signal = 1 << 6,
    Sys = 1 << 7,
}

impl Part {
    pub const ALL: [Part; 8] =
        [Part::Socket, Part::Dns, Part::Time, Part::Select, Part::Thread, Part::Os, Part::Signal, Part::Sys];

    pub const fn name(self) -> &'static str {
        match self {
            Part::Socket => "socket",
            Part::Dns => "dns",
            Part::Time => "time",
            Part::Select => "select",
            Part::Thread => "thread",
            Part::Os => "os",
            Part::Signal => "signal",
            Part::Sys => "sys",
        }
    }

    fn named(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// A set of parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parts(u32);

impl Parts {
    pub const ALL: Parts = Parts((1 << Part::ALL.len()) - 1);
    pub const NONE: Parts = Parts(0);

    pub const fn contains(self, part: Part) -> bool {
        self.0 & part as u32 != 0
    }

    pub const fn with(self, part: Part) -> Parts {
        Parts(self.0 | part as u32)
    }

    pub const fn without(self, part: Part) -> Parts {
        Parts(self.0 & !(part as u32))
    }
}

/// As `IOPATCH_PATCH` is written: `socket,time`, or `none`.
impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if *self == Parts::NONE {
            return f.write_str("none");
        }
        let mut comma = "";
        for part in Part::ALL.into_iter().filter(|&part| self.contains(part)) {
            write!(f, "{comma}{}", part.name())?;
            comma = ",";
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatsFormat {
    Text,
    Json,
}

/// As `IOPATCH_STATS` is written.
impl fmt::Display for StatsFormat {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            StatsFormat::Text => "text",
            StatsFormat::Json => "json",
        })
    }
}

/// The number of workers. The error, here and below, completes the sentence `"abc" is not ...`.
pub fn parse_workers(text: &str) -> Result<usize, &'static str> {
    match parse_digits(text) {
        Some(n @ 1..=MAX_WORKERS) => Ok(n),
        _ => Err("a number from 1 to 256"),
    }
}

/// The size of a coroutine's stack in bytes, rounded up to whole pages: `65536`, `64K`, `8M`, `1G`.
pub fn parse_stack_size(text: &str) -> Result<usize, &'static str> {
    const EXPECTED: &str = "a size of at least 16384 bytes (PTHREAD_STACK_MIN) such as 64K or 8M";
    /// More than any address space has; it keeps the sums of whoever lays out stacks from overflowing.
    const MAX: usize = 1 << 46;
    const PAGE: usize = 4096;
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    match parse_digits(digits).and_then(|n| n.checked_mul(unit)) {
        Some(size @ libc::PTHREAD_STACK_MIN..=MAX) => Ok(size.next_multiple_of(PAGE)),
        _ => Err(EXPECTED),
    }
}

/// Which parts to patch: `all`, `none`, those that are named (`socket,time`), or all but those that are named with
/// `no-` before (`no-dns,no-os`). One list is of one kind.
pub fn parse_patch(text: &str) -> Result<Parts, &'static str> {
    const EXPECTED: &str = "all, none, or a list of socket, dns, time, select, thread, os, signal, sys, \
                            either all plain (only these) or all with no- before (all but these)";
    match text {
        "all" => return Ok(Parts::ALL),
        "none" => return Ok(Parts::NONE),
        _ => {}
    }
    let names = || text.split(',').map(str::trim);
    let parts = if names().all(|name| name.starts_with("no-")) {
        names().try_fold(Parts::ALL, |parts, name| Some(parts.without(Part::named(&name["no-".len()..])?)))
    } else {
        names().try_fold(Parts::NONE, |parts, name| Some(parts.with(Part::named(name)?)))
    };
    parts.ok_or(EXPECTED)
}

pub fn parse_stats(text: &str) -> Result<StatsFormat, &'static str> {
    match text {
        "text" => Ok(StatsFormat::Text),
        "json" => Ok(StatsFormat::Json),
        _ => Err("text or json"),
    }
}

/// Where to: true is standard error.
pub fn parse_log(text: &str) -> Result<bool, &'static str> {
    match text {
        "stderr" => Ok(true),
        _ => Err("stderr"),
    }
}

/// Digits only: `usize::from_str` would also take a plus sign.
fn parse_digits(text: &str) -> Option<usize> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The choices, after the defaults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    pub workers: usize,
    /// `None`: what a native thread would get (its attribute, else RLIMIT_STACK).
    pub stack_size: Option<usize>,
    pub parts: Parts,
    pub stats: Option<StatsFormat>,
    /// Says what the library decides for itself.
    pub log: bool,
}

impl Config {
    /// From the environment of the process: for the library's constructor and the launcher's main, while no other
    /// thread can change it.
    pub fn from_env() -> Result<Config, Malformed> {
        Config::from_lookup(std::env::var_os)
    }

    fn from_lookup(lookup: impl Fn(&'static str) -> Option<OsString>) -> Result<Config, Malformed> {
        Ok(Config {
            workers: option(&lookup, WORKERS, parse_workers)?.unwrap_or_else(cpus_allowed),
            stack_size: option(&lookup, STACK_SIZE, parse_stack_size)?,
            parts: option(&lookup, PATCH, parse_patch)?.unwrap_or(Parts::ALL),
            stats: option(&lookup, STATS, parse_stats)?,
            log: option(&lookup, LOG, parse_log)?.unwrap_or(false),
        })
    }
}

fn option<T>(
    lookup: impl Fn(&'static str) -> Option<OsString>,
    name: &'static str,
    parse: fn(&str) -> Result<T, &'static str>,
) -> Result<Option<T>, Malformed> {
    let Some(value) = lookup(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    let value = value.to_string_lossy().into_owned();
    parse(&value).map(Some).map_err(|expected| Malformed { name, value, expected })
}

/// The CPUs in the calling thread's affinity mask, which is what `taskset` and cpusets leave; 1 when it can't be read.
fn cpus_allowed() -> usize {
    // SAFETY: the all-zero mask is a value of this plain structure; the call writes at most its size into it.
    let cpus = unsafe {
        let mut mask: libc::cpu_set_t = std::mem::zeroed();
        match libc::sched_getaffinity(0, size_of_val(&mask), &mut mask) {
            0 => libc::CPU_COUNT(&mask) as usize,
            _ => 1,
        }
    };
    cpus.clamp(1, MAX_WORKERS)
}

/// A variable that cannot be understood. Displays as `IOPATCH_WORKERS: "abc" is not a number from 1 to 256`.
#[derive(PartialEq, Eq, Debug)]
pub struct Malformed {
    name: &'static str,
    value: String,
    expected: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {:?} is not {}", self.name, self.value, self.expected)
    }
}

/// The parts whose hooks are switched on, as bits; none until `switch_on`.
static PATCHED: AtomicU32 = AtomicU32::new(0);

/// Does this part's hook act, or does libc's own function? Every export asks.
#[inline(always)]
pub fn patched(part: Part) -> bool {
    // Relaxed: the constructor switches on before any other thread exists, and whoever switches off orders itself.
    Parts(PATCHED.load(Ordering::Relaxed)).contains(part)
}

/// Whether any part is switched on.
#[inline(always)]
pub fn is_on() -> bool {
    PATCHED.load(Ordering::Relaxed) != 0
}

/// From now on the hooks of `parts`, and only they, act: called when the library is initialised, with `Parts::NONE` to
/// leave everything to libc.
pub fn switch_on(parts: Parts) {
    PATCHED.store(parts.0, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::damage;
    use std::os::unix::ffi::OsStringExt;

    fn config(variables: &[(&str, &str)]) -> Result<Config, String> {
        let lookup = |name| variables.iter().find(|variable| variable.0 == name).map(|variable| variable.1.into());
        Config::from_lookup(lookup).map_err(|malformed| malformed.to_string())
    }

    #[test]
    fn unset_and_empty_variables_mean_the_defaults() {
        let defaults = Config { workers: cpus_allowed(), stack_size: None, parts: Parts::ALL, stats: None, log: false };
        assert_eq!(config(&[]), Ok(defaults));
        assert_eq!(config(&[(WORKERS, ""), (STACK_SIZE, ""), (PATCH, ""), (STATS, ""), (LOG, "")]), Ok(defaults));
    }

    #[test]
    fn workers_are_from_1_to_256() {
        assert_eq!(parse_workers("1"), Ok(1));
        assert_eq!(parse_workers("256"), Ok(256));
        for bad in ["", "0", "257", "-1", "+1", "1.5", " 1", "abc", "99999999999999999999999"] {
            assert!(parse_workers(bad).is_err(), "{bad:?}");
        }
        let line = r#"IOPATCH_WORKERS: "abc" is not a number from 1 to 256"#;
        assert_eq!(config(&[(WORKERS, "abc")]), Err(line.to_string()));
    }

    #[test]
    fn stack_sizes_have_a_unit_a_minimum_and_whole_pages() {
        assert_eq!(parse_stack_size("16384"), Ok(16384));
        assert_eq!(parse_stack_size("16385"), Ok(20480));
        assert_eq!(parse_stack_size("64K"), Ok(65536));
        assert_eq!(parse_stack_size("8m"), Ok(8 << 20));
        assert_eq!(parse_stack_size("1G"), Ok(1 << 30));
        for bad in ["", "K", "16383", "15K", "8MB", "8 M", "-1", "99999999999G", "18446744073709551615"] {
            assert!(parse_stack_size(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_patch_list_is_plain_or_negative_but_not_both() {
        assert_eq!(parse_patch("all"), Ok(Parts::ALL));
        assert_eq!(parse_patch("none"), Ok(Parts::NONE));
        assert_eq!(parse_patch("socket, time"), Ok(Parts::NONE.with(Part::Socket).with(Part::Time)));
        assert_eq!(parse_patch("no-dns,no-os"), Ok(Parts::ALL.without(Part::Dns).without(Part::Os)));
        for bad in ["", "sockets", "socket,no-dns", "no-dns,socket", "no-", "socket,", "all,dns", "Socket"] {
            assert!(parse_patch(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_log_goes_to_standard_error() {
        assert_eq!(config(&[(LOG, "stderr")]).map(|config| config.log), Ok(true));
        assert_eq!(config(&[(LOG, "1")]), Err(r#"IOPATCH_LOG: "1" is not stderr"#.to_string()));
    }

    #[test]
    fn parts_are_displayed_as_they_are_parsed() {
        for bits in 0..=Parts::ALL.0 {
            assert_eq!(parse_patch(&Parts(bits).to_string()), Ok(Parts(bits)));
        }
    }

    #[test]
    fn a_damaged_variable_is_refused_in_one_line_or_within_its_limits() {
        let values =
            ["1", "256", "16384", "64K", "8m", "1G", "all", "none", "socket, time", "no-dns,no-os", "json", "stderr"];
        damage::each(&values.map(|value| value.as_bytes().to_vec()), |value| {
            for name in [WORKERS, STACK_SIZE, PATCH, STATS, LOG] {
                let value = OsString::from_vec(value.to_vec());
                match Config::from_lookup(|asked| (asked == name).then(|| value.clone())) {
                    Ok(config) => {
                        assert!((1..=MAX_WORKERS).contains(&config.workers));
                        assert!(config.stack_size.is_none_or(|size| size >= 16384 && size % 4096 == 0));
                        assert_eq!(parse_patch(&config.parts.to_string()), Ok(config.parts));
                    }
                    Err(malformed) => {
                        let line = malformed.to_string();
                        assert!(line.starts_with(name) && !line.contains(char::is_control), "{line:?}");
                    }
                }
            }
        });
    }

    #[test]
    fn only_the_parts_switched_on_are_patched() {
        switch_on(Parts::NONE.with(Part::Time));
        assert!(patched(Part::Time) && !patched(Part::Socket));
        switch_on(Parts::NONE);
        assert!(Part::ALL.into_iter().all(|part| !patched(part)));
    }
}
