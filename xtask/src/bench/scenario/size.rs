//! Bytes on disk per change, after exactly the same work.

use anyhow::{Context, Result};

use super::writes::Writes;
use super::{Bench, Scenario, bulk, single};
use crate::bench::case::{Case, Figure};
use crate::bench::contestant::Contestant;
use crate::bench::pgbench::{self, Amount};
use crate::bench::samples::Samples;

/// Of each kind of single-row write.
const TRANSACTIONS: u32 = 20_000;

pub(super) fn measure(bench: &Bench<'_>, samples: &mut Samples) -> Result<()> {
    for &contestant in bench.contestants {
        let Some(schema) = contestant.trail() else { continue };
        for (workload, rows, work) in [
            ("bulk", bulk::ROWS, bulk_rows as fn(&Bench<'_>, Contestant) -> Result<()>),
            ("single", 1, single_rows),
        ] {
            contestant.reset(bench.server)?;
            // An empty trail takes space too: a first page here and there, and more of them where there are partitions.
            let empty = sizes(bench, contestant, schema)?;
            work(bench, contestant)?;
            let full = sizes(bench, contestant, schema)?;
            let figures = [Figure::Changes, Figure::Heap, Figure::Index].into_iter();
            let grown: Vec<_> =
                figures.zip(full.iter().zip(empty).map(|(full, empty)| full - empty)).collect();
            samples.add(Case::new(Scenario::Size, workload, rows), contestant, 1, &grown);
            eprintln!("    {workload}, {}", contestant.name());
        }
    }
    Ok(())
}

fn bulk_rows(bench: &Bench<'_>, contestant: Contestant) -> Result<()> {
    let statements = Writes::new(Scenario::Size, bulk::ROWS).statements();
    bench.server.sql(&contestant.database(), &(statements.join(";\n") + ";\n")).map(drop)
}

fn single_rows(bench: &Bench<'_>, contestant: Contestant) -> Result<()> {
    for (_, script) in single::OPERATIONS {
        pgbench::run(bench.server, &contestant.database(), script, Amount::Transactions(TRANSACTIONS))?;
    }
    Ok(())
}

/// Changes, bytes of the tables, bytes of their indexes.
fn sizes(bench: &Bench<'_>, contestant: Contestant, schema: &str) -> Result<[f64; 3]> {
    let script = format!(
        "VACUUM {schema}.audit_changes, {schema}.audit_transactions;\n\\set schema {schema}\n{}",
        include_str!("../sql/sizes.sql")
    );
    let said = bench.server.sql(&contestant.database(), &script)?;
    let numbers: Vec<f64> = said.trim().split('|').filter_map(|number| number.parse().ok()).collect();
    numbers.try_into().ok().with_context(|| format!("no sizes in: {said}"))
}
