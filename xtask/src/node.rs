//! Node.js, and packages of the npm registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{capture, find, run};
use crate::progress::step;
use crate::{packages, paths};

/// Debian 12's, and the oldest that the locked Playwright runs on.
const FLOOR: u32 = 18;

pub(crate) fn folder() -> PathBuf {
    paths::root().join("end2end")
}

/// Makes `end2end/node_modules` hold what its lock file says.
pub(crate) fn prepare() -> Result<()> {
    // The browser comes from the distribution, or is installed in a step of its own.
    install(&folder(), "the browser suite's packages", &[], &[("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")])
}

/// Makes a folder's `node_modules` hold what the `package-lock.json` beside it says, whose digests npm checks.
pub(crate) fn install(
    folder: &Path,
    what: &str,
    options: &[&str],
    environment: &[(&str, &str)],
) -> Result<()> {
    find_or_install()?;
    let lock = folder.join("package-lock.json");
    let lock = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    // A copy of the lock file inside says for which one the packages were installed.
    let stamp = folder.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    step(&format!("installing {what}"), || {
        // Another user may have to read what is installed: the one that PostgreSQL runs as.
        let mut command = Command::new("sh");
        command.args(["-c", "umask 022 && exec npm \"$@\"", "npm"]).current_dir(folder);
        // A package that wants a newer Node.js would otherwise be installed all the same, and fail later.
        command.args(["ci", "--engine-strict", "--no-audit", "--no-fund"]).args(options);
        run(command.envs(environment.iter().copied()))?;
        fs::write(&stamp, &lock).with_context(|| format!("cannot write {}", stamp.display()))
    })
}

fn find_or_install() -> Result<()> {
    if find("node").is_none() || find("npm").is_none() {
        packages::install(&["nodejs", "npm"])?;
    }
    let said = capture(Command::new("node").arg("--version"))?;
    if major(&said).is_none_or(|major| major < FLOOR) {
        bail!(
            "Node.js {FLOOR} or newer is needed, and `node --version` says {}: install a newer one",
            said.trim()
        );
    }
    Ok(())
}

/// Playwright's command line, of the locked version.
pub(crate) fn playwright() -> Command {
    let mut command = Command::new(folder().join("node_modules/.bin/playwright"));
    command.current_dir(folder());
    command
}

/// The 20 in `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("nonsense"), None);
    }
}
