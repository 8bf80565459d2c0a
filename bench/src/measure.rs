//! `make bench`: native threads, iopatch and hand-written epoll, side by side,
//! in interleaved rounds.
//!
//! A contender that fails (a lost byte, a silence, a crash) fails its round: the
//! others go on, the failure is named on stderr, and the end status is 1.

use crate::echo::{Bench, Idle, Sample};
use crate::micro;
use crate::report::thousands;
use crate::server::Contender;
use crate::statistics::{median, ratio};
use std::path::Path;
use std::time::Duration;

/// The contenders of the echo, by their place in every list of them.
pub const NAMES: [&str; 3] = ["native threads", "iopatch", "epoll"];
pub const NATIVE: usize = 0;
pub const IOPATCH: usize = 1;
pub const EPOLL: usize = 2;

/// How much of everything.
pub struct Plan {
    pub connections: Vec<usize>,
    pub rounds: usize,
    pub warm_up: Duration,
    pub length: Duration,
    /// Connections under which system calls are counted, and how many echoes.
    pub counted: (usize, u64),
    pub idle: usize,
    pub micro_rounds: usize,
}

impl Plan {
    pub fn full() -> Self {
        Self {
            connections: vec![1, 10, 100, 1_000, 5_000, 10_000],
            rounds: 5,
            warm_up: Duration::from_millis(300),
            length: Duration::from_millis(1_500),
            counted: (100, 200_000),
            idle: 10_000,
            micro_rounds: 3,
        }
    }

    /// Enough to see that everything works; too short to quote.
    pub fn quick() -> Self {
        Self {
            connections: vec![1, 100, 1_000],
            rounds: 2,
            warm_up: Duration::from_millis(100),
            length: Duration::from_millis(400),
            counted: (100, 50_000),
            idle: 1_000,
            micro_rounds: 1,
        }
    }
}

/// All samples of one number of connections: by contender, then by round.
pub struct Group {
    pub connections: usize,
    pub samples: [Vec<Option<Sample>>; 3],
}

impl Group {
    pub fn median(&self, contender: usize, figure: fn(&Sample) -> f64) -> Option<f64> {
        median(self.samples[contender].iter().flatten().map(figure))
    }

    /// CPU per request of one contender over that of another.
    pub fn cpu_ratio(&self, upper: usize, lower: usize) -> Option<f64> {
        let cpu = |contender: usize| {
            let samples = self.samples[contender].iter();
            samples.map(|sample| Some(sample.as_ref()?.cpu))
        };
        ratio(cpu(upper), cpu(lower))
    }
}

/// What an operation cost, in nanoseconds.
pub struct Primitive {
    pub name: String,
    pub native: f64,
    pub iopatch: f64,
}

/// Everything that was measured; `None` is a failure, which has been named.
pub struct Results {
    pub groups: Vec<Group>,
    /// System calls per echo, by contender.
    pub calls: Vec<Option<f64>>,
    /// With the names of the contenders, which are others here.
    pub idle: Vec<(&'static str, Option<Idle>)>,
    pub primitives: Vec<Primitive>,
    pub failures: usize,
}

pub fn run(bench: &Bench, plan: &Plan, library: &Path) -> Results {
    let contenders = [
        Contender::native(NAMES[NATIVE], "echo_threads"),
        Contender::preloaded(NAMES[IOPATCH], "echo_threads", library),
        Contender::native(NAMES[EPOLL], "epoll_echo"),
    ];
    let mut failures = Failures(0);
    let mut groups = Vec::new();
    for &connections in &plan.connections {
        groups.push(group(bench, plan, &contenders, connections, &mut failures));
    }

    eprintln!("system calls");
    let mut calls = Vec::new();
    for contender in &contenders {
        let (connections, requests) = plan.counted;
        let counted = bench.system_calls(contender, connections, requests);
        calls.push(failures.note(counted).flatten());
    }

    eprintln!("memory of idle connections");
    let mut small = Contender::preloaded("iopatch, --stack-size 256K", "echo_threads", library);
    small.environment = vec![("IOPATCH_STACK_SIZE", "256K")];
    let mut idle = Vec::new();
    for contender in [&contenders[NATIVE], &contenders[IOPATCH], &small] {
        let measured = bench.idle(contender, plan.idle);
        idle.push((contender.name, failures.note(measured)));
    }

    eprintln!("primitives");
    let primitives = primitives(bench, plan, library, &mut failures);
    Results { groups, calls, idle, primitives, failures: failures.0 }
}

/// How many there have been.
struct Failures(usize);

impl Failures {
    /// Names a failure, and counts it.
    fn note<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result
            .inspect_err(|error| {
                eprintln!("FAILED: {error}");
                self.0 += 1;
            })
            .ok()
    }
}

fn group(
    bench: &Bench,
    plan: &Plan,
    contenders: &[Contender; 3],
    connections: usize,
    failures: &mut Failures,
) -> Group {
    let mut samples = [const { Vec::new() }; 3];
    for round in 1..=plan.rounds {
        eprintln!("{} connections, round {round}", thousands(connections as u64));
        for (contender, samples) in contenders.iter().zip(&mut samples) {
            let sample = bench.sample(contender, connections, plan.warm_up, plan.length);
            samples.push(failures.note(sample));
        }
    }
    Group { connections, samples }
}

/// The medians of rounds that are interleaved as well.
fn primitives(bench: &Bench, plan: &Plan, library: &Path, failures: &mut Failures) -> Vec<Primitive> {
    let native = Contender::native("native", "micro");
    let iopatch = Contender::preloaded("iopatch", "micro", library);
    let mut rounds = Vec::new();
    for _ in 0..plan.micro_rounds {
        let native = micro::run(&native, bench.programs, bench.cores);
        let iopatch = micro::run(&iopatch, bench.programs, bench.cores);
        rounds.extend(failures.note(native).zip(failures.note(iopatch)));
    }
    let Some((first, _)) = rounds.first() else {
        return Vec::new();
    };
    let lines = first.iter().enumerate();
    lines
        .filter_map(|(line, (name, _))| {
            Some(Primitive {
                name: name.clone(),
                native: median(rounds.iter().map(|(native, _)| native[line].1))?,
                iopatch: median(rounds.iter().map(|(_, iopatch)| iopatch[line].1))?,
            })
        })
        .collect()
}
