//! A contender: a server as a child process, what it uses, and its end.

use crate::machine::Cores;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, set_parent_process_death_signal};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Linux gives a thread 16 KiB of kernel stack on x86-64 and on arm64, and
/// counts it in no process's RSS.
const KERNEL_STACK: u64 = 16 << 10;

/// A program and how it is run.
#[derive(Clone)]
pub struct Contender {
    pub name: &'static str,
    pub program: &'static str,
    pub preload: Option<PathBuf>,
    pub environment: Vec<(&'static str, &'static str)>,
}

impl Contender {
    pub fn native(name: &'static str, program: &'static str) -> Self {
        Self { name, program, preload: None, environment: Vec::new() }
    }

    pub fn preloaded(name: &'static str, program: &'static str, library: &Path) -> Self {
        Self { preload: Some(library.to_owned()), ..Self::native(name, program) }
    }

    /// The command, ready for arguments. Nothing of `LD_PRELOAD` or `IOPATCH_*`
    /// is inherited from whoever started the measurement, and nothing that runs
    /// it survives us, however we end.
    pub fn command(&self, programs: &Path) -> Command {
        let mut command = Command::new(programs.join(self.program));
        for (name, _) in std::env::vars_os() {
            if name == "LD_PRELOAD" || name.as_encoded_bytes().starts_with(b"IOPATCH_") {
                command.env_remove(name);
            }
        }
        if let Some(library) = &self.preload {
            command.env("LD_PRELOAD", library);
        }
        command.envs(self.environment.iter().copied());
        // SAFETY: between fork and exec only a system call is made, directly: no
        // memory is allocated and no lock taken.
        unsafe {
            command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
        }
        command
    }
}

/// What a process takes, in bytes, and its OS threads.
#[derive(Clone, Copy)]
pub struct Footprint {
    pub resident: u64,
    pub page_tables: u64,
    pub threads: u64,
}

impl Footprint {
    pub fn kernel_stacks(&self) -> u64 {
        self.threads * KERNEL_STACK
    }
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    /// Held, so that the server may go on printing.
    _stdout: BufReader<ChildStdout>,
    pub port: u16,
}

impl Server {
    /// Starts it on the server's core, with port 0, and reads from its first
    /// line which port it got.
    pub fn start(contender: &Contender, programs: &Path, cores: &Cores) -> Result<Self, String> {
        let mut command = contender.command(programs);
        command.arg("0").stdin(Stdio::null()).stdout(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = cores.on_server_core(|| command.spawn()).map_err(|error| format!("{program}: {error}"))?;
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let port = first_line(&mut stdout).and_then(|line| line.trim_end().rsplit(':').next()?.parse().ok());
        match port {
            Some(port) => Ok(Self { child, _stdout: stdout, port }),
            None => {
                let _ = child.kill();
                let ended = child.wait().map_err(|error| error.to_string())?;
                Err(format!("{program} printed no port within 5 s ({ended})"))
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The CPU time of all its threads so far, living and dead, to the
    /// nanosecond.
    pub fn cpu_time(&self) -> Duration {
        let mut clock = 0;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: both write only to the variables given, which outlive the calls.
        let known = unsafe {
            libc::clock_getcpuclockid(self.child.id() as libc::pid_t, &mut clock) == 0
                && libc::clock_gettime(clock, &mut time) == 0
        };
        // The process is our child and not reaped, so its clock exists.
        assert!(known, "no CPU clock of process {}", self.child.id());
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }

    pub fn footprint(&self) -> Result<Footprint, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
                .ok_or_else(|| format!("{path}: no {name} (has the server ended?)"))
        };
        Ok(Footprint {
            resident: field("VmRSS:")? << 10,
            page_tables: field("VmPTE:")? << 10,
            threads: field("Threads:")?,
        })
    }

    /// `error`, and how the server ended if it has.
    pub fn explain(&mut self, error: String) -> String {
        match self.child.try_wait() {
            Ok(Some(ended)) => format!("{error}; the server ended: {ended}"),
            _ => error,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `None` where nothing comes for five seconds.
fn first_line(stdout: &mut BufReader<ChildStdout>) -> Option<String> {
    let patience = Timespec { tv_sec: 5, tv_nsec: 0 };
    let mut line = String::new();
    let ready = poll(&mut [PollFd::new(stdout.get_ref(), PollFlags::IN)], Some(&patience));
    (ready == Ok(1) && stdout.read_line(&mut line).ok()? > 0).then_some(line)
}
