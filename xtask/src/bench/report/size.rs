//! Bytes on disk per change.

use super::compare::{unknown, verdict};
use super::table::Table;
use crate::bench::case::{Case, Figure};
use crate::bench::contestant::Contestant;
use crate::bench::digits::{Target, near, thousands};
use crate::bench::samples::Samples;
use crate::bench::scenario::Scenario;

/// Of what the classic trigger's trail takes.
const TARGET: Target = Target::AtMost(0.75);

pub(super) fn section(samples: &Samples) -> String {
    let mut table = Table::new(
        2,
        ["workload", "contestant", "changes", "tables", "indexes", "all", "ours/classic", "target"],
    );
    for case in samples.cases(Scenario::Size) {
        for contestant in Contestant::ALL {
            let Some([changes, tables, indexes]) = figures(samples, case, contestant) else { continue };
            let all = tables + indexes;
            let ratio = classic(samples, case).filter(|_| contestant.is_ours()).map(|classic| all / classic);
            table.row(vec![
                case.operation.to_owned(),
                contestant.name().to_owned(),
                thousands(&changes.to_string()),
                near(tables),
                near(indexes),
                near(all),
                ratio.map_or_else(unknown, |ratio| TARGET.show(ratio)),
                verdict(Some(TARGET), ratio),
            ]);
        }
    }
    format!(
        "size: bytes on disk per change, of changes and transactions together, after exactly the same work\n\n{}",
        table.text()
    )
}

fn classic(samples: &Samples, case: Case) -> Option<f64> {
    figures(samples, case, Contestant::Classic).map(|[_, tables, indexes]| tables + indexes)
}

/// Changes, and bytes of tables and indexes for each of them.
fn figures(samples: &Samples, case: Case, contestant: Contestant) -> Option<[f64; 3]> {
    let figure = |figure| samples.median(case, contestant, figure);
    let changes = figure(Figure::Changes).filter(|&changes| changes > 0.0)?;
    Some([changes, figure(Figure::Heap)? / changes, figure(Figure::Index)? / changes])
}
