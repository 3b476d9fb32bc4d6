//! Functions that start other programs, stop them, and name the command in errors.

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

/// The time that a child has to stop before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns a command that runs `cargo` of the current toolchain in the root folder of the repository.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(paths::root()).args(arguments);
    remove_cargo_variables(&mut command);
    command
}

/// Removes the environment variables with which the outer cargo describes the package `xtask`. Variables that a person
/// sets (`CARGO_HOME`, `CARGO_TERM_COLOR`, …) stay.
pub(crate) fn remove_cargo_variables(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let is_set_by_cargo = name.to_str().is_some_and(|name| {
            matches!(name, "CARGO" | "CARGO_PRIMARY_PACKAGE" | "CARGO_CRATE_NAME" | "RUST_RECURSION_COUNT")
                || ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        });
        if is_set_by_cargo {
            command.env_remove(name);
        }
    }
}

/// Runs a program until it exits, and leaves its output as it is. A failure of the program is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = describe(command);
    let mut child = spawn(command)?;
    let status = wait(&mut child).with_context(|| format!("cannot wait for `{name}`"))?;
    if interrupt::is_requested() {
        bail!("`{name}` was stopped");
    }
    if !status.success() {
        bail!("`{name}` failed ({status}); its own messages are above");
    }
    Ok(())
}

/// Runs a short program and returns its output. A failure of the program is an error that contains its messages.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let name = describe(command);
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("`{name}` cannot be started"))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        bail!("`{name}` failed ({}): {}", output.status, messages.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts a program and does not wait for it.
pub(crate) fn spawn(command: &mut Command) -> Result<Child> {
    let name = describe(command);
    command.spawn().with_context(|| format!("`{name}` cannot be started: is it installed and in PATH?"))
}

/// Waits for a child, and stops it if this process receives a signal. A child receives Ctrl-C from the terminal as well,
/// but not a SIGTERM that is sent to this process only.
pub(crate) fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupt::is_requested() {
            return stop(child);
        }
        sleep(Duration::from_millis(20));
    }
}

/// Sends SIGINT to a child, and kills it if it does not stop in time.
pub(crate) fn stop(child: &mut Child) -> Result<ExitStatus> {
    let start = Instant::now();
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // The child may have exited in the meantime. The signal fails then, which is not an error.
        let _result = kill_process(pid, Signal::INT);
    }
    while start.elapsed() < STOP_TIMEOUT {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        sleep(Duration::from_millis(20));
    }
    child.kill()?;
    Ok(child.wait()?)
}

/// Returns the file of a program, if a folder of PATH contains it.
pub(crate) fn find_in_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|file| is_program(file))
}

/// Returns true if the path is an executable file.
pub(crate) fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Returns the command as a person would type it, without the folder of its program.
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
    fn describe_program_with_folder_returns_name_and_arguments() {
        assert_eq!(describe(Command::new("/usr/bin/npm").args(["ci", "--no-audit"])), "npm ci --no-audit");
    }

    #[test]
    fn capture_failing_program_returns_its_status_and_messages() {
        let error = capture(Command::new("sh").args(["-c", "echo no room >&2; exit 3"])).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("exit status: 3") && error.contains("no room"), "{error}");
    }

    #[test]
    fn find_in_path_unknown_program_returns_none() {
        assert!(find_in_path("sh").is_some());
        assert!(find_in_path("no-such-program-anywhere").is_none());
    }
}
