//! Node.js, and packages of the npm registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{capture, find_in_path, run};
use crate::progress::step;
use crate::{packages, paths};

/// The oldest major version of Node.js that the locked Playwright supports. Debian 12 has this version.
const OLDEST_VERSION: u32 = 18;

/// Returns the folder of the browser suite.
fn suite_folder() -> PathBuf {
    paths::root().join("end2end")
}

/// Installs the packages of the browser suite in `end2end/node_modules`.
pub(crate) fn install_suite() -> Result<()> {
    // Playwright's own browser is skipped: the distribution's is used, or Playwright's is installed in a later step.
    install(
        &suite_folder(),
        "the packages of the browser suite",
        &[],
        &[("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")],
    )
}

/// Installs the packages of a folder's `package-lock.json` in its `node_modules`, unless they are installed. npm checks the
/// digests in the lock file.
pub(crate) fn install(
    folder: &Path,
    description: &str,
    options: &[&str],
    environment: &[(&str, &str)],
) -> Result<()> {
    find_or_install()?;
    let lock = folder.join("package-lock.json");
    let lock = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    // A copy of the lock file in `node_modules` records which packages are installed.
    let installed_lock = folder.join("node_modules/.installed-lock.json");
    if fs::read(&installed_lock).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    step(&format!("installing {description}"), || {
        // The umask lets another user read the files, such as the one that runs PostgreSQL.
        let mut command = Command::new("sh");
        command.args(["-c", "umask 022 && exec npm \"$@\"", "npm"]).current_dir(folder);
        // Without `--engine-strict` a package that needs a newer Node.js would be installed and fail later.
        command.args(["ci", "--engine-strict", "--no-audit", "--no-fund"]).args(options);
        run(command.envs(environment.iter().copied()))?;
        fs::write(&installed_lock, &lock)
            .with_context(|| format!("cannot write {}", installed_lock.display()))
    })
}

fn find_or_install() -> Result<()> {
    if find_in_path("node").is_none() || find_in_path("npm").is_none() {
        packages::install(&["nodejs", "npm"])?;
    }
    let version = capture(Command::new("node").arg("--version"))?;
    if parse_major_version(&version).is_none_or(|major| major < OLDEST_VERSION) {
        bail!(
            "Node.js {OLDEST_VERSION} or newer is needed, and `node --version` prints {}: install a newer one",
            version.trim()
        );
    }
    Ok(())
}

/// Returns a command for Playwright of the locked version.
pub(crate) fn playwright() -> Command {
    let mut command = Command::new(suite_folder().join("node_modules/.bin/playwright"));
    command.current_dir(suite_folder());
    command
}

/// Reads the major version 20 from `v20.20.2`.
fn parse_major_version(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_major_version_other_text_returns_none() {
        assert_eq!(parse_major_version("v20.20.2\n"), Some(20));
        assert_eq!(parse_major_version("nonsense"), None);
    }
}
