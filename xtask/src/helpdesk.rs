//! The example application `helpdesk`: builds it, and returns the command that runs it.

use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{cargo, remove_cargo_variables, run};
use crate::paths;
use crate::progress::step;

/// Builds the help desk with the same dependencies as the workspace's tests.
pub(crate) fn build() -> Result<()> {
    step("building the help desk", || {
        // Cargo compiles a dependency once for each set of features. The set is the union over the chosen packages, and
        // includes their dev-dependencies if tests or examples are chosen. `--examples` therefore selects the set of the
        // tests, although the workspace has no examples.
        let arguments = ["build", "--workspace", "--bin", "helpdesk", "--examples"];
        run(&mut cargo(arguments)).context("the help desk did not build")
    })
}

/// Returns the command that serves the help desk on a port of 127.0.0.1.
pub(crate) fn command(port: u16, database_url: &str, quiet_traffic: bool) -> Result<Command> {
    let mut command = Command::new(paths::sibling_program("helpdesk")?);
    remove_cargo_variables(&mut command);
    command.current_dir(paths::root());
    command.args(["--listen", &format!("127.0.0.1:{port}"), "--database-url", database_url]);
    if quiet_traffic {
        command.arg("--quiet-traffic");
    }
    Ok(command)
}
