//! Whether a row costs the same in a larger statement, and beside a larger trail.

use super::compare::{cost, unknown};
use super::table::Table;
use crate::bench::case::{Case, Figure};
use crate::bench::contestant::Contestant;
use crate::bench::digits::{near, thousands};
use crate::bench::samples::Samples;
use crate::bench::scenario::Scenario;

pub(super) fn by_rows(samples: &Samples) -> String {
    format!(
        "flat: microseconds per row by rows per statement, medians of {}; growth is the last against the first\n\n{}",
        samples.rounds(Scenario::Flat),
        table(samples, Scenario::Flat, |case| case.rows)
    )
}

pub(super) fn by_stored(samples: &Samples) -> String {
    let rows = samples.cases(Scenario::Stored).first().map_or(0, |case| case.rows);
    format!(
        "stored: microseconds per row of one statement on {} rows by changes stored before, medians of {}\n\n{}",
        thousands(&rows.to_string()),
        samples.rounds(Scenario::Stored),
        table(samples, Scenario::Stored, |case| case.stored)
    )
}

/// A column for each value of what is varied.
fn table(samples: &Samples, scenario: Scenario, varied: fn(&Case) -> u32) -> String {
    let cases = samples.cases(scenario);
    let mut values: Vec<u32> = cases.iter().map(varied).collect();
    values.sort_unstable();
    values.dedup();
    let mut heads: Vec<String> = ["operation", "keys", "contestant", "figure"].map(str::to_owned).to_vec();
    heads.extend(values.iter().map(|value| thousands(&value.to_string())));
    heads.push("growth".to_owned());
    let mut table = Table::new(4, heads);

    // Cases that differ in what is varied only share their lines.
    let first_value = cases.first().map(varied);
    for line in cases.iter().filter(|case| Some(varied(case)) == first_value) {
        let row: Vec<Case> = cases
            .iter()
            .filter(|case| case.operation == line.operation && case.keys == line.keys)
            .copied()
            .collect();
        for contestant in Contestant::ALL {
            for (figure, name) in [(Figure::Wall, "wall"), (Figure::Cpu, "CPU")] {
                let costs: Vec<Option<f64>> =
                    row.iter().map(|&case| per_row(samples, case, contestant, figure)).collect();
                if costs.iter().any(Option::is_some) {
                    let names = [line.operation, line.keys.name(), contestant.name(), name];
                    let mut cells = names.map(str::to_owned).to_vec();
                    cells.extend(costs.iter().map(|cost| cost.map_or_else(unknown, near)));
                    cells.push(cost(growth(&costs)));
                    table.row(cells);
                }
            }
        }
    }
    table.text()
}

/// Milliseconds per statement become microseconds per row.
fn per_row(samples: &Samples, case: Case, contestant: Contestant, figure: Figure) -> Option<f64> {
    samples.median(case, contestant, figure).map(|time| time * 1000.0 / f64::from(case.rows))
}

fn growth(costs: &[Option<f64>]) -> Option<f64> {
    let mut known = costs.iter().flatten();
    let first = *known.next()?;
    let last = *known.last()?;
    (first > 0.0).then(|| last / first)
}
