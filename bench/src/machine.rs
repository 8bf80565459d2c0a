//! The machine: which core does what, how many descriptors there are, and what
//! to write above the figures.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fs;
use std::process::Command;

/// The server's core and the load's, or `None` where the process may use only
/// one and they have to share it.
pub struct Cores(Option<(usize, usize)>);

impl Cores {
    /// Moves this process, which is the load, to its core.
    pub fn claim() -> Self {
        let Ok(allowed) = sched_getaffinity(None) else {
            return Self(None);
        };
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu));
        let claimed = Self(cores.next().zip(cores.next()));
        if let Self(Some((_, load))) = claimed {
            pin(load);
        }
        claimed
    }

    /// A child takes the affinity of whoever makes it: so `spawn` runs on the
    /// server's core, and the load returns to its own.
    pub fn on_server_core<T>(&self, spawn: impl FnOnce() -> T) -> T {
        let Self(Some((server, load))) = *self else {
            return spawn();
        };
        pin(server);
        let made = spawn();
        pin(load);
        made
    }

    pub fn describe(&self) -> String {
        match self.0 {
            Some((server, load)) => format!("server on CPU {server}, load on CPU {load}"),
            None => "server and load share the only CPU".into(),
        }
    }
}

fn pin(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).expect("the CPU was in our own affinity mask");
}

/// Raises the limit of open files as far as it goes, for this process and the
/// servers it starts, and returns it.
pub fn raise_descriptor_limit() -> u64 {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Processor, kernel and libc, in one line.
pub fn describe() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|info| Some(info.lines().find(|line| line.starts_with("model name"))?.to_owned()))
        .and_then(|line| Some(line.split_once(": ")?.1.to_owned()))
        .unwrap_or_else(|| std::env::consts::ARCH.into());
    let cpus = fs::read_to_string("/proc/cpuinfo")
        .map(|info| info.lines().filter(|line| line.starts_with("processor")).count())
        .unwrap_or(0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let libc = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    format!("{processor}, {cpus} CPUs, Linux {}, {libc}", kernel.trim())
}
