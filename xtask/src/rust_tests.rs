//! The Rust tests. All of them run on the distribution's PostgreSQL, and those of the library on the newest as well.

use std::num::NonZero;
use std::path::Path;
use std::{env, thread};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{capture, cargo, find_in_path, is_program, run as run_command};
use crate::postgres::{Cluster, ClusterKind, NEWEST_VERSION};
use crate::table::Table;
use crate::{dependencies, packages};

/// The modules with the slowest tests: random plans and writes, values of hundreds of megabytes, millions of rows, tests that start
/// servers of their own, and tests that repeat writes with every setting.
const SLOW_MODULES: [&str; 11] = [
    "differential::",
    "redaction::property::",
    VOLUME_MODULE,
    "cases::keys::",
    "cases::large::",
    "cases::restore::",
    "cases::settings::",
    "large_values::",
    "pgbouncer::",
    "query::standby::",
    "shop::",
];
/// The description of the tests that `cargo xtask test --quick` does not run.
pub(crate) const TESTS_SKIPPED_BY_QUICK: &str =
    "examples in the documentation, the slowest tests of the library and of the console";

/// The module whose tests write millions of rows. What it tests depends on the number of rows and not on the version of
/// PostgreSQL, so it runs on one version.
const VOLUME_MODULE: &str = "volume::";
/// The numbers of random plans on the second version of PostgreSQL: a third of those on the first, or less.
const PLANS_OF_SECOND_VERSION: [(&str, &str); 2] =
    [("THREADLINE_PROPERTY_CASES", "10"), ("THREADLINE_DIFFERENTIAL_PLANS", "4")];

/// The environment variable that sets the number of tests that run at the same time.
const TEST_THREADS_VARIABLE: &str = "RUST_TEST_THREADS";

/// A selection of tests, which one `cargo test` command runs.
#[derive(Debug)]
struct Selection {
    name: &'static str,
    arguments: Vec<String>,
    /// The environment variables that are set unless the caller has set them.
    variables: Vec<(&'static str, String)>,
}

impl Selection {
    fn new(name: &'static str, arguments: &[&str]) -> Self {
        let variables = vec![(TEST_THREADS_VARIABLE, test_threads().to_string())];
        Self { name, arguments: arguments.iter().copied().map(str::to_owned).collect(), variables }
    }

    /// Selects all tests and documentation examples of all crates. All selections include the whole workspace, because cargo
    /// compiles a crate once for each set of chosen packages.
    fn all() -> Self {
        Self::new("tests of all crates", &["--workspace"])
    }

