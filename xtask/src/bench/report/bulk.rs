//! Many rows in one statement.

use super::compare::{added, best_ratio, cost, gain, ratio, unknown, verdict};
use super::table::Table;
use crate::bench::case::{Case, Figure};
use crate::bench::contestant::Contestant;
use crate::bench::digits::{Target, near, thousands};
use crate::bench::samples::Samples;
use crate::bench::scenario::Scenario;

/// How many times faster than the classic trigger.
const TARGET: Target = Target::AtLeast(4.0);

pub(super) fn section(samples: &Samples) -> String {
    let cases = samples.cases(Scenario::Bulk);
    let rows = cases.first().map_or(0, |case| case.rows);
    format!(
        "bulk: one statement on {} rows, {}; milliseconds as the client waits, and of the server's processor\n\n\
         {}\n\
         by the medians, best: by each one's best round; the target is for what the client waits\n\
         alone: what the classic trigger adds to no trigger against what ours adds; an insert also makes its rows\n\n{}",
        thousands(&rows.to_string()),
        samples.rounds(Scenario::Bulk),
        times(samples, &cases),
        ratios(samples, &cases)
    )
}

fn times(samples: &Samples, cases: &[Case]) -> String {
    let heads =
        ["operation", "contestant", "wall min", "median", "max", "CPU min", "median", "max", "CPU µs/row"];
    let mut table = Table::new(2, heads);
    for &case in cases {
        for contestant in Contestant::ALL {
            let Some(wall) = samples.spread(case, contestant, Figure::Wall) else { continue };
            let mut row = vec![case.operation.to_owned(), contestant.name().to_owned()];
            row.extend([wall.min, wall.median, wall.max].map(near));
            match samples.spread(case, contestant, Figure::Cpu) {
                Some(cpu) => {
                    row.extend([cpu.min, cpu.median, cpu.max].map(near));
                    row.push(near(cpu.median * 1000.0 / f64::from(case.rows)));
                }
                None => row.extend([unknown(), unknown(), unknown(), unknown()]),
            }
            table.row(row);
        }
    }
    table.text()
}

fn ratios(samples: &Samples, cases: &[Case]) -> String {
    let heads =
        ["operation", "ours", "classic/ours", "target", "best", "CPU", "alone", "CPU", "ours/none", "CPU"];
    let mut table = Table::new(2, heads);
    for &case in cases {
        for ours in Contestant::ALL.into_iter().filter(|contestant| contestant.is_ours()) {
            if samples.median(case, ours, Figure::Wall).is_none() {
                continue;
            }
            let classic = |figure| ratio(samples, case, figure, Contestant::Classic, ours);
            let alone = |figure| added(samples, case, figure, ours);
            let none = |figure| ratio(samples, case, figure, ours, Contestant::None);
            // The mode for many rows; the other one is for tables that are written row by row.
            let target = (ours == Contestant::Statement).then_some(TARGET);
            table.row(vec![
                case.operation.to_owned(),
                ours.name().to_owned(),
                gain(classic(Figure::Wall)),
                verdict(target, classic(Figure::Wall)),
                gain(best_ratio(samples, case, Figure::Wall, Contestant::Classic, ours)),
                gain(classic(Figure::Cpu)),
                gain(alone(Figure::Wall)),
                gain(alone(Figure::Cpu)),
                cost(none(Figure::Wall)),
                cost(none(Figure::Cpu)),
            ]);
        }
    }
    table.text()
}
