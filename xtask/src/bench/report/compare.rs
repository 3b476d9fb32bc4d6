//! One contestant against another.

use crate::bench::case::{Case, Figure};
use crate::bench::contestant::Contestant;
use crate::bench::digits::{Target, at_least, at_most};
use crate::bench::samples::Samples;

/// How many times the other's figure the one's is, by their medians.
pub(super) fn ratio(
    samples: &Samples,
    case: Case,
    figure: Figure,
    one: Contestant,
    other: Contestant,
) -> Option<f64> {
    let (one, other) = (samples.median(case, one, figure)?, samples.median(case, other, figure)?);
    (other > 0.0).then(|| one / other)
}

/// The same by the best round of each: what else happens on a machine only ever makes a round worse.
pub(super) fn best_ratio(
    samples: &Samples,
    case: Case,
    figure: Figure,
    one: Contestant,
    other: Contestant,
) -> Option<f64> {
    let best = |contestant| {
        samples.spread(case, contestant, figure).map(|spread| match figure {
            Figure::Throughput => spread.max,
            _ => spread.min,
        })
    };
    let (one, other) = (best(one)?, best(other)?);
    (other > 0.0).then(|| one / other)
}

/// How many times what the classic trigger adds to no trigger is what ours adds.
pub(super) fn added(samples: &Samples, case: Case, figure: Figure, ours: Contestant) -> Option<f64> {
    let none = samples.median(case, Contestant::None, figure)?;
    let classic = samples.median(case, Contestant::Classic, figure)? - none;
    let ours = samples.median(case, ours, figure)? - none;
    (ours > 0.0).then(|| classic / ours)
}

/// A cell for what ours saves.
pub(super) fn gain(exact: Option<f64>) -> String {
    exact.map_or_else(unknown, |exact| at_least(exact) + "×")
}

/// A cell for what ours costs.
pub(super) fn cost(exact: Option<f64>) -> String {
    exact.map_or_else(unknown, |exact| at_most(exact) + "×")
}

pub(super) fn verdict(target: Option<Target>, exact: Option<f64>) -> String {
    target.zip(exact).map_or_else(String::new, |(target, exact)| target.verdict(exact))
}

/// A figure that was not measured, or could not be.
pub(super) fn unknown() -> String {
    "–".to_owned()
}
