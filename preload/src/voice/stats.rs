//! The block that `--stats` prints when the program ends: one write(2), so that it can't be torn by the program's own
//! output, and no allocation, since the program may be exiting from anywhere.

use core::fmt::{self, Write};

use super::config::StatsFormat;
use super::say::Text;

/// What was counted, since the process began or was forked.
pub struct Counters<'a> {
    /// Coroutines made, and how many lived at once at most.
    pub coroutines: u64,
    pub peak: u64,
    /// Resumptions of a coroutine.
    pub switches: u64,
    /// How often a coroutine parked, by the family of the call.
    pub parks: &'a [(&'a str, u64)],
    /// How often a worker slot was taken from a blocked or busy OS thread.
    pub handoffs: u64,
    pub workers: u64,
    /// OS threads made for the workers.
    pub os_threads: u64,
}

impl Counters<'_> {
    fn totals(&self) -> [(&'static str, u64); 6] {
        [
            ("coroutines", self.coroutines),
            ("peak", self.peak),
            ("switches", self.switches),
            ("handoffs", self.handoffs),
            ("workers", self.workers),
            ("os_threads", self.os_threads),
        ]
    }

    /// Formats the block and hands it to `write`, whole.
    pub fn report(&self, format: StatsFormat, write: impl FnOnce(&[u8])) {
        let mut block = Block::new();
        // A block that outgrew its buffer is cut there, which is better than none.
        let _cut = match format {
            StatsFormat::Text => self.text(&mut block),
            StatsFormat::Json => self.json(&mut block),
        };
        write(block.as_bytes());
    }

    /// One line for each counter, and one for each family that parked at all.
    fn text(&self, out: &mut Block) -> fmt::Result {
        for (name, n) in self.totals() {
            writeln!(out, "iopatch: {name:<17} {n:>12}")?;
        }
        for (family, n) in self.parks.iter().filter(|(_, n)| *n != 0) {
            writeln!(out, "iopatch: parks {family:<11} {n:>12}")?;
        }
        Ok(())
    }

    /// One object on one line. The names need no escapes: they are identifiers.
    fn json(&self, out: &mut Block) -> fmt::Result {
        out.write_str("{")?;
        for (name, n) in self.totals() {
            write!(out, r#""{name}":{n},"#)?;
        }
        out.write_str(r#""parks":{"#)?;
        for (i, (family, n)) in self.parks.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(out, r#"{comma}"{family}":{n}"#)?;
        }
        out.write_str("}}\n")
    }
}

/// Twice what all families need with the longest names and numbers.
pub const SIZE: usize = 4096;
type Block = Text<SIZE>;

#[cfg(test)]
mod tests {
    use super::*;

    fn report(parks: &[(&str, u64)], format: StatsFormat) -> String {
        let counters =
            Counters { coroutines: 10, peak: 4, switches: 99, parks, handoffs: 1, workers: 2, os_threads: 3 };
        let mut text = String::new();
        counters.report(format, |bytes| text.push_str(str::from_utf8(bytes).unwrap()));
        text
    }

    #[test]
    fn text_has_a_line_for_each_counter_and_each_family_that_parked() {
        let expected = "\
iopatch: coroutines                  10
iopatch: peak                         4
iopatch: switches                    99
iopatch: handoffs                     1
iopatch: workers                      2
iopatch: os_threads                   3
iopatch: parks socket                 7
";
        assert_eq!(report(&[("socket", 7), ("rw", 0)], StatsFormat::Text), expected);
    }

    #[test]
    fn json_is_one_object_on_one_line_with_all_families() {
        let expected = "{\"coroutines\":10,\"peak\":4,\"switches\":99,\"handoffs\":1,\"workers\":2,\"os_threads\":3,\
                        \"parks\":{\"socket\":7,\"rw\":0}}\n";
        assert_eq!(report(&[("socket", 7), ("rw", 0)], StatsFormat::Json), expected);
        assert!(report(&[], StatsFormat::Json).ends_with("\"parks\":{}}\n"));
    }
}
