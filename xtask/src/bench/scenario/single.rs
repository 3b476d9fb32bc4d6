//! One row per statement and transaction.

use anyhow::{Context, Result};

use super::{Bench, Scenario};
use crate::bench::case::{Case, Figure};
use crate::bench::contestant::Contestant;
use crate::bench::pgbench::{self, Amount, Outcome};
use crate::bench::samples::Samples;

/// Each with the file that pgbench runs again and again.
pub(super) const OPERATIONS: [(&str, &str); 2] =
    [("update", include_str!("../sql/update.sql")), ("insert", include_str!("../sql/insert.sql"))];

pub(super) fn measure(bench: &Bench<'_>, samples: &mut Samples) -> Result<()> {
    for round in 1..=bench.options.rounds {
        for (operation, script) in OPERATIONS {
            for contestant in bench.turns(round) {
                let case = Case::new(Scenario::Single, operation, 1);
                let outcome = one(bench, contestant, script)
                    .with_context(|| format!("cannot measure {}", contestant.name()))?;
                eprintln!(
                    "    round {round}, {operation}, {:9}  {:.0} per second",
                    contestant.name(),
                    outcome.throughput
                );
                samples.add(case, contestant, round, &figures(&outcome));
            }
        }
    }
    Ok(())
}

fn one(bench: &Bench<'_>, contestant: Contestant, script: &str) -> Result<Outcome> {
    contestant.reset(bench.server)?;
    pgbench::run(bench.server, &contestant.database(), script, Amount::Seconds(bench.options.seconds))
}

fn figures(outcome: &Outcome) -> Vec<(Figure, f64)> {
    let mut figures = vec![(Figure::Throughput, outcome.throughput)];
    for (figure, percent) in [(Figure::P50, 50), (Figure::P95, 95), (Figure::P99, 99)] {
        figures.extend(outcome.percentile(percent).map(|latency| (figure, latency)));
    }
    figures.extend(outcome.cpu.map(|cpu| (Figure::CpuPerTransaction, cpu)));
    figures
}
