//! Interleaved timing. All cases take turns within every round, so that whatever slows the machine down for a
//! while slows them alike, and ratios are taken within a round before the median is.

use std::hint::black_box;
use std::time::Instant;

use serde::Serialize;

/// Runs a case so many times.
pub(crate) type Batch = Box<dyn FnMut(u32)>;

/// The loop is inside, so that a call through the pointer is paid once for a batch.
pub(crate) fn batch<T>(mut once: impl FnMut() -> T + 'static) -> Batch {
    Box::new(move |iterations| {
        for _ in 0..iterations {
            black_box(once());
        }
    })
}

/// Nanoseconds an iteration, one figure for each round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

/// A distribution in three numbers.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Spread {
    pub(crate) p10: f64,
    pub(crate) median: f64,
    pub(crate) p90: f64,
}

/// How much is measured.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Plan {
    pub(crate) rounds: u32,
    pub(crate) iterations: u32,
}

/// Measures every batch; the samples are in their order.
pub(crate) fn interleaved(mut batches: Vec<&mut Batch>, plan: Plan) -> Vec<Samples> {
    let mut samples = vec![Samples::default(); batches.len()];
    for batch in &mut batches {
        batch(plan.iterations);
    }
    for _ in 0..plan.rounds {
        for (batch, samples) in batches.iter_mut().zip(&mut samples) {
            samples.push(time(batch, plan.iterations));
        }
    }
    samples
}

fn time(batch: &mut Batch, iterations: u32) -> f64 {
    let start = Instant::now();
    batch(black_box(iterations));
    start.elapsed().as_secs_f64() * 1e9 / f64::from(iterations.max(1))
}

impl Samples {
    pub(crate) fn push(&mut self, nanoseconds: f64) {
        self.0.push(nanoseconds);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn spread(&self) -> Spread {
        Spread { p10: quantile(&self.0, 10), median: self.median(), p90: quantile(&self.0, 90) }
    }

    pub(crate) fn median(&self) -> f64 {
        quantile(&self.0, 50)
    }

    /// The median of the ratios of each round.
    pub(crate) fn ratio_to(&self, other: &Self) -> f64 {
        let ratios: Vec<f64> =
            self.0.iter().zip(&other.0).map(|(own, other)| own / other).collect();
        quantile(&ratios, 50)
    }

    /// The difference of each round.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(own, other)| own - other).collect())
    }
}

/// The nearest value at so many per cent; zero of nothing.
fn quantile(values: &[f64], per_cent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = sorted.len().saturating_sub(1) * per_cent / 100;
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "small whole numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<f64> = (0..=10).rev().map(f64::from).collect();
        assert_eq!([10, 50, 90].map(|p| quantile(&values, p)), [1.0, 5.0, 9.0]);
        assert_eq!(quantile(&[], 50), 0.0);
    }

    #[test]
    fn noise_that_hits_a_whole_round_cancels_out_of_the_ratio() {
        let quiet = Samples(vec![1.0, 1.0, 100.0]);
        let other = Samples(vec![2.0, 2.0, 200.0]);
        assert_eq!(other.ratio_to(&quiet), 2.0);
        assert_eq!(other.minus(&quiet).median(), 1.0);
    }

    #[test]
    fn every_batch_runs_once_a_round_and_once_to_warm_up() {
        let count = std::rc::Rc::new(std::cell::Cell::new(0));
        let counted = std::rc::Rc::clone(&count);
        let mut counting = batch(move || counted.set(counted.get() + 1));
        let samples = interleaved(vec![&mut counting], Plan { rounds: 3, iterations: 5 });
        assert_eq!((samples.len(), samples[0].0.len(), count.get()), (1, 3, 20));
    }
}
