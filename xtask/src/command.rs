//! Starts other programs: with a clean environment, stoppable, and with an error that names the command.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::{interrupt, paths};

/// How long a child may take to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// `cargo` of the toolchain that runs this program, in the checkout.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(paths::root()).args(arguments);
    forget_outer_cargo(&mut command);
    command
}

/// Takes away what the cargo that started us says about *this* package. Settings that a person gave (`CARGO_HOME`,
/// `CARGO_TERM_COLOR`, …) stay.
pub(crate) fn forget_outer_cargo(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let told = name.to_str().is_some_and(|name| {
            matches!(name, "CARGO" | "CARGO_PRIMARY_PACKAGE" | "CARGO_CRATE_NAME" | "RUST_RECURSION_COUNT")
                || ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_"].iter().any(|start| name.starts_with(start))
        });
        if told {
            command.env_remove(name);
        }
    }
}

/// Runs a program to its end, its output going straight through; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = describe(command);
    let mut child = spawn(command)?;
    let status = wait(&mut child).with_context(|| format!("cannot wait for `{name}`"))?;
    if interrupt::asked() {
        bail!("stopped while `{name}` ran");
    }
    if !status.success() {
        bail!("`{name}` failed ({status}); its own messages are above");
    }
    Ok(())
}

/// Runs a short program and gives what it printed; anything but success is an error that carries its messages.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let name = describe(command);
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("`{name}` cannot be started"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{name}` failed ({}): {}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts a program that goes on while we do something else.
pub(crate) fn spawn(command: &mut Command) -> Result<Child> {
    let name = describe(command);
    command.spawn().with_context(|| format!("`{name}` cannot be started: is it installed and in PATH?"))
}

/// Waits for a child. When somebody asks us to stop, the child is asked too: Ctrl-C in a terminal has reached it
/// already, a SIGTERM sent to this process has not.
pub(crate) fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupt::asked() {
            return stop(child);
        }
        sleep(Duration::from_millis(20));
    }
}

/// Asks a child to stop, and kills it when it does not.
pub(crate) fn stop(child: &mut Child) -> Result<ExitStatus> {
    let start = Instant::now();
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself in the meantime: then there is nobody to tell, and that is fine.
        let _ended = kill_process(pid, Signal::INT);
    }
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        sleep(Duration::from_millis(20));
    }
    child.kill()?;
    Ok(child.wait()?)
}

/// The program's file, when PATH has it.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|file| is_program(file))
}

pub(crate) fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

/// The command as a person would type it, without the folders of its program.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(program.as_os_str())];
    words.extend(command.get_args());
    words.join(OsStr::new(" ")).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_described_as_typed() {
        assert_eq!(describe(Command::new("/usr/bin/npm").args(["ci", "--no-audit"])), "npm ci --no-audit");
    }

    #[test]
    fn a_failure_names_the_command_and_says_why() {
        let error = capture(Command::new("sh").args(["-c", "echo no room >&2; exit 3"])).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("exit status: 3") && error.contains("no room"), "{error}");
    }

    #[test]
    fn programs_are_found_in_path() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program-anywhere").is_none());
    }
}
