//! Runs a program that may take long: asked to stop, it is stopped.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use super::server::Server;
use crate::command::{cargo, spawn, wait};
use crate::interrupt;
use crate::postgres::forget_settings;

/// A measuring program: a bench of one of our packages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bench {
    pub(super) package: &'static str,
    pub(super) name: &'static str,
}

impl Bench {
    /// Builds it.
    pub(super) fn build(self) -> Command {
        let mut command = self.command();
        command.arg("--no-run");
        command
    }

    /// Runs it on this database.
    pub(super) fn on(self, server: &Server, database: &str, arguments: &[&str]) -> Command {
        let mut command = self.command();
        command.arg("--").args(arguments);
        forget_settings(&mut command);
        command.env("DATABASE_URL", server.url(database));
        command
    }

    fn command(self) -> Command {
        cargo(["bench", "--package", self.package, "--bench", self.name])
    }
}

/// Gives the program its input and returns what it printed; anything but success is an error that carries its messages.
/// The input must be short enough for a pipe to hold: it is written before anything is read.
pub(super) fn run(command: &mut Command, input: &str) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    // Their output is read by us, not by a person.
    command.env("LC_ALL", "C");
    let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that ended early did not read it, and says why itself.
        let _ended = pipe.write_all(input.as_bytes());
    }
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (status, out, err) = thread::scope(|scope| {
        let out = scope.spawn(|| text(out));
        let err = scope.spawn(|| text(err));
        (wait(&mut child), out.join().unwrap_or_default(), err.join().unwrap_or_default())
    });
    let status = status.with_context(|| format!("cannot wait for `{name}`"))?;
    if interrupt::asked() {
        bail!("stopped while `{name}` ran");
    }
    if !status.success() {
        bail!("`{name}` failed ({status}): {}", err.trim());
    }
    Ok(out)
}

fn text(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What was read before an error is all there is to tell; the exit status decides.
        let _end = pipe.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
