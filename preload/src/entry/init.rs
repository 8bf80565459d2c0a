//! The library's constructor, and what it says at the end.
//!
//! A binary of unit tests has neither, nor libc's names as exports: it would patch its own test runner.

use super::fork;
use super::loader;
use super::lookup;
use super::watcher;
use crate::abi;
use crate::table::real;
use crate::table::rows::Family;
use crate::threads;
use crate::threads::golang;
use crate::threads::start;
use crate::voice::config::{self, Config, StatsFormat};
use crate::voice::say::{self, Line, say, write_all};
use crate::voice::stats::Counters;
use iopatch_runtime::process::totals;
use iopatch_runtime::{arch, sched};
use libc::{c_char, c_int, c_ulong};
use std::ffi::CStr;
use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI32, AtomicU8};

/// Runs when the loader has loaded the library, before main.
#[cfg_attr(not(test), used, unsafe(link_section = ".init_array"))]
static CONSTRUCTOR: extern "C" fn() = construct;

/// Runs at exit(3), after the program's own atexit handlers.
#[cfg_attr(not(test), used, unsafe(link_section = ".fini_array"))]
static DESTRUCTOR: extern "C" fn() = report;

extern "C" fn construct() {
    loader::resolve();
    real::resolve_all();
    // SAFETY: it has no precondition.
    arch::init(unsafe { libc::getauxval(libc::AT_HWCAP2) });
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(malformed) => return stand_aside(malformed),
    };
    if let Some(tool) = watcher::find() {
        return stand_aside(format_args!("{tool} watches the program's threads"));
    }
    // SAFETY: the constructor runs once, on the process's only thread.
    match unsafe { abi::init() } {
        Ok(()) => begin(&config),
        Err(why) => stand_aside(why),
    }
}

fn stand_aside(why: impl fmt::Display) {
    say(format_args!("{why}; ignoring iopatch, the program runs natively"));
}

fn begin(config: &Config) {
    golang::look();
    threads::follow_stack_flags();
    start::init(config);
    fork::register();
    if config.log {
        say::switch_log_on();
    }
    if let Some(format) = config.stats {
        STATS.store(format as u8 + 1, Relaxed);
        STATS_OWNER.store(stats_owner(), Relaxed);
        report_on_signals();
    }
    config::switch_on(config.parts);
    lookup::redirect();
}

/// The process that the user started with stats: the first that asks, which leaves its id for those that it starts.
fn stats_owner() -> libc::pid_t {
    const OWNER: &CStr = c"IOPATCH_STATS_OWNER";
    // SAFETY: the constructor's thread is the only one, and the strings end with a NUL.
    unsafe {
        let known = libc::getenv(OWNER.as_ptr());
        if !known.is_null() {
            return libc::atoi(known);
        }
        libc::setenv(OWNER.as_ptr(), Line::of(format_args!("{}", libc::getpid())).as_ptr(), 1);
        libc::getpid()
    }
}

/// 0: no stats; else 1 + the format.
static STATS: AtomicU8 = AtomicU8::new(0);
/// The process that the user started. Its children speak only if they made coroutines.
static STATS_OWNER: AtomicI32 = AtomicI32::new(0);

const FAMILIES: usize = Family::ALL.len();

extern "C" fn report() {
    let format = match STATS.swap(0, Relaxed) {
        0 => return,
        1 => StatsFormat::Text,
        _ => StatsFormat::Json,
    };
    // SAFETY: it has no precondition.
    let is_owner = unsafe { libc::getpid() } == STATS_OWNER.load(Relaxed);
    let runtime = sched::get();
    if !is_owner && runtime.is_none() {
        return;
    }
    let totals = runtime.map(totals).unwrap_or_default();
    let mut parks = [("", 0); FAMILIES];
    for (entry, &family) in parks.iter_mut().zip(Family::ALL) {
        *entry = (family.name(), runtime.map_or(0, |r| r.parks(family as u8)));
    }
    let counters = Counters {
        coroutines: totals.coroutines,
        peak: totals.peak,
        switches: totals.switches,
        parks: &parks,
        handoffs: totals.handoffs,
        workers: totals.workers,
        os_threads: totals.os_threads,
    };
    counters.report(format, write_all);
}

/// A server ends by a signal, which runs no destructor. Those that the program leaves at their default report first;
/// a handler that it installs later takes our handler's place.
fn report_on_signals() {
    for signum in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        // SAFETY: all-zero is a plain action; both structures are written and read by the calls.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signum, std::ptr::null(), &mut action);
            if action.sa_sigaction == libc::SIG_DFL {
                action.sa_sigaction = report_and_die as *const () as usize;
                action.sa_flags = libc::SA_RESETHAND as c_int | libc::SA_NODEFER as c_int;
                libc::sigaction(signum, &action, std::ptr::null_mut());
            }
        }
    }
}

extern "C" fn report_and_die(signum: c_int) {
    report();
    // SAFETY: the action is the default again (SA_RESETHAND): the process ends as if we had not been here.
    unsafe { libc::raise(signum) };
}

/// The counters, for a program that is linked against this name weakly: "coroutines", "peak", "switches", "handoffs",
/// "workers", "os_threads", "parks.FAMILY". An unknown name is 0.
///
/// # Safety
/// `name` is a string of C.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn iopatch_counter(name: *const c_char) -> c_ulong {
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) }.to_str().unwrap_or("");
    let Some(runtime) = sched::get() else { return 0 };
    let totals = totals(runtime);
    match name {
        "coroutines" => totals.coroutines,
        "peak" => totals.peak,
        "switches" => totals.switches,
        "handoffs" => totals.handoffs,
        "workers" => totals.workers,
        "os_threads" => totals.os_threads,
        _ => {
            let family = name.strip_prefix("parks.").and_then(|name| Family::ALL.iter().find(|f| f.name() == name));
            family.map_or(0, |&family| runtime.parks(family as u8))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::table::rows::Family;
    use crate::voice::config::StatsFormat;
    use crate::voice::stats::{Counters, SIZE};

    #[test]
    fn a_report_has_room_for_every_family_at_its_longest() {
        let parks: Vec<_> = Family::ALL.iter().map(|family| (family.name(), u64::MAX)).collect();
        let most = u64::MAX;
        for format in [StatsFormat::Text, StatsFormat::Json] {
            let counters = Counters {
                coroutines: most,
                peak: most,
                switches: most,
                parks: &parks,
                handoffs: most,
                workers: most,
                os_threads: most,
            };
            let mut text = String::new();
            counters.report(format, |bytes| text.push_str(str::from_utf8(bytes).unwrap()));
            assert!(text.len() < SIZE && text.ends_with('\n'), "{} bytes", text.len());
        }
    }
}
