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
    /// An answer in minutes: formatting, clippy, and the Rust tests on one server, without those that take longest.
    #[arg(long, conflicts_with_all = ["lint", "rust", "browser"])]
    quick: bool,
    #[command(flatten)]
    suite: browser::SuiteOptions,
}

/// Runs every part that can run, whatever became of those before it.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut table = Table::default();
    if options.quick {
        quick(&mut table);
    } else {
        parts(options, &mut table);
    }
    table.print();
    table.verdict()
}

fn parts(options: &Options, table: &mut Table) {
    let all = !(options.lint || options.rust || options.browser);
    // First, for the server's crate embeds the bundle and would be compiled again after it.
    let has_bundle = (all || options.browser) && table.time("browser bundle", bundle::build).is_some();
    if all || options.lint {
        lint(table);
    }
    if all || options.rust {
        rust_tests::run(table);
    }
    if all || options.browser {
        // The help desk embeds the bundle, and the suite needs the help desk.
        if !has_bundle {
            table.leave_out("help desk");
            table.leave_out("browser suite");
        } else if table.time("help desk", host::build).is_none() {
            table.leave_out("browser suite");
        } else {
            table.step("browser suite", || browser::run(options.suite));
        }
    }
}

fn quick(table: &mut Table) {
    formatting(table);
    clippy(table);
    rust_tests::run_quick(table);
    eprintln!(
        "    left out: clippy of the browser's part, documentation, {}, PostgreSQL's newest version, the browser suite; \
         `cargo xtask test` runs them",
        rust_tests::LEFT_OUT_BY_QUICK
    );
}

fn lint(table: &mut Table) {
    formatting(table);
    clippy(table);
    // The features that other crates ask for are not there: the library has to compile with those that it names itself.
    table.step("clippy of the library alone", || {
        run_command(&mut cargo(["clippy", "--package", "threadline", "--", "-D", "warnings"]))
    });
    table.step("clippy of the browser's part", || {
        let toolchain = Toolchain::find_or_install()?;
        let action = if toolchain.has_clippy() { "clippy" } else { "check" };
        // The profile of the bundle, with which it shares procedural macros and build scripts.
        let arguments = ["--package", "threadline-frontend", "--profile", "wasm"];
        run_command(&mut toolchain.cargo(action, &arguments, true))
    });
    table.step("documentation", || {
        let mut command = cargo(["doc", "--workspace", "--no-deps", "--document-private-items"]);
        run_command(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
}

fn formatting(table: &mut Table) {
    table.step("formatting", || {
        run_command(&mut cargo(["fmt", "--all", "--check"])).context("`cargo fmt --all` sets it right")
    });
}

fn clippy(table: &mut Table) {
    table.step("clippy", || {
        run_command(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
}
