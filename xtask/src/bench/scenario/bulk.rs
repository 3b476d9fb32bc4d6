//! Many rows in one statement.

use anyhow::Result;

use super::writes::Writes;
use super::{Bench, Scenario};
use crate::bench::samples::Samples;

/// Rows per statement.
pub(super) const ROWS: u32 = 50_000;

pub(super) fn measure(bench: &Bench<'_>, samples: &mut Samples) -> Result<()> {
    let writes = Writes::new(Scenario::Bulk, ROWS);
    for round in 1..=bench.options.rounds {
        for contestant in bench.turns(round) {
            contestant.reset(bench.server)?;
            writes.measure(bench, contestant, round, "", samples)?;
        }
    }
    Ok(())
}
