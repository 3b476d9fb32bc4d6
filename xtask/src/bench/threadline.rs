//! Our own command line, as somebody who sets up capture runs it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{capture, cargo, forget_outer_cargo, run};
use crate::paths;
use crate::postgres::forget_settings;
use crate::progress::step;

#[derive(Debug)]
pub(super) struct Threadline {
    program: PathBuf,
}

impl Threadline {
    /// Builds it as it is released.
    pub(super) fn build() -> Result<Self> {
        step("building the command line", || {
            run(&mut cargo(["build", "--release", "--package", "threadline-cli"]))
                .context("the command line did not build")
        })?;
        Self::find()
    }

    /// Beside the folder of the profile that this program was built with.
    pub(super) fn find() -> Result<Self> {
        let this = paths::this_program()?;
        let target = this.ancestors().nth(2).context("this program lies in no target folder")?;
        Ok(Self { program: target.join("release/threadline") })
    }

    /// Installs the trail and captures the table in this mode.
    pub(super) fn capture(&self, url: &str, mode: &str) -> Result<()> {
        self.run(url, &["install"])?;
        self.run(url, &["gen", "triggers", "--tables", "tickets", "--apply", "--capture", mode])
    }

    /// The URL goes through the environment: it may hold a password, and others can read arguments.
    fn run(&self, url: &str, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(&self.program);
        forget_outer_cargo(&mut command);
        forget_settings(&mut command);
        capture(command.env("DATABASE_URL", url).args(arguments)).map(drop)
    }
}
