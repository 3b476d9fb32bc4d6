#![doc = include_str!("../README.md")]

mod bench;
mod browser;
mod bundle;
mod checks;
mod chromium;
mod command;
mod demo;
mod host;
mod interrupt;
mod node;
mod package;
mod packages;
mod paths;
mod postgres;
mod progress;
mod rust_tests;
mod table;
mod wasm;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Set-up, bundle, demo and tests of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install what is missing, build, and serve the help desk with its console.
    Demo(demo::Options),
    /// Run everything that CI runs, or a part of it.
    Test(checks::Options),
    /// Build the browser's part into server/bundle.
    Bundle,
    /// Make the packages as they are published, with what the bundle and other folders add to them.
    Package,
    /// Measure what the trail costs.
    Bench(bench::Options),
    /// Control the private PostgreSQL server.
    Postgres(postgres::Options),
}

fn main() -> ExitCode {
    let done = interrupt::listen().and_then(|()| run(Cli::parse().task));
    match done {
        // Whoever pressed Ctrl-C knows why it ended; what the children said while they stopped is no failure.
        _ if interrupt::asked() => {
            eprintln!("stopped");
            ExitCode::from(130)
        }
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => checks::run(&options),
        Task::Bundle => bundle::build().map(drop),
        Task::Package => package::run(),
        Task::Bench(options) => bench::run(&options),
        Task::Postgres(options) => postgres::run(&options),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
