//! `make demo`: the same program under the same load, first as it is, then
//! under iopatch, and what a person wants to know about it.

use crate::echo::{Bench, Sample};
use crate::report::{Table, thousands};
use crate::server::Contender;
use std::path::Path;
use std::time::Duration;

const PROGRAM: &str = "echo_threads";
const CONNECTIONS: usize = 2_000;
const WARM_UP: Duration = Duration::from_millis(500);
const LENGTH: Duration = Duration::from_secs(4);

pub fn run(bench: &Bench, library: &Path) -> Result<(), String> {
    println!(
        "{PROGRAM}: a plain C server with one thread per connection.\n\
         {} clients at once, each sends 64 bytes, checks what comes back, and sends again, for {} s\n\
         ({}).\n",
        thousands(CONNECTIONS as u64),
        LENGTH.as_secs(),
        bench.cores.describe(),
    );
    let measure = |contender: Contender| bench.sample(&contender, CONNECTIONS, WARM_UP, LENGTH);
    let native = measure(Contender::native("native", PROGRAM))?;
    let patched = measure(Contender::preloaded("iopatch", PROGRAM, library))?;
    print!("{}", table(&native, &patched).to_text());
    if patched.footprint.threads > CONNECTIONS as u64 {
        return Err("iopatch: each connection still has an OS thread; \
                    the library did not take over"
            .into());
    }
    println!("\nThe same binary both times; the second had LD_PRELOAD=libiopatch.so.");
    Ok(())
}

fn table(native: &Sample, patched: &Sample) -> Table {
    let row = |what: &str, show: &dyn Fn(&Sample) -> String, gain: String| {
        vec![what.to_owned(), show(native), show(patched), gain]
    };
    let threads = |sample: &Sample| sample.footprint.threads as f64;
    let memory = |sample: &Sample| {
        let bytes = sample.footprint.resident + sample.footprint.kernel_stacks();
        bytes as f64 / f64::from(1 << 20)
    };
    let p99 = |sample: &Sample| sample.tally.latencies.quantile(0.99).as_secs_f64() * 1e3;
    Table {
        header: vec!["", "native", "under iopatch", ""],
        rows: vec![
            row(
                "OS threads",
                &|sample| thousands(sample.footprint.threads),
                times(threads(native), threads(patched), "fewer", "more"),
            ),
            row(
                "memory (RSS and kernel stacks)",
                &|sample| format!("{:.1} MiB", memory(sample)),
                times(memory(native), memory(patched), "less", "more"),
            ),
            row(
                "requests per second",
                &|sample| thousands(sample.tally.rate() as u64),
                times(native.tally.rate(), patched.tally.rate(), "fewer", "more"),
            ),
            row(
                "CPU per request",
                &|sample| format!("{:.1} us", sample.cpu),
                times(native.cpu, patched.cpu, "less", "more"),
            ),
            row(
                "p99 latency",
                &|sample| format!("{:.1} ms", p99(sample)),
                times(p99(native), p99(patched), "less", "more"),
            ),
            row("bytes checked", &|sample| thousands(sample.tally.bytes), String::new()),
            row("errors", &|sample| thousands(sample.tally.errors()), String::new()),
        ],
    }
}

/// How many times smaller or larger `now` is than `before`.
fn times(before: f64, now: f64, smaller: &str, larger: &str) -> String {
    if now < before { format!("{:.1}x {smaller}", before / now) } else { format!("{:.1}x {larger}", now / before) }
}
