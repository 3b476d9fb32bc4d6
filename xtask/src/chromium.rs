//! The Chromium of the browser suite.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{capture, is_program, run};
use crate::progress::step;
use crate::{node, packages};

const PROGRAM_NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Returns the path of Chromium, and installs it if it is missing. Returns `None` if Playwright has installed its own, which
/// it finds by itself.
pub(crate) fn find_or_install() -> Result<Option<PathBuf>> {
    if let Some(found) = find() {
        return Ok(Some(found));
    }
    if is_ubuntu() {
        // Ubuntu's package is a snap, which needs a running snapd and cannot read the profile of a test.
        step("installing Chromium with Playwright", || {
            run(node::playwright().args(["install", "--with-deps", "chromium"]))
                .context("cannot install Chromium: install google-chrome or chromium by hand, then try again")
        })?;
        return Ok(None);
    }
    // A page has no visible text if no font is installed.
    packages::install(&["chromium", "fonts-dejavu-core"])?;
    find()
        .context(
            "Chromium was installed, but it does not start: run `chromium --version` to see its messages",
        )
        .map(Some)
}

fn find() -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    PROGRAM_NAMES
        .iter()
        .flat_map(|name| env::split_paths(&folders).map(move |folder| folder.join(name)))
        .find(|file| is_program(file) && !is_snap(file) && prints_version(file))
}

fn prints_version(file: &Path) -> bool {
    capture(Command::new(file).arg("--version")).is_ok()
}

/// Returns true if the file is a snap, or a script that prompts the user to install one.
fn is_snap(file: &Path) -> bool {
    let real = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    real.starts_with("/snap")
        || real.ends_with("snap")
        || fs::read(&real).is_ok_and(|text| {
            let start = &text[..text.len().min(4096)];
            start.starts_with(b"#!") && start.windows(6).any(|part| part == b"/snap/")
        })
}

fn is_ubuntu() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=ubuntu"))
}
