//! Whether a row costs the same beside a trail that holds millions of changes.

use anyhow::{Context, Result};

use super::writes::Writes;
use super::{Bench, Scenario, bulk, flat};
use crate::bench::case::Keys;
use crate::bench::contestant::Contestant;
use crate::bench::samples::Samples;

const STORED: u32 = 10_000_000;

/// In one statement, so that somebody who stops it does not wait for all of it.
const PORTION: u32 = 1_000_000;

pub(super) fn measure(bench: &Bench<'_>, samples: &mut Samples) -> Result<()> {
    let contestant = Contestant::Statement;
    if !bench.contestants.contains(&contestant) {
        return Ok(());
    }
    contestant.reset(bench.server)?;
    rounds(bench, 0, samples)?;
    contestant.reset(bench.server)?;
    seed(bench, contestant)?;
    rounds(bench, STORED, samples)
}

/// What a round adds to the trail stays in it, with and without the millions before.
fn rounds(bench: &Bench<'_>, stored: u32, samples: &mut Samples) -> Result<()> {
    for round in 1..=flat::rounds(bench) {
        for keys in [Keys::Sequential, Keys::Random] {
            Contestant::Statement.reset_table(bench.server)?;
            Writes { keys, stored, ..Writes::new(Scenario::Stored, bulk::ROWS) }.measure(
                bench,
                Contestant::Statement,
                round,
                &flat::warm_up(),
                samples,
            )?;
        }
    }
    Ok(())
}

fn seed(bench: &Bench<'_>, contestant: Contestant) -> Result<()> {
    let database = contestant.database();
    for first in (0..STORED).step_by(PORTION as usize) {
        eprintln!("    storing changes {first} to {}", first + PORTION);
        let variables =
            format!("\\set first {first}\n\\set last {}\n\\set total {STORED}\n", first + PORTION - 1);
        bench
            .server
            .sql(&database, &(variables + include_str!("../sql/seed.sql")))
            .context("cannot store changes")?;
    }
    bench
        .server
        .sql(&database, "VACUUM (ANALYZE) threadline.audit_changes, threadline.audit_transactions;")
        .map(drop)
}
