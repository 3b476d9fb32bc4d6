//! One row per statement and transaction.

use super::compare::{best_ratio, cost, gain, ratio, unknown, verdict};
use super::table::Table;
use crate::bench::case::{Case, Figure};
use crate::bench::contestant::Contestant;
use crate::bench::digits::{Target, near};
use crate::bench::samples::Samples;
use crate::bench::scenario::Scenario;

pub(super) fn section(samples: &Samples) -> String {
    let cases = samples.cases(Scenario::Single);
    format!(
        "single: one row per transaction, prepared, 2 clients, {}; transactions per second,\n\
         latency and the server's processor time in microseconds\n\n\
         {}\n\
         by the medians, best: by each one's best round; the target is for the throughput\n\n{}",
        samples.rounds(Scenario::Single),
        figures(samples, &cases),
        ratios(samples, &cases)
    )
}

fn figures(samples: &Samples, cases: &[Case]) -> String {
    let heads = [
        "operation",
        "contestant",
        "tps min",
        "median",
        "max",
        "p50",
        "p95",
        "p99",
        "CPU min",
        "median",
        "max",
    ];
    let mut table = Table::new(2, heads);
    for &case in cases {
        for contestant in Contestant::ALL {
            let Some(tps) = samples.spread(case, contestant, Figure::Throughput) else { continue };
            let mut row = vec![case.operation.to_owned(), contestant.name().to_owned()];
            row.extend([tps.min, tps.median, tps.max].map(near));
            row.extend(
                [Figure::P50, Figure::P95, Figure::P99]
                    .map(|figure| samples.median(case, contestant, figure).map_or_else(unknown, near)),
            );
            match samples.spread(case, contestant, Figure::CpuPerTransaction) {
                Some(cpu) => row.extend([cpu.min, cpu.median, cpu.max].map(near)),
                None => row.extend([unknown(), unknown(), unknown()]),
            }
            table.row(row);
        }
    }
    table.text()
}

fn ratios(samples: &Samples, cases: &[Case]) -> String {
    let heads = [
        "operation",
        "ours",
        "ours/classic",
        "target",
        "best",
        "CPU classic/ours",
        "none/ours",
        "CPU ours/none",
    ];
    let mut table = Table::new(2, heads);
    for &case in cases {
        for ours in Contestant::ALL.into_iter().filter(|contestant| contestant.is_ours()) {
            if samples.median(case, ours, Figure::Throughput).is_none() {
                continue;
            }
            let faster = ratio(samples, case, Figure::Throughput, ours, Contestant::Classic);
            let slower = ratio(samples, case, Figure::Throughput, Contestant::None, ours);
            let cpu = |one, other| ratio(samples, case, Figure::CpuPerTransaction, one, other);
            table.row(vec![
                case.operation.to_owned(),
                ours.name().to_owned(),
                gain(faster),
                verdict(target(case, ours), faster),
                gain(best_ratio(samples, case, Figure::Throughput, ours, Contestant::Classic)),
                gain(cpu(Contestant::Classic, ours)),
                cost(slower),
                cost(cpu(ours, Contestant::None)),
            ]);
        }
    }
    table.text()
}

/// How many times the classic trigger's throughput.
fn target(case: Case, ours: Contestant) -> Option<Target> {
    let least = match (ours, case.operation) {
        (Contestant::Row, "update") => 1.4,
        (Contestant::Row, "insert") => 1.2,
        (Contestant::Statement, _) => 1.0,
        _ => return None,
    };
    Some(Target::AtLeast(least))
}
