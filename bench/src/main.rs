//! `iopatch-bench`: the load generator, the measurements and the demo.
//!
//! ```text
//! load        the generator: a closed loop, every byte checked   (connection)
//! latency     its histogram
//! server      a contender as a child process: CPU time, memory, end
//! machine     cores and limits
//! echo        one measurement of one contender
//! micro       the primitives, by c/micro.c
//! measure     everything, in interleaved rounds   (statistics)
//! sections    the report of it   (goals, report)
//! demo        native and iopatch side by side, for people
//! ```

mod connection;
mod demo;
mod echo;
mod goals;
mod latency;
mod load;
mod machine;
mod measure;
mod micro;
mod report;
mod sections;
mod server;
mod statistics;

use echo::Bench;
use load::{Load, Until};
use machine::Cores;
use measure::Plan;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

const USAGE: &str = "\
usage: iopatch-bench demo [options]              native and iopatch side by side
       iopatch-bench measure [options]           the benchmarks
       iopatch-bench load PORT CONNECTIONS SECONDS   load on a running echo server

  --lib FILE          the library (or IOPATCH_LIB; default target/release/libiopatch.so)
  --programs DIR      the built C programs (default target/demo)
measure only:
  --quick             a short run, to see that all works
  --rounds N          interleaved rounds (default 5)
  --seconds S         length of each run (default 1.5)
  --connections LIST  default 1,10,100,1000,5000,10000
  --markdown FILE     write the report there as well
";

/// Descriptors a server and the load need besides those of the connections.
const OWN_DESCRIPTORS: u64 = 64;

struct Options {
    library: PathBuf,
    programs: PathBuf,
    markdown: Option<PathBuf>,
    plan: Plan,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["demo", options @ ..] => parse(options).and_then(|options| run_demo(&options)),
        ["measure", options @ ..] => parse(options).and_then(|options| run_measure(&options)),
        ["load", port, connections, seconds] => run_load(port, connections, seconds),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("iopatch-bench: FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number<T: FromStr>(what: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{what}: not a number: {text}"))
}

fn parse(arguments: &[&str]) -> Result<Options, String> {
    let library = std::env::var_os("IOPATCH_LIB").map_or_else(|| "target/release/libiopatch.so".into(), PathBuf::from);
    let plan = if arguments.contains(&"--quick") { Plan::quick() } else { Plan::full() };
    let mut options = Options { library, programs: "target/demo".into(), markdown: None, plan };
    let mut rest = arguments.iter();
    while let Some(&option) = rest.next() {
        if option == "--quick" {
            continue;
        }
        let value = rest.next().ok_or_else(|| format!("{option}: unknown, or without a value"))?;
        match option {
            "--lib" => options.library = value.into(),
            "--programs" => options.programs = value.into(),
            "--markdown" => options.markdown = Some(value.into()),
            "--rounds" => options.plan.rounds = number(option, value)?,
            "--seconds" => {
                let seconds = number(option, value)?;
                options.plan.length =
                    Duration::try_from_secs_f64(seconds).map_err(|error| format!("{option}: {error}"))?;
            }
            "--connections" => {
                options.plan.connections = value.split(',').map(|one| number(option, one)).collect::<Result<_, _>>()?;
            }
            _ => return Err(format!("{option}: unknown option")),
        }
    }
    // ld.so only warns of a library that it can't find, and runs the program without.
    options.library = options
        .library
        .canonicalize()
        .map_err(|error| format!("{}: {error} (build it, or name it with --lib)", options.library.display()))?;
    Ok(options)
}

fn run_demo(options: &Options) -> Result<(), String> {
    machine::raise_descriptor_limit();
    let cores = Cores::claim();
    demo::run(&Bench { programs: &options.programs, cores: &cores }, &options.library)
}

fn run_measure(options: &Options) -> Result<(), String> {
    let descriptors = machine::raise_descriptor_limit();
    let most = options.plan.connections.iter().copied().chain([options.plan.idle]).max();
    let needed = most.unwrap_or(0) as u64 + OWN_DESCRIPTORS;
    if descriptors < needed {
        return Err(format!(
            "{needed} descriptors are needed and {descriptors} allowed: raise the hard limit \
             (ulimit -Hn), or take fewer --connections or --quick"
        ));
    }
    let cores = Cores::claim();
    let bench = Bench { programs: &options.programs, cores: &cores };
    let results = measure::run(&bench, &options.plan, &options.library);
    let sections = sections::of(&options.plan, &results);
    let machine = format!("{}; {}", machine::describe(), cores.describe());
    println!("{machine}\n\n{}", report::to_text(&sections));
    if let Some(file) = &options.markdown {
        let text = report::to_markdown(&introduction(&machine, &options.plan), &sections);
        std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    match results.failures {
        0 => Ok(()),
        failures => Err(format!("{failures} failures, named above")),
    }
}

fn introduction(machine: &str, plan: &Plan) -> String {
    format!(
        "# Benchmarks\n\n\
         Written by `make bench`, which repeats all of it.\n\n\
         - **Machine**: {machine}.\n\
         - **Contenders**: `demo-c/echo_threads.c`, a thread per connection, run natively and run \
         under iopatch (the same binary), and `bench/c/epoll_echo.c`, a hand-written \
         edge-triggered epoll server of one thread.\n\
         - **Load**: each connection sends 64 bytes over the loopback, checks every byte of the \
         echo, and sends the next. A run in which a byte is wrong or missing is a failure and no \
         figure.\n\
         - **Method**: {} interleaved rounds (native, iopatch, epoll, native, ...) of {} s, a new \
         process for each; medians over the rounds; a ratio is the median of the ratios within a \
         round. The server is idle when its CPU clock is read, before and after.\n",
        plan.rounds,
        plan.length.as_secs_f64()
    )
}

fn run_load(port: &str, connections: &str, seconds: &str) -> Result<(), String> {
    let length =
        Duration::try_from_secs_f64(number("SECONDS", seconds)?).map_err(|error| format!("SECONDS: {error}"))?;
    machine::raise_descriptor_limit();
    let mut load = Load::connect(number("PORT", port)?, number("CONNECTIONS", connections)?)?;
    let tally = load.run(Until::Elapsed(length)).checked()?;
    println!(
        "{} requests, {:.0} a second, p50 {:.2?}, p99 {:.2?}, longest {:.2?}, {} bytes right",
        tally.requests,
        tally.rate(),
        tally.latencies.quantile(0.5),
        tally.latencies.quantile(0.99),
        tally.latencies.longest(),
        tally.bytes,
    );
    Ok(())
}
