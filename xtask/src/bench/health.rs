//! `cargo xtask bench health`: a full check of coverage and redaction.

use anyhow::{Context, Result};
use clap::{Args, value_parser};
use serde_json::Value;

use super::digits::{Target, near, thousands};
use super::machine::{self, Busy, Conditions};
use super::program::Bench;
use super::report::{Table, head};
use super::server::Server;
use super::times::Times;
use super::{program, results};
use crate::command::run as run_command;
use crate::progress::step;

/// The measuring program, in `core/benches`.
const PROGRAM: Bench = Bench { package: "threadline", name: "health" };
const DATABASE: &str = "threadline_bench_health";
/// Milliseconds for half of the checks of 2,000 tables.
const CHECK: Target = Target::AtMost(150.0);

/// `cargo xtask bench health …`; no figure makes it fail.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many captured tables there are.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = value_parser!(u32).range(1..=100_000))]
    tables: u32,
    /// How often they are checked.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = value_parser!(u32).range(1..=100_000))]
    samples: u32,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let _lock = results::lock()?;
    step("building the measurement", || run_command(&mut PROGRAM.build()))?;
    Server::fresh(|server| measure(options, server))
}

fn measure(options: &Options, server: &Server) -> Result<()> {
    let facts = server.facts()?;
    let busy = Busy::now();
    let [tables, samples] = [options.tables, options.samples].map(|number| number.to_string());
    let arguments = ["--tables", &tables, "--samples", &samples];
    let mut command = PROGRAM.on(server, DATABASE, &arguments);
    let said = server.in_new_database(DATABASE, || {
        step("making the tables and checking them", || program::run(&mut command, ""))
    })?;
    let mut conditions = machine::conditions(&facts, &busy);
    conditions.extend([
        (
            "tables",
            format!("{} of 12 columns, captured, one column left out and one masked", thousands(&tables)),
        ),
        (
            "check",
            "coverage and redaction of all of them, over one warm connection, statements prepared".into(),
        ),
    ]);
    let json: Value = serde_json::from_str(&said).with_context(|| format!("the bench said {said:?}"))?;
    let text = report(&conditions, &Times::read(&json)?);
    println!("{text}");
    results::keep("health", &facts.name_of_run, &conditions, &vec![json].into(), &text)
}

fn report(conditions: &Conditions, times: &Times) -> String {
    let mut table = Table::new(0, ["checks", "median ms", "95 % ms", "most ms", "target"]);
    let [median, most_of_them, most] = [50, 95, 100].map(|percent| times.within(percent));
    let count = times.count().to_string();
    table.row(vec![count, near(median), near(most_of_them), near(most), CHECK.verdict(median)]);
    format!("{}\n{}", head("How long a full check takes", conditions), table.text())
}
