//! The Rust tests: all of them on the distribution's PostgreSQL, and those of the library on the newest as well.

use std::env;
use std::path::Path;

use anyhow::{Result, bail};

use crate::command::{capture, cargo, find, is_program, run as run_command};
use crate::packages;
use crate::postgres::{Cluster, NEWEST, Which};
use crate::table::Table;

/// Tests that cargo runs at once.
#[derive(Debug)]
struct Part {
    name: &'static str,
    arguments: &'static [&'static str],
}

/// Capture, health and queries are all in the library.
const LIBRARY: Part = Part { name: "library's tests", arguments: &["--package", "threadline"] };
const LIBRARY_AXUM: Part = Part {
    name: "library's examples with axum",
    arguments: &["--package", "threadline", "--features", "axum", "--doc"],
};
const OTHERS: Part =
    Part { name: "other crates' tests", arguments: &["--workspace", "--exclude", "threadline"] };
/// The programs that the first part has built, so it costs only the time that they run. Examples ask no server.
const LIBRARY_AGAIN: Part =
    Part { name: "library's tests", arguments: &["--package", "threadline", "--tests"] };

pub(crate) fn run(table: &mut Table) {
    table.prepare("library without the web", without_web);
    table.prepare("PgBouncer", pooler);
    table.prepare("libfaketime", clock);
    let all = [LIBRARY, LIBRARY_AXUM, OTHERS];
    if env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty()) {
        eprintln!("    using the server of DATABASE_URL, not a private one");
        for part in all {
            table.step(&format!("{}, server of DATABASE_URL", part.name), || part.run(|_| ()));
        }
        return;
    }
    if privately(table, Which::Main, &all) == Some(NEWEST) {
        eprintln!(
            "    the distribution's PostgreSQL is {NEWEST} already: there is no second run of the library's tests"
        );
    } else {
        privately(table, Which::Newest, &[LIBRARY_AGAIN]);
    }
}

/// Runs tests on one private server; answers its version, if it is there.
fn privately(table: &mut Table, which: Which, parts: &[Part]) -> Option<u32> {
    let name = match which {
        Which::Newest => format!("PostgreSQL {NEWEST}"),
        _ => "the distribution's PostgreSQL".to_owned(),
    };
    let cluster = table.prepare(&format!("installing {name}"), || Cluster::find(which));
    let server = cluster.as_ref().and_then(|cluster| {
        table.prepare(&format!("starting {name}"), || cluster.start().map(|server| (cluster, server)))
    });
    let Some((cluster, _server)) = server else {
        parts.iter().for_each(|part| table.leave_out(&format!("{}, {name}", part.name)));
        return None;
    };
    for part in parts {
        // Every test makes a database of its own from here.
        let serve = |command: &mut _| cluster.serve(command, "postgres");
        table.step(&format!("{}, PostgreSQL {}", part.name, cluster.version()), || part.run(serve));
    }
    Some(cluster.version())
}

impl Part {
    fn run(&self, prepare: impl FnOnce(&mut std::process::Command)) -> Result<()> {
        // A failed test hides nothing of the others.
        let mut command = cargo(["test", "--no-fail-fast"]);
        command.args(self.arguments);
        prepare(&mut command);
        run_command(&mut command)
    }
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

/// The tests set the clock of a server of their own back, by libfaketime.
fn clock() -> Result<()> {
    if find("faketime").is_some() { Ok(()) } else { packages::install(&["faketime"]) }
}
