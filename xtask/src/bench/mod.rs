//! `cargo xtask bench`: what the trail costs, in figures that anybody can make again.

mod capture;
mod case;
mod console;
mod contestant;
mod digits;
mod health;
mod machine;
mod pgbench;
mod program;
mod query;
mod report;
mod results;
mod samples;
mod scenario;
mod server;
mod threadline;
mod timed;
mod times;
mod write_path;

use anyhow::Result;
use clap::{Args, Subcommand};

/// `cargo xtask bench …`
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// What capture costs a write, beside no trigger and beside the classic one.
    Capture(capture::Options),
    /// How long an audited transaction takes beside the host's own.
    WritePath(write_path::Options),
    /// How long the trail takes to answer.
    Query(query::Options),
    /// How long the console takes to serve its timeline, and what a browser loads first.
    Console(console::Options),
    /// How long a full check of coverage and redaction takes.
    Health(health::Options),
}

pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.subject {
        Subject::Capture(options) => capture::run(options),
        Subject::WritePath(options) => write_path::run(options),
        Subject::Query(options) => query::run(options),
        Subject::Console(options) => console::run(options),
        Subject::Health(options) => health::run(options),
    }
}
