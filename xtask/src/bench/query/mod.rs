//! `cargo xtask bench query`: how long the trail takes to answer when it holds millions of changes.

mod report;
mod sample;
pub(super) mod seed;

use anyhow::Result;
use clap::{Args, value_parser};

use self::sample::Sample;
use self::seed::Seed;
use super::digits::thousands;
use super::machine::{self, Busy};
use super::program::Bench;
use super::server::Server;
use super::{program, results};
use crate::command::run as run_command;
use crate::progress::step;

/// The measuring program, in `core/benches`.
const PROGRAM: Bench = Bench { package: "threadline", name: "query" };

/// `cargo xtask bench query …`; no figure makes it fail.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many changes the trail holds. It is made once and used again.
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = value_parser!(u64).range(10_000..=100_000_000))]
    rows: u64,
    /// How often each case is measured.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..=100_000))]
    samples: u32,
    /// How long each case may take; a slow one has fewer samples.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Only cases whose name holds this text, such as `actor` or `pair: table`.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Keep the statements prepared, as a host may that has no pooler in between.
    #[arg(long)]
    prepared: bool,
    /// Only make the trail.
    #[arg(long)]
    seed: bool,
    /// Make the trail anew.
    #[arg(long)]
    fresh: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let _lock = results::lock()?;
    step("building the measurement", || run_command(&mut PROGRAM.build()))?;
    Server::kept(|server| measure(options, server))
}

fn measure(options: &Options, server: &Server) -> Result<()> {
    let seed = Seed { server, program: PROGRAM, rows: options.rows };
    if options.fresh {
        seed.drop()?;
    }
    let database = seed.find_or_make()?;
    let sizes = seed.sizes()?;
    if options.seed {
        println!("{sizes}");
        return Ok(());
    }
    let facts = server.facts()?;
    let busy = Busy::now();
    let (samples, seconds) = (options.samples.to_string(), options.seconds.to_string());
    let mut arguments =
        vec!["measure", "--samples", &samples, "--seconds", &seconds, "--only", &options.only];
    if options.prepared {
        arguments.push("--prepared");
    }
    let said = step("measuring", || program::run(&mut PROGRAM.on(server, &database, &arguments), ""))?;
    let samples: Vec<Sample> = said.lines().map(Sample::read).collect::<Result<_>>()?;
    let mut conditions = machine::conditions(&facts, &busy);
    conditions.extend([
        (
            "trail",
            format!(
                "{} changes over 24 months, 40 tables, 2,000 actors",
                thousands(&options.rows.to_string())
            ),
        ),
        (
            "statements",
            if options.prepared { "prepared once for each connection" } else { "planned for each question" }.into(),
        ),
        ("samples", format!("{} for each case, as far as {} s go", options.samples, options.seconds)),
        (
            "way",
            "the library's own calls over one warm connection, each with its transaction; pages of 50".into(),
        ),
        ("CPU", "processor time of the server's process per call, where it can be told: other work does not change it".into()),
        ("read", "index entries and rows of whole tables, and pages, that one call read".into()),
    ]);
    let text = report::text(&conditions, &samples, &sizes);
    println!("{text}");
    let json = samples.into_iter().map(|sample| sample.json).collect();
    results::keep("query", &facts.name_of_run, &conditions, &json, &text)
}
