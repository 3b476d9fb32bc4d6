//! Whether a row costs the same in a larger statement.

use anyhow::Result;

use super::writes::Writes;
use super::{Bench, Scenario};
use crate::bench::contestant::Contestant;
use crate::bench::samples::Samples;

const ROWS: [u32; 3] = [1_000, 10_000, 100_000];
const MANY_ROWS: u32 = 1_000_000;

/// A figure per row of many rows needs fewer rounds.
const MOST_ROUNDS: u32 = 3;

pub(super) fn measure(bench: &Bench<'_>, samples: &mut Samples) -> Result<()> {
    for round in 1..=rounds(bench) {
        for rows in ROWS.into_iter().chain(bench.options.large.then_some(MANY_ROWS)) {
            for contestant in bench.turns(round) {
                // It would take most of the hour, and nobody asks whether it is flat.
                if contestant == Contestant::Classic && rows == MANY_ROWS {
                    continue;
                }
                contestant.reset(bench.server)?;
                Writes::new(Scenario::Flat, rows).measure(bench, contestant, round, &warm_up(), samples)?;
            }
        }
    }
    Ok(())
}

pub(super) fn rounds(bench: &Bench<'_>) -> u32 {
    bench.options.rounds.min(MOST_ROUNDS)
}

/// A session of a pool has written single rows before. It matters here: PL/pgSQL keeps the plans that it made for them.
pub(super) fn warm_up() -> String {
    let once: String = Writes::new(Scenario::Flat, 1)
        .statements()
        .iter()
        .map(|statement| format!("{statement};\n"))
        .collect();
    once.repeat(10)
}
