//! Statements that touch many rows, measured one after the other in one session.

use anyhow::{Context, Result};

use super::{Bench, Scenario};
use crate::bench::case::{Case, Figure, Keys};
use crate::bench::contestant::Contestant;
use crate::bench::samples::Samples;
use crate::bench::timed;

/// New rows get keys above this one, and the base rows have keys below it.
const NEW: u32 = 100_000_000;

const OPERATIONS: [&str; 3] = ["insert", "update", "delete"];

/// What is written, in which scenario.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writes {
    pub(super) scenario: Scenario,
    pub(super) rows: u32,
    pub(super) keys: Keys,
    /// Changes in the trail before it.
    pub(super) stored: u32,
}

impl Writes {
    pub(super) fn new(scenario: Scenario, rows: u32) -> Self {
        Self { scenario, rows, keys: Keys::Sequential, stored: 0 }
    }

    /// Inserts rows, updates three columns of them, deletes them.
    pub(super) fn statements(self) -> [String; 3] {
        let Self { rows, keys, .. } = self;
        let (first, last, scattered) = (NEW + 1, NEW + rows, keys == Keys::Random);
        [
            format!("INSERT INTO tickets SELECT * FROM make_tickets({first}, {last}, {scattered})"),
            format!(
                "UPDATE tickets SET status = 'closed', priority = 'urgent', \
                 updated_at = updated_at + interval '1 minute' WHERE id > {NEW}"
            ),
            format!("DELETE FROM tickets WHERE id > {NEW}"),
        ]
    }

    pub(super) fn measure(
        self,
        bench: &Bench<'_>,
        contestant: Contestant,
        round: u32,
        warm_up: &str,
        samples: &mut Samples,
    ) -> Result<()> {
        let times = timed::statements(bench.server, &contestant.database(), warm_up, &self.statements())
            .with_context(|| format!("cannot measure {}", contestant.name()))?;
        let mut told = String::new();
        for (operation, time) in OPERATIONS.into_iter().zip(times) {
            let case = Case {
                stored: self.stored,
                keys: self.keys,
                ..Case::new(self.scenario, operation, self.rows)
            };
            let mut figures = vec![(Figure::Wall, time.wall)];
            figures.extend(time.cpu.map(|cpu| (Figure::Cpu, cpu)));
            samples.add(case, contestant, round, &figures);
            told += &format!("  {operation} {:.0} ms", time.wall);
        }
        eprintln!("    round {round}, {} rows, {:9}{told}", self.rows, contestant.name());
        Ok(())
    }
}
