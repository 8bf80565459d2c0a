//! `iopatch list`: the table, for people, for programs and for docs/COVERAGE.md.

use std::io::{self, BufWriter, Write};

use crate::options::ListFormat;
use crate::table::rows::{Family, ROWS, Row, Verdict};

pub fn print(format: ListFormat) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if format.json {
        json(&mut out)?;
    } else if format.markdown {
        markdown(&mut out)?;
    } else {
        text(&mut out)?;
    }
    out.flush()
}

/// Each name with its row; what no function is known by its number.
fn names() -> impl Iterator<Item = (&'static str, &'static Row)> {
    ROWS.iter().flat_map(|row| row.shown().iter().map(move |name| (*name, row)))
}

fn text(out: &mut impl Write) -> io::Result<()> {
    for (name, row) in names() {
        let (family, part, verdict) = (row.family.name(), row.part.name(), row.verdict.name());
        writeln!(out, "{name:<36} {verdict:<9} {family:<11} {part:<7} {}", row.remark)?;
    }
    Ok(())
}

/// No text of the table has a character that JSON would escape, save quotes; `{:?}` escapes these alike.
fn json(out: &mut impl Write) -> io::Result<()> {
    let mut before = "[\n";
    for (name, row) in names() {
        write!(
            out,
            r#"{before}  {{"name": {name:?}, "verdict": {:?}, "family": {:?}, "part": {:?}, "signature": {:?}, "remark": {:?}, "calls": {:?}}}"#,
            row.verdict.name(),
            row.family.name(),
            row.part.name(),
            tidy(row.signature),
            row.remark,
            row.calls,
        )?;
        before = ",\n";
    }
    writeln!(out, "\n]")
}

/// `stringify!` spaces as it likes: `(buf : * mut c_void) ->` and a line break.
fn tidy(signature: &str) -> String {
    let words: Vec<&str> = signature.split_whitespace().collect();
    words.join(" ").replace(" :", ":").replace("* ", "*")
}

fn markdown(out: &mut impl Write) -> io::Result<()> {
    let count = |verdict| names().filter(|(_, row)| row.verdict == verdict).count();
    write!(
        out,
        "\
<!-- Made by `make update` from preload/src/table/symbols.rs. -->
# Coverage

What iopatch does with each function of libc that it knows, by family:

- **parks** ({}): waits cooperatively. The coroutine parks, its worker runs others.
- **detaches** ({}): libc's own call, in a blocking region. The worker slot is handed to another OS thread.
- **tracks** ({}): never waits for long. It keeps iopatch's records right, or wakes those who wait.
- **absent** ({}): known and left to libc, for the reason given.
- **called** ({}): a system call that libc has no function for, or whose function answers otherwise, made by `syscall()`.

All of it is for coroutines, which is what `pthread_create` makes. In the main thread every call blocks as it always did.
",
        count(Verdict::Parks),
        count(Verdict::Detaches),
        count(Verdict::Tracks),
        count(Verdict::Absent),
        count(Verdict::Called),
    )?;
    for &family in Family::ALL {
        let mut rows = ROWS.iter().filter(|row| row.family == family).peekable();
        if let Some(first) = rows.peek() {
            write!(out, "\n## {}\n\n", capitalised(family.title()))?;
            match family.is_for_all() {
                true => {
                    write!(out, "These act whatever is left to libc, which does not know a coroutine's signals.\n\n")?
                }
                false => write!(out, "`--no-{}` leaves these to libc.\n\n", first.part.name())?,
            }
            write!(out, "| function | verdict | remark |\n| --- | --- | --- |\n")?;
        }
        for row in rows {
            let names: Vec<String> = row.names.iter().chain(row.calls).map(|name| format!("`{name}`")).collect();
            writeln!(out, "| {} | {} | {} |", names.join(", "), row.verdict.name(), row.remark)?;
        }
    }
    Ok(())
}

fn capitalised(title: &str) -> String {
    let (first, rest) = title.split_at(1);
    first.to_uppercase() + rest
}
