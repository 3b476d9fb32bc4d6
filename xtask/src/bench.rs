//! `cargo xtask bench`: runs a benchmark of the crate `threadline-bench` on a PostgreSQL server.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::command::{cargo, run as run_command};
use crate::postgres::{Cluster, ClusterKind};
use crate::progress::step;
use crate::{bundle, paths};

/// `cargo xtask bench …`: the benchmark reads its own arguments.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// The benchmark and its options; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the benchmarks, and runs the chosen one.
pub(crate) fn run(options: &Options) -> Result<()> {
    let bench = options.arguments.first().map_or("", String::as_str);
    let mut build = cargo(["build", "--release", "--package", "threadline-bench"]);
    match bench {
        // The console embeds the bundle, and a browser loads it.
        "console" => drop(bundle::build()?),
        // These need the console, but no browser.
        "faults" | "share" => {}
        _ => drop(build.arg("--no-default-features")),
    }
    step("building the benchmark", || run_command(&mut build))?;
    let mut command = Command::new(benchmark_program()?);
    command.args(&options.arguments);
    let has_help_flag = options.arguments.iter().any(|argument| argument == "-h" || argument == "--help");
    if has_help_flag || env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty()) {
        return run_command(&mut command);
    }
    let _lock = lock()?;
    match bench {
        // These read an audit trail of millions of changes, which is kept.
        "query" | "console" | "share" => run_on(&Cluster::find(ClusterKind::BenchQuery)?, &mut command),
        // The figures of these must not depend on earlier runs, which leave gigabytes of write-ahead log.
        "capture" | "write-path" | "health" => {
            let cluster = Cluster::find(ClusterKind::Bench)?;
            cluster.remove()?;
            run_on(&cluster, &mut command)?;
            cluster.remove()
        }
        // This starts and stops servers of its own. For other names the program prints an error that lists the benchmarks.
        _ => run_command(&mut command),
    }
}

/// Returns the path of the benchmark program. Cargo writes it to the folder of the release profile, which is in the same
/// target folder as the one of this program's profile.
fn benchmark_program() -> Result<PathBuf> {
    let this = paths::this_program()?;
    let target = this.ancestors().nth(2).context("this program is not in a target folder")?;
    Ok(target.join("release/threadline-bench"))
}

fn run_on(cluster: &Cluster, command: &mut Command) -> Result<()> {
    let _server = cluster.start()?;
    cluster.set_environment(command, "postgres");
    run_command(command)
}

/// Locks the benchmarks of this checkout. Fails while another one runs, because the two would distort each other's figures.
fn lock() -> Result<File> {
    let folder = paths::target().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let lock = File::create(folder.join("lock")).context("cannot create the lock file")?;
    lock.try_lock().context("another benchmark of this checkout runs: wait until it ends")?;
    Ok(lock)
}
