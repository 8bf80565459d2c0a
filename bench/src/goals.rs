//! What the project promises of its speed, beside what was measured.

use crate::measure::{EPOLL, IOPATCH, NATIVE, Results};
use crate::report::{Table, thousands};

pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

pub struct Goal {
    pub what: String,
    pub bound: Bound,
    /// `None` where this run did not measure it.
    pub figure: Option<f64>,
}

impl Goal {
    fn row(&self) -> Vec<String> {
        let (goal, reached) = match self.bound {
            Bound::AtMost(most) => (format!("at most {most}"), self.figure.map(|figure| figure <= most)),
            Bound::AtLeast(least) => (format!("at least {least}"), self.figure.map(|figure| figure >= least)),
        };
        let verdict = match reached {
            Some(true) => "reached",
            Some(false) => "missed",
            None => "not measured",
        };
        let figure = self.figure.map_or("-".into(), |figure| format!("{figure:.2}"));
        vec![self.what.clone(), goal, figure, verdict.into()]
    }
}

/// The goals and what `results` has for them.
pub fn of(results: &Results) -> Vec<Goal> {
    let at = |connections| results.groups.iter().find(|group| group.connections == connections);
    let mut goals = Vec::new();
    for (connections, most) in [(100, 1.08), (1_000, 1.15), (10_000, 1.15)] {
        goals.push(Goal {
            what: format!("CPU per echo, iopatch / epoll, {} connections", thousands(connections)),
            bound: Bound::AtMost(most),
            figure: at(connections as usize).and_then(|group| group.cpu_ratio(IOPATCH, EPOLL)),
        });
    }
    for (connections, least) in [(100, 1.6), (1_000, 1.8), (10_000, 1.8)] {
        goals.push(Goal {
            what: format!("CPU per echo, native / iopatch, {} connections", thousands(connections)),
            bound: Bound::AtLeast(least),
            figure: at(connections as usize).and_then(|group| group.cpu_ratio(NATIVE, IOPATCH)),
        });
    }
    goals.push(Goal {
        what: "system calls per echo".into(),
        bound: Bound::AtMost(2.2),
        figure: results.calls[IOPATCH],
    });
    for (which, stack, most) in [(1, "8 MiB", 13.0), (2, "256 KiB", 9.2)] {
        goals.push(Goal {
            what: format!("KiB per idle connection, stacks of {stack}"),
            bound: Bound::AtMost(most),
            figure: results.idle[which].1.as_ref().map(|idle| idle.total() / 1024.0),
        });
    }
    let cost = |start: &str| {
        let mut primitives = results.primitives.iter();
        primitives.find(|primitive| primitive.name.starts_with(start))
    };
    goals.push(Goal {
        what: "thread create + join, native / iopatch".into(),
        bound: Bound::AtLeast(4.0),
        figure: cost("thread create").map(|cost| cost.native / cost.iopatch),
    });
    goals.push(Goal {
        what: "uncontended mutex, iopatch / native (noise: 5 %)".into(),
        bound: Bound::AtMost(1.05),
        figure: cost("mutex").map(|cost| cost.iopatch / cost.native),
    });
    goals
}

pub fn table(goals: &[Goal]) -> Table {
    Table { header: vec!["goal", "bound", "measured", "verdict"], rows: goals.iter().map(Goal::row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_reached_missed_or_not_measured() {
        let verdict = |bound, figure| Goal { what: String::new(), bound, figure }.row().remove(3);
        assert_eq!(verdict(Bound::AtMost(1.08), Some(1.08)), "reached");
        assert_eq!(verdict(Bound::AtMost(1.08), Some(1.09)), "missed");
        assert_eq!(verdict(Bound::AtLeast(1.6), Some(2.0)), "reached");
        assert_eq!(verdict(Bound::AtLeast(1.6), Some(1.5)), "missed");
        assert_eq!(verdict(Bound::AtLeast(1.6), None), "not measured");
    }
}
