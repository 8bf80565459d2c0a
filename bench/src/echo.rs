//! One measurement of one echo server: rate, latency and CPU under load, system
//! calls per echo, memory per idle connection.

use crate::load::{Load, Tally, Until};
use crate::machine::Cores;
use crate::server::{Contender, Footprint, Server};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Where the programs are and which core runs what.
pub struct Bench<'a> {
    pub programs: &'a Path,
    pub cores: &'a Cores,
}

/// One run under load.
pub struct Sample {
    pub tally: Tally,
    /// Microseconds of the server's CPU per request.
    pub cpu: f64,
    pub footprint: Footprint,
}

/// What idle connections take, each, in bytes, and the OS threads of them all.
pub struct Idle {
    pub resident: f64,
    pub page_tables: f64,
    pub kernel_stacks: f64,
    pub threads: u64,
}

impl Idle {
    pub fn total(&self) -> f64 {
        self.resident + self.page_tables + self.kernel_stacks
    }
}

impl Bench<'_> {
    /// Starts `contender` and hands it to `measure` with `connections` open. An
    /// error names the contender, and how the server ended if it has.
    fn with<T>(
        &self,
        contender: &Contender,
        connections: usize,
        measure: impl FnOnce(&Server, &mut Load) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut server = Server::start(contender, self.programs, self.cores)?;
        Load::connect(server.port, connections)
            .and_then(|mut load| measure(&server, &mut load))
            .map_err(|error| server.explain(error))
            .map_err(|error| format!("{}, {connections} connections: {error}", contender.name))
    }

    pub fn sample(
        &self,
        contender: &Contender,
        connections: usize,
        warm_up: Duration,
        length: Duration,
    ) -> Result<Sample, String> {
        self.with(contender, connections, |server, load| {
            load.run(Until::Elapsed(warm_up)).checked()?;
            let before = server.cpu_time();
            let tally = load.run(Until::Elapsed(length)).checked()?;
            let used = server.cpu_time() - before;
            let cpu = used.as_secs_f64() * 1e6 / tally.requests as f64;
            Ok(Sample { tally, cpu, footprint: server.footprint()? })
        })
    }

    /// System calls of the server per echo, counted by `perf` in the kernel;
    /// `None`, and a line on stderr, where `perf` can't run.
    pub fn system_calls(
        &self,
        contender: &Contender,
        connections: usize,
        requests: u64,
    ) -> Result<Option<f64>, String> {
        self.with(contender, connections, |server, load| {
            load.run(Until::Requests(requests / 10)).checked()?;
            let mut counted = 0;
            let calls = count_system_calls(server.pid(), || {
                counted = load.run(Until::Requests(requests)).checked()?.requests;
                Ok(())
            })?;
            Ok(calls
                .inspect_err(|reason| eprintln!("system calls not measured: perf: {reason}"))
                .map(|calls| calls / counted as f64)
                .ok())
        })
    }

    /// Each of `connections` echoes once and then waits.
    pub fn idle(&self, contender: &Contender, connections: usize) -> Result<Idle, String> {
        let settle = Duration::from_millis(300);
        let empty = self.with(contender, 0, |server, _| {
            sleep(settle);
            server.footprint()
        })?;
        self.with(contender, connections, |server, _| {
            sleep(settle);
            let full = server.footprint()?;
            let each = |full: u64, empty: u64| (full as f64 - empty as f64) / connections as f64;
            Ok(Idle {
                resident: each(full.resident, empty.resident),
                page_tables: each(full.page_tables, empty.page_tables),
                kernel_stacks: each(full.kernel_stacks(), empty.kernel_stacks()),
                threads: full.threads,
            })
        })
    }
}

/// The system calls that process `pid` makes during `work`. The inner error is
/// `perf`'s, the outer one that of `work`.
fn count_system_calls(pid: u32, work: impl FnOnce() -> Result<(), String>) -> Result<Result<f64, String>, String> {
    let perf = Command::new("perf")
        .args(["stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", &pid.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let perf = match perf {
        Ok(perf) => perf,
        Err(error) => return Ok(Err(error.to_string())),
    };
    // perf says nowhere when it has begun; it takes some 50 ms.
    sleep(Duration::from_millis(500));
    let done = work();
    let _ = kill_process(Pid::from_child(&perf), Signal::INT);
    let output = perf.wait_with_output();
    done?;
    Ok(output.map_err(|error| error.to_string()).and_then(|output| {
        let printed = String::from_utf8_lossy(&output.stderr);
        printed
            .lines()
            .find(|line| line.contains("raw_syscalls:sys_enter"))
            .and_then(|line| line.split(',').next()?.parse().ok())
            .ok_or_else(|| printed.trim().to_owned())
    }))
}
