//! The sections of the report, from the results.

use crate::echo::{Idle, Sample};
use crate::goals;
use crate::measure::{EPOLL, Group, IOPATCH, NAMES, NATIVE, Plan, Primitive, Results};
use crate::report::{Section, Table, thousands};

pub fn of(plan: &Plan, results: &Results) -> Vec<Section> {
    vec![
        Section {
            title: "Goals".into(),
            prose: "What the project promises, and what this run measured.".into(),
            table: goals::table(&goals::of(results)),
        },
        cpu(&results.groups),
        rate(&results.groups),
        calls(plan, &results.calls),
        idle(plan, &results.idle),
        primitives(&results.primitives),
    ]
}

fn cell(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or("failed".into(), |figure| format!("{figure:.decimals$}"))
}

fn cpu(groups: &[Group]) -> Section {
    let row = |group: &Group| {
        let cpu = |contender| cell(group.median(contender, |sample| sample.cpu), 2);
        vec![
            thousands(group.connections as u64),
            cpu(NATIVE),
            cpu(IOPATCH),
            cpu(EPOLL),
            cell(group.cpu_ratio(IOPATCH, EPOLL), 2),
            cell(group.cpu_ratio(NATIVE, IOPATCH), 2),
        ]
    };
    Section {
        title: "CPU per echo".into(),
        prose: "Microseconds of the server's CPU, all threads, user and system. This is the steady \
                figure: rates stop where the load generator does."
            .into(),
        table: Table {
            header: vec!["connections", "native threads", "iopatch", "epoll", "iopatch / epoll", "native / iopatch"],
            rows: groups.iter().map(row).collect(),
        },
    }
}

fn rate(groups: &[Group]) -> Section {
    let row = |group: &Group, contender: usize| {
        let milliseconds = |figure: fn(&Sample) -> f64| cell(group.median(contender, figure), 2);
        let longest = group.samples[contender]
            .iter()
            .flatten()
            .map(|sample| sample.tally.latencies.longest().as_secs_f64() * 1e3)
            .reduce(f64::max);
        let count = |figure: Option<f64>| figure.map_or("failed".into(), |n| thousands(n as u64));
        vec![
            thousands(group.connections as u64),
            NAMES[contender].to_owned(),
            count(group.median(contender, |sample| sample.tally.rate())),
            milliseconds(|sample| sample.tally.latencies.quantile(0.5).as_secs_f64() * 1e3),
            milliseconds(|sample| sample.tally.latencies.quantile(0.99).as_secs_f64() * 1e3),
            cell(longest, 1),
            count(group.median(contender, |sample| sample.footprint.threads as f64)),
        ]
    };
    Section {
        title: "Rate and latency".into(),
        prose: "Echoes per second, and the milliseconds that a client waited for one: median, 99th \
                percentile (medians of the rounds), and the longest of all."
            .into(),
        table: Table {
            header: vec!["connections", "server", "echoes/s", "p50", "p99", "longest", "OS threads"],
            rows: groups
                .iter()
                .flat_map(|group| [NATIVE, IOPATCH, EPOLL].map(|contender| row(group, contender)))
                .collect(),
        },
    }
}

fn calls(plan: &Plan, calls: &[Option<f64>]) -> Section {
    let row = |(name, calls): (&&str, &Option<f64>)| {
        let calls = calls.map_or("not measured".into(), |calls| format!("{calls:.3}"));
        vec![(*name).to_owned(), calls]
    };
    Section {
        title: "System calls per echo".into(),
        prose: format!(
            "Of the server alone, {} connections, counted by perf over {} echoes.",
            plan.counted.0,
            thousands(plan.counted.1)
        ),
        table: Table { header: vec!["server", "system calls"], rows: NAMES.iter().zip(calls).map(row).collect() },
    }
}

fn idle(plan: &Plan, idle: &[(&str, Option<Idle>)]) -> Section {
    let row = |(name, idle): &(&str, Option<Idle>)| {
        let kibibytes = |part: fn(&Idle) -> f64| cell(idle.as_ref().map(|idle| part(idle) / 1024.0), 2);
        vec![
            (*name).to_owned(),
            kibibytes(|idle| idle.resident),
            kibibytes(|idle| idle.page_tables),
            kibibytes(|idle| idle.kernel_stacks),
            kibibytes(Idle::total),
            idle.as_ref().map_or("failed".into(), |idle| thousands(idle.threads)),
        ]
    };
    Section {
        title: "Memory per idle connection".into(),
        prose: format!(
            "KiB, with {} connections that have echoed once and wait, less what the server takes \
             without any. A kernel stack is 16 KiB. Sockets, and the kernel's other structures of a \
             thread (about 7 KiB), are not counted.",
            thousands(plan.idle as u64)
        ),
        table: Table {
            header: vec!["server", "RSS", "page tables", "kernel stacks", "total", "OS threads"],
            rows: idle.iter().map(row).collect(),
        },
    }
}

fn primitives(primitives: &[Primitive]) -> Section {
    let row = |primitive: &Primitive| {
        vec![
            primitive.name.clone(),
            format!("{:.1}", primitive.native),
            format!("{:.1}", primitive.iopatch),
            format!("{:.2}", primitive.native / primitive.iopatch),
        ]
    };
    Section {
        title: "Primitives".into(),
        prose: "Nanoseconds, on one core; the program is bench/c/micro.c.".into(),
        table: Table {
            header: vec!["operation", "native", "iopatch", "native / iopatch"],
            rows: primitives.iter().map(row).collect(),
        },
    }
}
