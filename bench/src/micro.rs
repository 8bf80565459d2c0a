//! The micro-benchmarks of `c/micro.c`, bare and preloaded in turn.

use crate::machine::Cores;
use crate::server::Contender;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The name of an operation and the nanoseconds that it took.
pub type Costs = Vec<(String, f64)>;

/// Longer than this, and the program is taken to hang. It runs for about 3 s.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs it once on the server's core.
pub fn run(contender: &Contender, programs: &Path, cores: &Cores) -> Result<Costs, String> {
    let name = contender.name;
    let mut command: Command = contender.command(programs);
    let mut child = cores
        .on_server_core(|| command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn())
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let deadline = Instant::now() + PATIENCE;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{name}, micro: not done in {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().map_err(|error| format!("{name}, micro: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name}, micro: ended with {}", output.status));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            let (name, cost) = line.split_once('\t')?;
            Some((name.to_owned(), cost.parse().ok()?))
        })
        .collect::<Option<Costs>>()
        .ok_or_else(|| format!("{name}, micro: lines without a figure"))
}
