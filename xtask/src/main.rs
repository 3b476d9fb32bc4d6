#![doc = include_str!("../README.md")]

mod bench;
mod browser;
mod bundle;
mod chromium;
mod command;
mod demo;
mod dependencies;
mod fuzz;
mod helpdesk;
mod interrupt;
mod node;
mod package;
mod packages;
mod paths;
mod postgres;
mod progress;
mod rust_tests;
mod table;
mod test;
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
    Test(test::Options),
    /// Build the browser bundle in server/bundle.
    Bundle,
    /// Create the packages that are published, with the bundle and the files of other folders that they need.
    Package,
    /// Check licences, sources and known vulnerabilities of all dependencies, and write a bill of materials for each crate.
    Audit,
    /// Run the fuzz targets of the parsers of outside input.
    Fuzz(fuzz::Options),
    /// Measure the costs of the audit trail.
    Bench(bench::Options),
    /// Control the private PostgreSQL server.
    Postgres(postgres::Options),
}

fn main() -> ExitCode {
    let result = interrupt::install_handler().and_then(|()| run(Cli::parse().task));
    match result {
        // After Ctrl-C the errors of the stopped children are expected, so none is printed.
        _ if interrupt::is_requested() => {
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
        Task::Test(options) => test::run(&options),
        Task::Audit => dependencies::audit(),
        Task::Bundle => bundle::build().map(drop),
        Task::Package => package::run(),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Postgres(options) => postgres::run(&options),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_definition_passes_debug_assert() {
        Cli::command().debug_assert();
    }
}
