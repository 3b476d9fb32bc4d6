//! `cargo xtask bench`: runs a benchmark of the crate `threadline-bench` on a PostgreSQL server.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::command::{cargo, run as run_command};
use crate::postgres::{Cluster, Which};
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

pub(crate) fn run(options: &Options) -> Result<()> {
    let bench = options.arguments.first().map_or("", String::as_str);
    let mut build = cargo(["build", "--release", "--package", "threadline-bench"]);
    if bench == "console" {
        // The console embeds the bundle, and a browser loads it.
        bundle::build()?;
    } else {
        build.arg("--no-default-features");
    }
    step("building the benchmark", || run_command(&mut build))?;
    let mut command = Command::new(program()?);
    command.args(&options.arguments);
    let asks_for_help = options.arguments.iter().any(|argument| argument == "-h" || argument == "--help");
    if asks_for_help || env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty()) {
        return run_command(&mut command);
    }
    let _lock = lock()?;
    match bench {
        // These read a trail of millions of changes, which is kept.
        "query" | "console" => run_on(&Cluster::find(Which::BenchQuery)?, &mut command),
        // The figures of these must not depend on earlier runs, which leave gigabytes of write-ahead log.
        "capture" | "write-path" | "health" => {
            let cluster = Cluster::find(Which::Bench)?;
            cluster.remove()?;
            run_on(&cluster, &mut command)?;
            cluster.remove()
        }
        // The program says what it expects.
        _ => run_command(&mut command),
    }
}

/// Returns the benchmark program, which cargo puts beside the folder of the profile that this program was built with.
fn program() -> Result<PathBuf> {
    let this = paths::this_program()?;
    let target = this.ancestors().nth(2).context("this program is in no target folder")?;
    Ok(target.join("release/threadline-bench"))
}

fn run_on(cluster: &Cluster, command: &mut Command) -> Result<()> {
    let _server = cluster.start()?;
    cluster.serve(command, "postgres");
    run_command(command)
}

/// Fails while another benchmark of this checkout runs, because the two would measure each other.
fn lock() -> Result<File> {
    let folder = paths::target().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let lock = File::create(folder.join("lock")).context("cannot create the lock file")?;
    lock.try_lock().context("another benchmark of this checkout runs: wait until it ends")?;
    Ok(lock)
}
