//! `cargo xtask test`: everything that CI runs.

use std::env;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command::{capture, cargo, find, is_program, run as run_command};
use crate::postgres::{Cluster, Which};
use crate::progress::Table;
use crate::wasm::Toolchain;
use crate::{browser, bundle, host, packages};

/// `cargo xtask test …`; without a flag, all parts.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Formatting, clippy and documentation, warnings as errors.
    #[arg(long)]
    lint: bool,
    /// All Rust tests, against a private PostgreSQL server or the one of `DATABASE_URL`.
    #[arg(long)]
    rust: bool,
    /// The browser suite.
    #[arg(long)]
    browser: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let all = !(options.lint || options.rust || options.browser);
    let mut table = Table::default();
    let result = parts(options, all, &mut table);
    table.print();
    result
}

fn parts(options: &Options, all: bool, table: &mut Table) -> Result<()> {
    if all || options.lint {
        lint(table)?;
    }
    if all || options.rust {
        table.step("Rust tests", rust)?;
    }
    if all || options.browser {
        table.time("browser bundle", || bundle::build().map(drop))?;
        table.time("help desk", host::build)?;
        table.step("browser suite", browser::run)?;
    }
    Ok(())
}

fn lint(table: &mut Table) -> Result<()> {
    table.step("formatting", || {
        run_command(&mut cargo(["fmt", "--all", "--check"])).context("`cargo fmt --all` sets it right")
    })?;
    table.step("clippy", || {
        run_command(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    })?;
    table.step("clippy of the browser's part", || {
        let toolchain = Toolchain::find_or_install()?;
        let action = if toolchain.has_clippy() { "clippy" } else { "check" };
        run_command(&mut toolchain.cargo(action, &["--package", "threadline-frontend"], true))
    })?;
    table.step("documentation", || {
        let mut command = cargo(["doc", "--workspace", "--no-deps", "--document-private-items"]);
        run_command(command.env("RUSTDOCFLAGS", "-D warnings"))
    })
}

fn rust() -> Result<()> {
    pooler()?;
    without_web()?;
    let parts: [&[&str]; 3] = [
        &["--package", "threadline"],
        &["--package", "threadline", "--features", "axum", "--doc"],
        &["--workspace", "--exclude", "threadline"],
    ];
    if env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty()) {
        eprintln!("    using the server of DATABASE_URL, not a private one");
        return parts.iter().try_for_each(|part| run_command(cargo(["test"]).args(*part)));
    }
    let cluster = Cluster::find(Which::Main)?;
    let _server = cluster.start()?;
    // Every test makes a database of its own from here.
    parts.iter().try_for_each(|part| {
        let mut command = cargo(["test"]);
        command.args(*part);
        cluster.serve(&mut command, "postgres");
        run_command(&mut command)
    })
}

/// The library alone, tests included, builds on nothing of the web; so it is tested alone.
fn without_web() -> Result<()> {
    let edges = ["--edges", "normal,build,dev", "--prefix", "none"];
    let tree = capture(cargo(["tree", "--package", "threadline"]).args(edges))?;
    let web = ["axum", "axum-core", "http", "hyper", "leptos", "tower", "tower-service"];
    let found = tree.lines().filter_map(|line| line.split(' ').next()).find(|name| web.contains(name));
    match found {
        Some(name) => bail!("the library builds on {name}: only its features tower and axum may"),
        None => Ok(()),
    }
}

/// The tests start PgBouncer themselves. Debian keeps it where only root's PATH leads.
fn pooler() -> Result<()> {
    let there = find("pgbouncer").is_some() || is_program(Path::new("/usr/sbin/pgbouncer"));
    if there { Ok(()) } else { packages::install(&["pgbouncer"]) }
}
