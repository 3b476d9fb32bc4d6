//! What is measured.

mod bulk;
mod flat;
mod single;
mod size;
mod stored;
mod writes;

use anyhow::Result;
use clap::ValueEnum;

use super::capture::Options;
use super::contestant::Contestant;
use super::samples::Samples;
use super::server::Server;

/// All that a scenario needs.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(super) options: &'a Options,
    pub(super) server: &'a Server,
    pub(super) contestants: &'a [Contestant],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Many rows in one statement.
    Bulk,
    /// One row per statement and transaction, prepared, from two clients.
    Single,
    /// Whether a row costs the same in a larger statement.
    Flat,
    /// Whether a row costs the same beside ten million changes. It takes a quarter of an hour and 20 GB of disk: only with
    /// `--large`, or by its name.
    Stored,
    /// Bytes on disk per change.
    Size,
}

impl Scenario {
    pub(super) const ALL: [Self; 5] = [Self::Bulk, Self::Single, Self::Flat, Self::Stored, Self::Size];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Single => "single",
            Self::Flat => "flat",
            Self::Stored => "stored",
            Self::Size => "size",
        }
    }

    pub(super) fn measure(self, bench: &Bench<'_>, samples: &mut Samples) -> Result<()> {
        eprintln!("==> measuring {}", self.name());
        match self {
            Self::Bulk => bulk::measure(bench, samples),
            Self::Single => single::measure(bench, samples),
            Self::Flat => flat::measure(bench, samples),
            Self::Stored => stored::measure(bench, samples),
            Self::Size => size::measure(bench, samples),
        }
    }
}

impl Bench<'_> {
    /// Who comes when in this round: each is the first one in turn, because the machine is not the same all the time.
    fn turns(&self, round: u32) -> Vec<Contestant> {
        let mut turns = self.contestants.to_vec();
        let first = round as usize % turns.len().max(1);
        turns.rotate_left(first);
        turns
    }
}
