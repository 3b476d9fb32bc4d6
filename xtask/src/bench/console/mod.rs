//! `cargo xtask bench console`: how long the console takes to serve its timeline, and what a browser loads first.

mod part;
mod report;

use anyhow::Result;
use clap::{Args, value_parser};

use self::part::Part;
use super::digits::thousands;
use super::machine::{self, Busy};
use super::program::Bench;
use super::query::seed::Seed;
use super::server::Server;
use super::{program, results};
use crate::bundle;
use crate::command::run as run_command;
use crate::progress::step;

/// The measuring program, in `server/benches`.
const PROGRAM: Bench = Bench { package: "threadline-server", name: "console" };

/// `cargo xtask bench console …`; no figure makes it fail.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many changes the trail holds. It is made once and used again, by `bench query` too.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = value_parser!(u64).range(10_000..=100_000_000))]
    rows: u64,
    /// How many pages are asked for one after the other, and how many are drawn.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = value_parser!(u32).range(100..=1_000_000))]
    samples: u32,
    /// How many pages are asked for at once, in all.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = value_parser!(u32).range(100..=10_000_000))]
    pages: u32,
    /// How many clients ask at once.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = value_parser!(u32).range(1..=1000))]
    clients: u32,
    /// Make the trail anew.
    #[arg(long)]
    fresh: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let _lock = results::lock()?;
    // The server embeds it, and a browser loads it.
    bundle::build()?;
    step("building the measurement", || run_command(&mut PROGRAM.build()))?;
    Server::kept(|server| measure(options, server))
}

fn measure(options: &Options, server: &Server) -> Result<()> {
    let seed = Seed { server, program: PROGRAM, rows: options.rows };
    if options.fresh {
        seed.drop()?;
    }
    let database = seed.find_or_make()?;
    let facts = server.facts()?;
    let busy = Busy::now();
    let [samples, pages, clients] =
        [options.samples, options.pages, options.clients].map(|number| number.to_string());
    let arguments = ["measure", "--samples", &samples, "--pages", &pages, "--clients", &clients];
    let said = step("measuring", || program::run(&mut PROGRAM.on(server, &database, &arguments), ""))?;
    let parts: Vec<Part> = said.lines().map(Part::read).collect::<Result<_>>()?;
    let mut conditions = machine::conditions(&facts, &busy);
    conditions.extend([
        ("trail", format!("{} changes over 24 months", thousands(&options.rows.to_string()))),
        (
            "way",
            "HTTP/1.1 over loopback, connections kept; statements prepared; the host in a process of its own, with mimalloc; the database and the clients beside it"
                .into(),
        ),
        ("pages", "30 timelines of different windows, each of about 1,000 changes with 50 shown".into()),
    ]);
    let text = report::text(&conditions, &parts)?;
    println!("{text}");
    let json = parts.into_iter().map(|part| part.json).collect();
    results::keep("console", &facts.name_of_run, &conditions, &json, &text)
}
