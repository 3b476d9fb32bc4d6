//! The demo host, `helpdesk`: built, and described as a command.

use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{cargo, forget_outer_cargo, run};
use crate::paths;
use crate::progress::step;

/// Builds the help desk with the dependencies that the workspace's tests are built with.
pub(crate) fn build() -> Result<()> {
    step("building the help desk", || {
        // Cargo compiles a dependency once for each set of features, which it collects from the chosen packages, and from
        // what they need for tests where tests or examples are chosen. There are no examples here.
        let arguments = ["build", "--workspace", "--bin", "helpdesk", "--examples"];
        run(&mut cargo(arguments)).context("the help desk did not build")
    })
}
/// The command that serves on this port of this machine.
pub(crate) fn command(port: u16, database_url: &str, quiet_traffic: bool) -> Result<Command> {
    let mut command = Command::new(paths::sibling_program("helpdesk")?);
    forget_outer_cargo(&mut command);
    command.current_dir(paths::root());
    command.args(["--listen", &format!("127.0.0.1:{port}"), "--database-url", database_url]);
    if quiet_traffic {
        command.arg("--quiet-traffic");
    }
    Ok(command)
}
