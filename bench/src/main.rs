#![doc = include_str!("../README.md")]

mod capture;
mod conditions;
#[cfg(feature = "console")]
mod console;
mod health;
mod measurement;
mod query;
mod report;
mod server;
mod write_path;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use crate::server::Server;

/// The allocator of the example host, because the console's host runs in this program as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures what the audit trail costs. No figure makes it fail.
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
    /// Serve the console of a database until it is killed: the host that `console` measures.
    #[cfg(feature = "console")]
    #[command(hide = true)]
    Serve { database: String },
}

fn main() -> Result<()> {
    let bench = Cli::parse().bench;
    let mut builder = match bench {
        #[cfg(feature = "console")]
        Bench::Serve { .. } => Builder::new_multi_thread(),
        // All clients share one thread, so that the other processors are free for the server.
        _ => Builder::new_current_thread(),
    };
    builder.enable_all().build()?.block_on(run(&bench, &Server::from_env()?))
}

async fn run(bench: &Bench, server: &Server) -> Result<()> {
    match bench {
        Bench::Capture(options) => capture::run(options, server).await,
        Bench::WritePath(options) => write_path::run(options, server).await,
        Bench::Query(options) => query::run(options, server).await,
        #[cfg(feature = "console")]
        Bench::Console(options) => console::run(options, server).await,
        Bench::Health(options) => health::run(options, server).await,
        #[cfg(feature = "console")]
        Bench::Serve { database } => console::serve(server, database).await,
    }
}
