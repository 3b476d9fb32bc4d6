//! `cargo xtask bench write-path`: the host's own transaction beside audited ones, taking turns in one run.

mod report;

use anyhow::Result;
use clap::{Args, value_parser};

use self::report::{Sample, report};
use super::digits::thousands;
use super::machine::{self, Busy};
use super::program::Bench;
use super::server::Server;
use super::{program, results};
use crate::command::run as run_command;
use crate::progress::step;

/// The measuring program, in `core/benches`.
const PROGRAM: Bench = Bench { package: "threadline", name: "write_path" };
const DATABASE: &str = "threadline_bench_write_path";

/// `cargo xtask bench write-path …`; no figure makes it fail.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often everything is measured.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let _lock = results::lock()?;
    step("building the measurement", || run_command(&mut PROGRAM.build()))?;
    Server::fresh(|server| measure(options, server))
}

fn measure(options: &Options, server: &Server) -> Result<()> {
    let facts = server.facts()?;
    let busy = Busy::now();
    let mut command = PROGRAM.on(server, DATABASE, &["--rounds", &options.rounds.to_string()]);
    let said = server
        .in_new_database(DATABASE, || step("measuring the write path", || program::run(&mut command, "")))?;
    let samples: Vec<Sample> = said.lines().map(Sample::read).collect::<Result<_>>()?;
    let mut conditions = machine::conditions(&facts, &busy);
    conditions.extend([
        (
            "write",
            "one row of 10,000 updated by its key in a transaction of its own, over one warm connection"
                .into(),
        ),
        (
            "ways",
            "direct; through a proxy on loopback; through the same with 2 ms more for each round trip".into(),
        ),
        ("rounds", thousands(&options.rounds.to_string())),
    ]);
    let text = report(&conditions, &samples);
    println!("{text}");
    let json = samples.iter().map(|sample| sample.json.clone()).collect();
    results::keep("write-path", &facts.name_of_run, &conditions, &json, &text)
}
