//! All that was measured, one sample per contestant and round.

use serde_json::{Value, json};

use super::case::{Case, Figure};
use super::contestant::Contestant;
use super::scenario::Scenario;

#[derive(Debug)]
struct Sample {
    case: Case,
    contestant: Contestant,
    round: u32,
    figures: Vec<(Figure, f64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    pub(super) fn add(&mut self, case: Case, contestant: Contestant, round: u32, figures: &[(Figure, f64)]) {
        self.0.push(Sample { case, contestant, round, figures: figures.to_vec() });
    }

    /// The cases of a scenario, in the order in which they were first measured.
    pub(super) fn cases(&self, scenario: Scenario) -> Vec<Case> {
        let mut cases = Vec::new();
        for sample in self.0.iter().filter(|sample| sample.case.scenario == scenario) {
            if !cases.contains(&sample.case) {
                cases.push(sample.case);
            }
        }
        cases
    }

    /// How often a scenario was measured, such as `5 rounds`.
    pub(super) fn rounds(&self, scenario: Scenario) -> String {
        let of_scenario = self.0.iter().filter(|sample| sample.case.scenario == scenario);
        match of_scenario.map(|sample| sample.round).max().unwrap_or(0) {
            1 => "1 round".to_owned(),
            rounds => format!("{rounds} rounds"),
        }
    }

    /// Over the rounds. `None`: it was not measured.
    pub(super) fn spread(&self, case: Case, contestant: Contestant, figure: Figure) -> Option<Spread> {
        let of_case = self.0.iter().filter(|sample| sample.case == case && sample.contestant == contestant);
        let figures = of_case.flat_map(|sample| &sample.figures);
        Spread::of(figures.filter(|(kind, _)| *kind == figure).map(|(_, value)| *value).collect())
    }

    pub(super) fn median(&self, case: Case, contestant: Contestant, figure: Figure) -> Option<f64> {
        self.spread(case, contestant, figure).map(|spread| spread.median)
    }

    pub(super) fn json(&self) -> Value {
        self.0.iter().map(Sample::json).collect()
    }
}

impl Sample {
    fn json(&self) -> Value {
        let figures = self.figures.iter().map(|(figure, value)| (figure.name().to_owned(), json!(value)));
        json!({
            "scenario": self.case.scenario.name(),
            "operation": self.case.operation,
            "rows_per_statement": self.case.rows,
            "changes_stored_before": self.case.stored,
            "keys": self.case.keys.name(),
            "contestant": self.contestant.name(),
            "round": self.round,
            "figures": serde_json::Map::from_iter(figures),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
    pub(super) max: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Some(Self { min, median, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_lies_in_the_middle() {
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        assert_eq!(spread(&[3.0, 1.0, 9.0]), Some(Spread { min: 1.0, median: 3.0, max: 9.0 }));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]), Some(Spread { min: 1.0, median: 3.0, max: 9.0 }));
        assert_eq!(spread(&[]), None);
    }
}
