//! Latencies in three numbers.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;

/// In microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

/// Collects latencies: from 10 ns to a minute, three digits.
#[derive(Debug)]
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(super) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(10, 60_000_000_000, 3)?))
    }

    pub(super) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(super) fn summary(&self) -> Latency {
        let microseconds = |nanoseconds| Duration::from_nanos(nanoseconds).as_secs_f64() * 1e6;
        Latency {
            p50: microseconds(self.0.value_at_quantile(0.5)),
            p99: microseconds(self.0.value_at_quantile(0.99)),
            max: microseconds(self.0.max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_in_microseconds() {
        let mut latencies = Latencies::new().unwrap();
        (1..=100).for_each(|number| latencies.record(Duration::from_micros(number)));
        let Latency { p50, p99, max } = latencies.summary();
        for (found, expected) in [(p50, 50.0), (p99, 99.0), (max, 100.0)] {
            assert!((found - expected).abs() < 0.1, "{found}");
        }
    }
}
