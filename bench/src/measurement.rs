//! What was measured.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

/// The samples of one case in one variant.
#[derive(Debug, Serialize)]
pub(crate) struct Measurement {
    /// The operation or the question, such as `insert`.
    pub(crate) case: String,
    /// The alternative that was measured, such as the capture mode; empty where there is only one.
    pub(crate) variant: String,
    /// The time that the client waited, in milliseconds, one for each sample.
    pub(crate) wall_ms: Vec<f64>,
    /// The CPU time of the server process for one operation, in milliseconds, one for each series of operations.
    pub(crate) cpu_ms: Vec<f64>,
    /// Other figures by name, such as the pages that were read.
    pub(crate) figures: BTreeMap<String, f64>,
    /// Error messages and remarks.
    pub(crate) notes: Vec<String>,
}

impl Measurement {
    /// Returns a measurement without samples.
    pub(crate) fn new(case: impl Into<String>, variant: impl Into<String>) -> Self {
        Self {
            case: case.into(),
            variant: variant.into(),
            wall_ms: Vec::new(),
            cpu_ms: Vec::new(),
            figures: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// Returns a percentile of the wall times.
    pub(crate) fn wall(&self, percent: usize) -> f64 {
        percentile(&self.wall_ms, percent)
    }

    /// Returns a percentile of the CPU times.
    pub(crate) fn cpu(&self, percent: usize) -> f64 {
        percentile(&self.cpu_ms, percent)
    }

    /// Returns a figure by its name, or NaN where it was not measured.
    pub(crate) fn figure(&self, name: &str) -> f64 {
        self.figures.get(name).copied().unwrap_or(f64::NAN)
    }
}

/// Returns the measurement of a case in a variant.
pub(crate) fn find<'a>(all: &'a [Measurement], case: &str, variant: &str) -> Option<&'a Measurement> {
    all.iter().find(|measurement| measurement.case == case && measurement.variant == variant)
}

/// Returns the measurement of a case in a variant, to which samples are added.
pub(crate) fn find_or_add<'a>(
    all: &'a mut Vec<Measurement>,
    case: &str,
    variant: &str,
) -> &'a mut Measurement {
    let known = all.iter().position(|known| known.case == case && known.variant == variant);
    let index = known.unwrap_or_else(|| {
        all.push(Measurement::new(case, variant));
        all.len() - 1
    });
    &mut all[index]
}

/// Returns the milliseconds since a moment.
pub(crate) fn milliseconds_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// Returns the sample that this percentage of the samples does not exceed: 0 is the lowest, 50 the median, 100 the highest.
/// Returns NaN where there are no samples.
pub(crate) fn percentile(samples: &[f64], percent: usize) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_is_one_of_the_samples() {
        let samples: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(
            [0, 50, 95, 99, 100].map(|percent| percentile(&samples, percent)),
            [1.0, 100.0, 190.0, 198.0, 200.0]
        );
        assert_eq!(percentile(&[3.0], 50), 3.0);
        assert!(percentile(&[], 50).is_nan());
    }
}
