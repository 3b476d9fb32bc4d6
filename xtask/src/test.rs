//! `cargo xtask test`: runs the same parts as CI.

use anyhow::{Context, Result};
use clap::Args;

use crate::command::{cargo, run as run_command};
use crate::table::Table;
use crate::wasm::Toolchain;
use crate::{browser, bundle, fuzz, helpdesk, rust_tests};

/// `cargo xtask test …`; without a flag, all parts.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Check formatting, clippy and documentation, with warnings as errors.
    #[arg(long)]
    lint: bool,
    /// Run all Rust tests, on private PostgreSQL servers of two versions or on the server of `DATABASE_URL`.
    #[arg(long)]
    rust: bool,
    /// Run the browser suite.
    #[arg(long)]
    browser: bool,
    /// Run each fuzz target for a minute. In CI this part has a job of its own.
    #[arg(long)]
    fuzz: bool,
    /// Check formatting and clippy, and run the Rust tests on one server without the slowest ones, within minutes.
    #[arg(long, conflicts_with_all = ["lint", "rust", "browser", "fuzz"])]
    quick: bool,
    #[command(flatten)]
    suite: browser::SuiteOptions,
}

/// Runs the chosen parts. A part that fails does not stop the following ones.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut table = Table::default();
    if options.quick {
        run_quick(&mut table);
    } else {
        run_parts(options, &mut table);
    }
    table.print();
    table.result()
}

fn run_parts(options: &Options, table: &mut Table) {
    let all = !(options.lint || options.rust || options.browser || options.fuzz);
    // The bundle is first, because the server crate embeds it and would have to be compiled again after it.
    let has_bundle = (all || options.browser) && table.run("browser bundle", bundle::build).is_some();
    if all || options.lint {
        lint(table);
    }
    if all || options.rust {
        rust_tests::run(table);
    }
    // The tests check the same properties with fewer inputs. The targets are compiled with flags of their own, which takes
    // longer than to run them.
    if options.fuzz {
        table.run("fuzz targets", fuzz::run_all);
    }
    if all || options.browser {
        // The help desk embeds the bundle, and the suite needs the help desk.
        if !has_bundle {
            table.add_not_run("help desk");
            table.add_not_run("browser suite");
        } else if table.run("help desk", helpdesk::build).is_none() {
            table.add_not_run("browser suite");
        } else {
            table.run_step("browser suite", || browser::run(options.suite));
        }
    }
}

fn run_quick(table: &mut Table) {
    check_formatting(table);
    run_clippy(table);
    rust_tests::run_quick(table);
    eprintln!(
        "    not run: clippy of the frontend crate, documentation, {}, the newest version of PostgreSQL, the fuzz targets, \
         the browser suite; `cargo xtask test` runs them",
        rust_tests::TESTS_SKIPPED_BY_QUICK
    );
}

fn lint(table: &mut Table) {
    check_formatting(table);
    run_clippy(table);
    // In the workspace other crates enable features of the library's dependencies. The library has to compile with the
    // features that it enables itself.
    table.run_step("clippy of the library alone", || {
        run_command(&mut cargo(["clippy", "--package", "threadline", "--", "-D", "warnings"]))
    });
    table.run_step("clippy of the frontend crate", || {
        let toolchain = Toolchain::find_or_install()?;
        let action = if toolchain.has_clippy() { "clippy" } else { "check" };
        // The profile of the bundle is used again, so that procedural macros and build scripts are compiled once.
        let arguments = ["--package", "threadline-frontend", "--profile", "wasm"];
        run_command(&mut toolchain.cargo(action, &arguments, true))
    });
    table.run_step("documentation", || {
        let mut command = cargo(["doc", "--workspace", "--no-deps", "--document-private-items"]);
        run_command(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
}

fn check_formatting(table: &mut Table) {
    table.run_step("formatting", || {
        run_command(&mut cargo(["fmt", "--all", "--check"]))
            .context("`cargo fmt --all` fixes the formatting")?;
        run_command(&mut cargo(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
            .context("`cargo fmt --manifest-path fuzz/Cargo.toml` fixes the formatting")
    });
}

fn run_clippy(table: &mut Table) {
    table.run_step("clippy", || {
        run_command(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
}
