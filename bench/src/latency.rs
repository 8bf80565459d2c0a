//! Latencies in buckets: 64 to each doubling, so a quantile is right within
//! 1.6 %, and recording costs a shift and an increment however many there are.

use std::time::Duration;

const STEPS: u64 = 64;
const BUCKETS: usize = 64 * 59;

/// A distribution of durations, kept in nanoseconds.
pub struct Latencies {
    counts: Vec<u64>,
    total: u64,
    longest: u64,
}

impl Latencies {
    pub fn new() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, longest: 0 }
    }

    pub fn record(&mut self, latency: Duration) {
        let ns = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket_of(ns)] += 1;
        self.total += 1;
        self.longest = self.longest.max(ns);
    }

    /// The duration that `share` (0.0 to 1.0) of all did not exceed; zero where
    /// nothing was recorded.
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(highest_in(bucket).min(self.longest));
            }
        }
        Duration::ZERO
    }

    pub fn longest(&self) -> Duration {
        Duration::from_nanos(self.longest)
    }
}

/// Below `2 * STEPS` a bucket is one nanosecond; from there on, the leading
/// seven bits choose the step and the rest is dropped.
fn bucket_of(ns: u64) -> usize {
    let shift = u64::from((ns / STEPS).checked_ilog2().unwrap_or(0));
    (shift * STEPS + (ns >> shift)) as usize
}

fn highest_in(bucket: usize) -> u64 {
    let shift = (bucket as u64 / STEPS).saturating_sub(1);
    let step = bucket as u64 - shift * STEPS;
    (step << shift) + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_in_its_bucket_within_one_step() {
        for ns in (0..5_000).chain((13..63).map(|bit| (1 << bit) + 12_345)).chain([u64::MAX]) {
            let highest = highest_in(bucket_of(ns));
            assert!(highest >= ns && highest - ns <= ns / STEPS, "{ns} ns, bucket to {highest}");
        }
    }

    #[test]
    fn quantiles_of_a_thousand_milliseconds() {
        let mut latencies = Latencies::new();
        for ms in 1..=1_000 {
            latencies.record(Duration::from_millis(ms));
        }
        for (share, ms) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1_000.0)] {
            let found = latencies.quantile(share).as_secs_f64() * 1e3;
            assert!((found / ms - 1.0).abs() < 0.02, "{share}: {found} ms");
        }
        assert_eq!(latencies.longest(), Duration::from_secs(1));
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Latencies::new().quantile(0.99), Duration::ZERO);
    }
}
