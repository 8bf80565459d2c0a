//! The command line. Each option is checked by the parser of its `IOPATCH_*` variable, and then sets that variable.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

use crate::voice::config::{self, Part, Parts, StatsFormat};

const AFTER_HELP: &str = "\
Every option sets the variable in brackets, which does the same with a bare LD_PRELOAD=libiopatch.so; an option wins
over a variable. A program named `list` is run by `iopatch -- list`.

Parts: socket, dns, time, select, thread, os, signal, sys (the names of gevent's monkey.patch_all()).

Exit status: the program's own, or
    2  an option or an IOPATCH_ variable that is unknown or malformed
  125  iopatch cannot be put into this program (setuid, setgid, capabilities, another architecture or libc),
       or its library was not found
  126  the program was found but cannot be executed
  127  the program was not found";

#[derive(Parser)]
#[command(
    name = "iopatch",
    version,
    about = "Runs a program with its threads as coroutines and its blocking calls as waits of a scheduler",
    override_usage = "iopatch [OPTIONS] [--] PROGRAM [ARGS]...\n       iopatch list [--json | --markdown]",
    after_help = AFTER_HELP,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
struct Line {
    #[command(subcommand)]
    subcommand: Option<Sub>,
    #[command(flatten)]
    options: Options,
    /// The program to run, and its arguments
    #[arg(value_name = "PROGRAM", trailing_var_arg = true, required = true)]
    program: Vec<OsString>,
}

#[derive(Subcommand)]
enum Sub {
    /// List every function of libc that iopatch knows, and what it does with it
    List(ListFormat),
}

#[derive(Args)]
pub struct ListFormat {
    /// As a JSON array of one object a function
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// As docs/COVERAGE.md
    #[arg(long)]
    pub markdown: bool,
}

#[derive(Args)]
pub struct Options {
    /// Run coroutines on N OS threads at once, 1 to 256 [IOPATCH_WORKERS; default: the CPUs allowed]
    #[arg(long, value_name = "N", value_parser = checked(config::parse_workers))]
    workers: Option<usize>,
    /// Give each coroutine a stack of SIZE bytes, or 64K, 8M, 1G [IOPATCH_STACK_SIZE; default: as native threads]
    #[arg(long, value_name = "SIZE", value_parser = checked(config::parse_stack_size))]
    stack_size: Option<usize>,
    /// Patch only these parts (socket,time), or all but these (no-dns,no-os) [IOPATCH_PATCH; default: all]
    #[arg(long, value_name = "LIST", value_parser = checked(config::parse_patch))]
    patch: Option<Parts>,
    /// Print counters to stderr at the end, as text or json [IOPATCH_STATS]
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text",
          value_parser = checked(config::parse_stats))]
    stats: Option<StatsFormat>,
    /// Say on stderr what iopatch decides for itself, a line each [IOPATCH_LOG=stderr]
    #[arg(long)]
    log: bool,
    /// Leave sockets and descriptors to libc
    #[arg(long)]
    no_socket: bool,
    /// Leave name look-up to libc
    #[arg(long)]
    no_dns: bool,
    /// Leave sleeping to libc
    #[arg(long)]
    no_time: bool,
    /// Leave select, poll and epoll to libc
    #[arg(long)]
    no_select: bool,
    /// Leave threads and locks to libc: no coroutines at all
    #[arg(long)]
    no_thread: bool,
    /// Leave fork and processes to libc
    #[arg(long)]
    no_os: bool,
    /// Leave signals to libc
    #[arg(long)]
    no_signal: bool,
    /// Leave files and stdio to libc
    #[arg(long)]
    no_sys: bool,
}

impl Options {
    /// The variables to set, for the options that were given.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        [
            (config::WORKERS, self.workers.map(|n| n.to_string())),
            (config::STACK_SIZE, self.stack_size.map(|bytes| bytes.to_string())),
            (config::PATCH, self.parts().map(|parts| parts.to_string())),
            (config::STATS, self.stats.map(|format| format.to_string())),
            (config::LOG, self.log.then(|| "stderr".to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// What `--patch` names, or all, without the `--no-` parts; `None` if neither was given.
    fn parts(&self) -> Option<Parts> {
        let left_out = [
            (self.no_socket, Part::Socket),
            (self.no_dns, Part::Dns),
            (self.no_time, Part::Time),
            (self.no_select, Part::Select),
            (self.no_thread, Part::Thread),
            (self.no_os, Part::Os),
            (self.no_signal, Part::Signal),
            (self.no_sys, Part::Sys),
        ];
        let mut left_out = left_out.into_iter().filter(|(given, _)| *given).peekable();
        if self.patch.is_none() && left_out.peek().is_none() {
            return None;
        }
        Some(left_out.fold(self.patch.unwrap_or(Parts::ALL), |parts, (_, part)| parts.without(part)))
    }
}

/// The parser of a variable as one of clap's, whose message reads `invalid value 'abc' for '--workers <N>': not ...`.
fn checked<T>(parse: fn(&str) -> Result<T, &'static str>) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| parse(text).map_err(|expected| format!("not {expected}"))
}

pub enum Command {
    List(ListFormat),
    Run { options: Options, program: Vec<OsString> },
}

/// Ends the process after `--help` and `--version`, and with status 2 after a mistake.
pub fn parse() -> Command {
    let Line { subcommand, options, program } = Line::parse();
    match subcommand {
        Some(Sub::List(format)) => Command::List(format),
        None => Command::Run { options, program },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::damage;
    use std::os::unix::ffi::OsStringExt;

    /// Whether the library accepts what an option has set.
    fn is_accepted(name: &str, value: &str) -> bool {
        match name {
            config::WORKERS => config::parse_workers(value).is_ok(),
            config::STACK_SIZE => config::parse_stack_size(value).is_ok(),
            config::PATCH => config::parse_patch(value).is_ok(),
            config::STATS => config::parse_stats(value).is_ok(),
            config::LOG => config::parse_log(value).is_ok(),
            _ => false,
        }
    }

    #[test]
    fn a_damaged_command_line_is_refused_or_sets_what_the_library_accepts() {
        let lines = [
            "--workers=4 true",
            "--workers 256 --stack-size 64K -- list --json",
            "--stack-size=8m --patch no-dns,no-os --stats=json --log true",
            "--no-signal --no-sys --stats python3 -c pass",
            "list --markdown",
        ];
        let lines = lines.map(|line| format!("iopatch {line}").into_bytes());
        damage::each(&lines, |line| {
            let args = line.split(|&byte| byte == b' ').map(|arg| OsString::from_vec(arg.to_vec()));
            if let Ok(Line { subcommand, options, program }) = Line::try_parse_from(args) {
                assert!(subcommand.is_some() || !program.is_empty());
                for (name, value) in options.variables() {
                    assert!(is_accepted(name, &value), "{name}={value}");
                }
            }
        });
    }
}
