//! The report: conditions, then each scenario with its figures and its targets.

mod bulk;
mod compare;
mod flat;
mod single;
mod size;
mod table;

use super::machine::Conditions;
use super::samples::Samples;
use super::scenario::Scenario;

pub(super) fn text(conditions: &Conditions, samples: &Samples) -> String {
    let mut text = "What capture costs\n\n".to_owned();
    for (name, value) in conditions {
        text += &format!("{name:13}  {value}\n");
    }
    for (scenario, section) in [
        (Scenario::Bulk, bulk::section as fn(&Samples) -> String),
        (Scenario::Single, single::section),
        (Scenario::Flat, flat::by_rows),
        (Scenario::Stored, flat::by_stored),
        (Scenario::Size, size::section),
    ] {
        if !samples.cases(scenario).is_empty() {
            text += &format!("\n{}", section(samples));
        }
    }
    text
}
