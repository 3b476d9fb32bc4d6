//! `cargo xtask bench capture`: all contestants on one server in one run, taking turns.

use anyhow::{Result, bail};
use clap::{Args, value_parser};

use super::contestant::{BASE, Contestant};
use super::digits::thousands;
use super::machine::{self, Busy, Conditions};
use super::samples::Samples;
use super::scenario::{Bench, Scenario};
use super::server::{Facts, Server};
use super::threadline::Threadline;
use super::{report, results};

/// `cargo xtask bench capture …`; no figure makes it fail.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often everything is measured; the report shows medians and spread.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u32).range(1..=1000))]
    pub(super) rounds: u32,
    /// How long each run of single rows lasts.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = value_parser!(u32).range(1..=3600))]
    pub(super) seconds: u32,
    /// Only these scenarios.
    #[arg(long, value_name = "SCENARIOS", value_enum, value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Only these contestants; what is compared with an absent one is left out.
    #[arg(long, value_name = "NAMES", value_enum, value_delimiter = ',')]
    contestants: Vec<Contestant>,
    /// Also a million rows per statement, and the scenario `stored`.
    #[arg(long)]
    pub(super) large: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let _lock = results::lock()?;
    let contestants = choice(&options.contestants, Contestant::ALL);
    let ours = contestants.iter().any(|contestant| contestant.is_ours());
    let threadline = if ours { Threadline::build()? } else { Threadline::find()? };
    Server::fresh(|server| measure(options, &contestants, server, &threadline))
}

fn measure(
    options: &Options,
    contestants: &[Contestant],
    server: &Server,
    threadline: &Threadline,
) -> Result<()> {
    let facts = server.facts()?;
    if !facts.superuser {
        bail!(
            "the role of DATABASE_URL is no superuser: measuring needs CHECKPOINT and databases of its own"
        );
    }
    let busy = Busy::now();
    let bench = Bench { options, server, contestants };
    let mut samples = Samples::default();
    let measured =
        contestants.iter().try_for_each(|contestant| contestant.prepare(server, threadline)).and_then(|()| {
            let scenarios = choice(&options.only, Scenario::ALL).into_iter();
            scenarios
                .filter(|scenario| {
                    *scenario != Scenario::Stored || options.large || options.only.contains(scenario)
                })
                .try_for_each(|scenario| scenario.measure(&bench, &mut samples))
        });
    // Also after a failure: they are large, and on a server that was given they are in somebody's way.
    let dropped = contestants.iter().try_for_each(|contestant| contestant.drop_database(server));
    measured.and(dropped)?;
    let conditions = conditions(options, contestants, &facts, &busy);
    let text = report::text(&conditions, &samples);
    println!("{text}");
    results::keep("capture", &facts.name_of_run, &conditions, &samples.json(), &text)
}

fn conditions(options: &Options, contestants: &[Contestant], facts: &Facts, busy: &Busy) -> Conditions {
    let contestants: Vec<_> = contestants.iter().map(|contestant| contestant.name()).collect();
    let rows = thousands(&BASE.to_string());
    let table = format!("12 columns; before each measurement {rows} rows, an empty trail, a checkpoint");
    let mut conditions = machine::conditions(facts, busy);
    conditions.extend([
        ("contestants", contestants.join(", ")),
        ("table", table),
        ("rounds", format!("{}; {} s each for single rows", options.rounds, options.seconds)),
    ]);
    conditions
}

/// What was asked for, in the usual order; nothing asked for means everything.
fn choice<T: Copy + PartialEq>(asked: &[T], all: impl AsRef<[T]>) -> Vec<T> {
    all.as_ref().iter().copied().filter(|one| asked.is_empty() || asked.contains(one)).collect()
}
