//! A Chromium for the browser suite.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{capture, is_program, run};
use crate::progress::step;
use crate::{node, packages};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The program's file; `None` when Playwright brought its own.
pub(crate) fn find_or_install() -> Result<Option<PathBuf>> {
    if let Some(found) = find() {
        return Ok(Some(found));
    }
    if is_ubuntu() {
        // Ubuntu's package is a snap, which needs a running snapd and cannot reach a test's profile.
        step("installing Chromium with Playwright", || {
            run(node::playwright().args(["install", "--with-deps", "chromium"]))
                .context("cannot install Chromium: install google-chrome or chromium by hand, then try again")
        })?;
        return Ok(None);
    }
    // Without any font a page has no text to look at.
    packages::install(&["chromium", "fonts-dejavu-core"])?;
    find().context("Chromium was installed, but no program of it works: does `chromium --version`?").map(Some)
}

fn find() -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    NAMES
        .iter()
        .flat_map(|name| env::split_paths(&folders).map(move |folder| folder.join(name)))
        .find(|file| is_program(file) && !is_snap(file) && answers(file))
}

fn answers(file: &Path) -> bool {
    capture(Command::new(file).arg("--version")).is_ok()
}

/// A snap, or the script that asks for one to be installed.
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
