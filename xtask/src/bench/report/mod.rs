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

pub(super) use table::Table;

/// What every report begins with.
pub(super) fn head(title: &str, conditions: &Conditions) -> String {
    let lines = conditions.iter().map(|(name, value)| format!("{name:13}  {value}\n"));
    format!("{title}\n\n{}", lines.collect::<String>())
}

pub(super) fn text(conditions: &Conditions, samples: &Samples) -> String {
    let mut text = head("What capture costs", conditions);
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