    /// Selects the integration tests of the library, which contains all code that depends on the version of PostgreSQL, for a
    /// second version. They are selected by name and not by package, so that the build of the whole workspace is used again.
    fn library() -> Result<Self> {
        let mut selection = Self::new("tests of the library", &["--workspace"]);
        let metadata = capture(&mut cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
        for name in integration_tests(&metadata, "threadline")? {
            selection.arguments.extend(["--test".to_owned(), name]);
        }
        selection.arguments.extend(["--", "--skip", VOLUME_MODULE].map(str::to_owned));
        selection.variables.extend(PLANS_OF_SECOND_VERSION.map(|(name, plans)| (name, plans.to_owned())));
        Ok(selection)
    }

    /// Selects all tests except the documentation examples and the slowest tests.
    fn quick() -> Self {
        let mut selection = Self::new("quick tests", &["--workspace", "--tests", "--"]);
        selection
            .arguments
            .extend(SLOW_MODULES.iter().flat_map(|name| ["--skip".to_owned(), (*name).to_owned()]));
        selection
    }

    /// Runs the tests with a command that `prepare` has changed.
    fn run(&self, prepare: impl FnOnce(&mut std::process::Command)) -> Result<()> {
        // All test binaries run, even if a test of one fails.
        let mut command = cargo(["test", "--no-fail-fast"]);
        command.args(&self.arguments);
        command.envs(
            self.variables
                .iter()
                .filter(|(name, _)| env::var_os(name).is_none())
                .map(|(name, value)| (name, value)),
        );
        prepare(&mut command);
        run_command(&mut command)
    }
}

/// Returns the number of tests that run at the same time. It is larger than the number of cores, because a test waits while
/// its server works, and the tests with the largest values wait for each other.
fn test_threads() -> usize {
    2 * thread::available_parallelism().map_or(2, NonZero::get)
}

/// Runs all tests on the server of `DATABASE_URL`, if it is set. Otherwise runs all tests on the distribution's PostgreSQL,
/// and those of the library on the newest one.
pub(crate) fn run(table: &mut Table) {
    dependencies::check(table);
    install_programs(table);
    if is_database_url_set() {
        run_on_configured_server(table, &Selection::all());
        return;
    }
    if run_on_private_server(table, ClusterKind::Main, &Selection::all()) == Some(NEWEST_VERSION) {
        eprintln!(
            "    the distribution's PostgreSQL is {NEWEST_VERSION}, the newest version: \
             the tests of the library do not run again"
        );
    } else if let Some(library) =
        table.run_prerequisite("names of the tests of the library", Selection::library)
    {
        run_on_private_server(table, ClusterKind::Newest, &library);
    }
}

/// Runs the quick tests on one server.
pub(crate) fn run_quick(table: &mut Table) {
    install_programs(table);
    if is_database_url_set() {
        run_on_configured_server(table, &Selection::quick());
    } else {
        run_on_private_server(table, ClusterKind::Main, &Selection::quick());
    }
}

/// Installs the programs that the tests start themselves.
fn install_programs(table: &mut Table) {
    table.run_prerequisite("PgBouncer", install_pgbouncer);
    table.run_prerequisite("libfaketime", install_libfaketime);
}

fn is_database_url_set() -> bool {
    env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty())
}

fn run_on_configured_server(table: &mut Table, selection: &Selection) {
    eprintln!("    using the server of DATABASE_URL, not a private one");
    table.run_step(&format!("{}, server of DATABASE_URL", selection.name), || selection.run(|_| ()));
}

/// Runs tests on a private server. Returns its version, or `None` if it did not start.
fn run_on_private_server(table: &mut Table, kind: ClusterKind, selection: &Selection) -> Option<u32> {
    let name = match kind {
        ClusterKind::Newest => format!("PostgreSQL {NEWEST_VERSION}"),
        _ => "the distribution's PostgreSQL".to_owned(),
    };
    let cluster = table.run_prerequisite(&format!("installing {name}"), || Cluster::find(kind));
    let server = cluster.as_ref().and_then(|cluster| {
        table
            .run_prerequisite(&format!("starting {name}"), || cluster.start().map(|server| (cluster, server)))
    });
    let Some((cluster, _server)) = server else {
        table.add_not_run(&format!("{}, {name}", selection.name));
        return None;
    };
    // Every test connects to this database and creates its own.
    let prepare = |command: &mut _| cluster.set_environment(command, "postgres");
    table.run_step(&format!("{}, PostgreSQL {}", selection.name, cluster.version()), || {
        selection.run(prepare)
    });
    Some(cluster.version())
}

/// Reads the names of a package's integration tests from the output of `cargo metadata`.
fn integration_tests(metadata: &str, package: &str) -> Result<Vec<String>> {
    let metadata: Value =
        serde_json::from_str(metadata).context("cannot read the output of `cargo metadata`")?;
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
        bail!("`cargo metadata` lists no integration test of {package}");
    }
    Ok(names)
}

/// Installs PgBouncer, if it is missing. Debian installs it in a folder that is only in the PATH of root.
fn install_pgbouncer() -> Result<()> {
    let is_installed = find_in_path("pgbouncer").is_some() || is_program(Path::new("/usr/sbin/pgbouncer"));
    if is_installed { Ok(()) } else { packages::install(&["pgbouncer"]) }
}

/// Installs libfaketime, if it is missing. Tests set the clock of their own server back with it.
fn install_libfaketime() -> Result<()> {
    if find_in_path("faketime").is_some() { Ok(()) } else { packages::install(&["faketime"]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integration_tests_package_without_tests_returns_error() {
        let metadata = r#"{"packages": [
            {"name": "one", "targets": [{"name": "one", "kind": ["lib"]}, {"name": "it", "kind": ["test"]}]},
            {"name": "two", "targets": [{"name": "console", "kind": ["test"]}]}
        ]}"#;
        assert_eq!(integration_tests(metadata, "one").unwrap(), ["it"]);
        assert!(integration_tests(metadata, "three").is_err());
    }
}
