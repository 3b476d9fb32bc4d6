//! `cargo xtask test`: everything that CI runs.

use anyhow::{Context, Result};
use clap::Args;

use crate::command::{cargo, run as run_command};
use crate::table::Table;
use crate::wasm::Toolchain;
use crate::{browser, bundle, host, rust_tests};

/// `cargo xtask test …`; without a flag, all parts.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Formatting, clippy and documentation, warnings as errors.
    #[arg(long)]
    lint: bool,
    /// All Rust tests, against private PostgreSQL servers of two versions or the one of `DATABASE_URL`.
    #[arg(long)]
    rust: bool,
    /// The browser suite.
    #[arg(long)]
    browser: bool,
    #[command(flatten)]
    suite: browser::SuiteOptions,
}

/// Runs every part that can run, whatever became of those before it.
pub(crate) fn run(options: &Options) -> Result<()> {
    let all = !(options.lint || options.rust || options.browser);
    let mut table = Table::default();
    if all || options.lint {
        lint(&mut table);
    }
    if all || options.rust {
        rust_tests::run(&mut table);
    }
    if all || options.browser {
        browser_suite(options, &mut table);
    }
    table.print();
    table.verdict()
}

fn browser_suite(options: &Options, table: &mut Table) {
    // The help desk takes the bundle in, and the suite needs the help desk.
    if table.time("browser bundle", bundle::build).is_none() {
        table.leave_out("help desk");
        table.leave_out("browser suite");
    } else if table.time("help desk", host::build).is_none() {
        table.leave_out("browser suite");
    } else {
        table.step("browser suite", || browser::run(options.suite));
    }
}

fn lint(table: &mut Table) {
    table.step("formatting", || {
        run_command(&mut cargo(["fmt", "--all", "--check"])).context("`cargo fmt --all` sets it right")
    });
    table.step("clippy", || {
        run_command(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    table.step("clippy of the browser's part", || {
        let toolchain = Toolchain::find_or_install()?;
        let action = if toolchain.has_clippy() { "clippy" } else { "check" };
        run_command(&mut toolchain.cargo(action, &["--package", "threadline-frontend"], true))
    });
    table.step("documentation", || {
        let mut command = cargo(["doc", "--workspace", "--no-deps", "--document-private-items"]);
        run_command(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
}
