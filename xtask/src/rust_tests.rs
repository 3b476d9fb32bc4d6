//! The Rust tests: all of them on the distribution's PostgreSQL, and those of the library on the newest as well.

use std::num::NonZero;
use std::path::Path;
use std::{env, thread};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{capture, cargo, find, is_program, run as run_command};
use crate::packages;
use crate::postgres::{Cluster, NEWEST, Which};
use crate::table::Table;

/// The modules whose tests take longest: random plans, random writes, and millions of rows.
const SLOW_TESTS: [&str; 3] = ["differential::", "redaction::property::", "volume::"];
/// The tests that `cargo xtask test --quick` does not run.
pub(crate) const LEFT_OUT_BY_QUICK: &str = "examples in the documentation, the longest tests of the library";

/// The variable by which the test harness is told how many tests run at once.
const TEST_THREADS: &str = "RUST_TEST_THREADS";

/// Tests that cargo runs at once.
#[derive(Debug)]
struct Part {
    name: &'static str,
    arguments: Vec<String>,
}

impl Part {
    fn new(name: &'static str, arguments: &[&str]) -> Self {
        Self { name, arguments: arguments.iter().copied().map(str::to_owned).collect() }
    }

    /// All tests and examples of all crates. A crate is compiled once for each choice of packages, so there is one choice.
    fn everything() -> Self {
        Self::new("all crates' tests", &["--workspace"])
    }

    /// Capture, health and queries are all in the library. Its tests are chosen by name and not by package, because they are
    /// built already, as a part of the workspace.
    fn library() -> Result<Self> {
        let mut part = Self::new("library's tests", &["--workspace"]);
        let metadata = capture(&mut cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
        for name in integration_tests(&metadata, "threadline")? {
            part.arguments.extend(["--test".to_owned(), name]);
        }
        Ok(part)
    }

    /// Everything but the examples and what takes longest.
    fn quick() -> Self {
        let mut part = Self::new("tests that are quick", &["--workspace", "--tests", "--"]);
        part.arguments.extend(SLOW_TESTS.iter().flat_map(|name| ["--skip".to_owned(), (*name).to_owned()]));
        part
    }

    fn run(&self, prepare: impl FnOnce(&mut std::process::Command)) -> Result<()> {
        // A failed test does not keep the others from running.
        let mut command = cargo(["test", "--no-fail-fast"]);
        command.args(&self.arguments);
        if env::var_os(TEST_THREADS).is_none() {
            command.env(TEST_THREADS, test_threads().to_string());
        }
        prepare(&mut command);
        run_command(&mut command)
    }
}

/// Returns the number of tests that run at once. There are more than the processor has cores, because a test waits while its
/// server works, and the tests with the largest values wait for each other.
fn test_threads() -> usize {
    2 * thread::available_parallelism().map_or(2, NonZero::get)
}

/// Runs all tests on the distribution's PostgreSQL and the library's on the newest, or all on the server of `DATABASE_URL`.
pub(crate) fn run(table: &mut Table) {
    table.prepare("library without the web", without_web);
    prepare(table);
    if uses_own_server() {
        run_on_own_server(table, &Part::everything());
        return;
    }
    if run_on_private_server(table, Which::Main, &Part::everything()) == Some(NEWEST) {
        eprintln!(
            "    the distribution's PostgreSQL is {NEWEST} already: there is no second run of the library's tests"
        );
    } else if let Some(library) = table.prepare("names of the library's tests", Part::library) {
        run_on_private_server(table, Which::Newest, &library);
    }
}

/// Runs the tests that give an answer in minutes, on one server.
pub(crate) fn run_quick(table: &mut Table) {
    prepare(table);
    if uses_own_server() {
        run_on_own_server(table, &Part::quick());
    } else {
        run_on_private_server(table, Which::Main, &Part::quick());
    }
}

/// Installs what the tests start themselves.
fn prepare(table: &mut Table) {
    table.prepare("PgBouncer", pooler);
    table.prepare("libfaketime", clock);
}

fn uses_own_server() -> bool {
    env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty())
}

fn run_on_own_server(table: &mut Table, part: &Part) {
    eprintln!("    using the server of DATABASE_URL, not a private one");
    table.step(&format!("{}, server of DATABASE_URL", part.name), || part.run(|_| ()));
}

/// Runs tests on one private server. Returns its version, if it runs.
fn run_on_private_server(table: &mut Table, which: Which, part: &Part) -> Option<u32> {
    let name = match which {
        Which::Newest => format!("PostgreSQL {NEWEST}"),
        _ => "the distribution's PostgreSQL".to_owned(),
    };
    let cluster = table.prepare(&format!("installing {name}"), || Cluster::find(which));
    let server = cluster.as_ref().and_then(|cluster| {
        table.prepare(&format!("starting {name}"), || cluster.start().map(|server| (cluster, server)))
    });
    let Some((cluster, _server)) = server else {
        table.leave_out(&format!("{}, {name}", part.name));
        return None;
    };
    // Every test makes a database of its own from here.
    let serve = |command: &mut _| cluster.serve(command, "postgres");
    table.step(&format!("{}, PostgreSQL {}", part.name, cluster.version()), || part.run(serve));
    Some(cluster.version())
}

/// Reads the names of a package's integration tests from what `cargo metadata` prints.
fn integration_tests(metadata: &str, package: &str) -> Result<Vec<String>> {
    let metadata: Value =
        serde_json::from_str(metadata).context("cannot read what `cargo metadata` printed")?;
    let list =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let is_named = |value: &Value| value.get("name").and_then(Value::as_str) == Some(package);
    let is_test = |target: &Value| list(target, "kind").iter().any(|kind| kind == "test");
    let names: Vec<String> = list(&metadata, "packages")
        .iter()
        .filter(|value| is_named(value))
        .flat_map(|package| list(package, "targets"))
        .filter(is_test)
        .filter_map(|target| target.get("name")?.as_str().map(str::to_owned))
        .collect();
    if names.is_empty() {
        bail!("`cargo metadata` names no integration test of {package}");
    }
    Ok(names)
}

/// Checks that the library depends on nothing of the web, tests included, unless a host asks for its features.
fn without_web() -> Result<()> {
    let edges = ["--edges", "normal,build,dev", "--prefix", "none"];
    let tree = capture(cargo(["tree", "--package", "threadline"]).args(edges))?;
    let web = ["axum", "axum-core", "http", "hyper", "leptos", "tower", "tower-service"];
    let found = tree.lines().filter_map(|line| line.split(' ').next()).find(|name| web.contains(name));
    match found {
        Some(name) => bail!("the library depends on {name}: only its features tower and axum may"),
        None => Ok(()),
    }
}

/// The tests start PgBouncer themselves. Debian keeps it where only root's PATH leads.
fn pooler() -> Result<()> {
    let there = find("pgbouncer").is_some() || is_program(Path::new("/usr/sbin/pgbouncer"));
    if there { Ok(()) } else { packages::install(&["pgbouncer"]) }
}

/// The tests set the clock of a server of their own back, by libfaketime.
fn clock() -> Result<()> {
    if find("faketime").is_some() { Ok(()) } else { packages::install(&["faketime"]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integration_tests_of_one_package_are_found() {
        let metadata = r#"{"packages": [
            {"name": "one", "targets": [{"name": "one", "kind": ["lib"]}, {"name": "it", "kind": ["test"]}]},
            {"name": "two", "targets": [{"name": "console", "kind": ["test"]}]}
        ]}"#;
        assert_eq!(integration_tests(metadata, "one").unwrap(), ["it"]);
        assert!(integration_tests(metadata, "three").is_err());
    }
}
