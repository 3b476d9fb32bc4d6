#![doc = include_str!("../README.md")]

mod capture;
#[cfg(feature = "console")]
mod client;
mod conditions;
#[cfg(feature = "console")]
mod console;
#[cfg(feature = "console")]
mod faults;
mod health;
#[cfg(feature = "console")]
mod host;
mod measurement;
mod query;
mod report;
mod server;
#[cfg(feature = "console")]
mod share;
mod write_path;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use crate::server::Server;

/// The allocator of the example host, because the console's host runs in this program as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures what the audit trail costs, and what faults do to it. No figure makes it fail, but an invariant of `faults` does.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Measure what capture adds to a write, next to no trigger and to a usual row trigger.
    Capture(capture::Options),
    /// Measure how long an audited transaction takes next to the host's own.
    WritePath(write_path::Options),
    /// Measure how long the trail takes to answer.
    Query(query::Options),
    /// Measure how long the console takes to serve and to render its timeline.
    #[cfg(feature = "console")]
    Console(console::Options),
    /// Measure how long a full check of coverage and redaction takes.
    Health(health::Options),
    /// Break the database, the pool and the host under load, and compare the trail with the writes.
    #[cfg(feature = "console")]
    Faults(faults::Options),
    /// Measure how long the host's own pages take while many heavy requests of the console run.
    #[cfg(feature = "console")]
    Share(share::Options),
    /// Serve the console of a database until it is killed: the host that other commands start.
    #[cfg(feature = "console")]
    #[command(hide = true)]
    Serve(host::Options),
}

fn main() -> Result<()> {
    let bench = Cli::parse().bench;
    let mut builder = match bench {
        #[cfg(feature = "console")]
        Bench::Serve(_) => Builder::new_multi_thread(),
        // All clients share one thread, so that the other processors are free for the server.
        _ => Builder::new_current_thread(),
    };
    builder.enable_all().build()?.block_on(run(&bench))
}

async fn run(bench: &Bench) -> Result<()> {
    let server = Server::from_env;
    match bench {
        Bench::Capture(options) => capture::run(options, &server()?).await,
        Bench::WritePath(options) => write_path::run(options, &server()?).await,
        Bench::Query(options) => query::run(options, &server()?).await,
        #[cfg(feature = "console")]
        Bench::Console(options) => console::run(options, &server()?).await,
        Bench::Health(options) => health::run(options, &server()?).await,
        #[cfg(feature = "console")]
        // This one starts servers of its own.
        Bench::Faults(options) => faults::run(options).await,
        #[cfg(feature = "console")]
        Bench::Share(options) => share::run(options, &server()?).await,
        #[cfg(feature = "console")]
        Bench::Serve(options) => host::serve(&server()?, options).await,
    }
}
