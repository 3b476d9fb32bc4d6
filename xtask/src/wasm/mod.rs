//! The compiler for the browser: rustup's, or Debian's where rustup cannot download.

mod debian;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{capture, cargo, find, forget_outer_cargo, run};
use crate::paths;
use crate::progress::step;

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that can build for the browser.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The one that runs this program.
    Current,
    /// Debian's, with a library of its own making.
    Debian(debian::Sysroot),
}

impl Toolchain {
    /// Finds one, or installs it. `XTASK_WASM=debian` goes straight to Debian's, to try that way where rustup works.
    pub(crate) fn find_or_install() -> Result<Self> {
        let forced = env::var_os("XTASK_WASM").is_some_and(|way| way == "debian");
        if !forced {
            if has_library(&mut Command::new("rustc")) {
                return Ok(Self::Current);
            }
            match rustup() {
                Ok(()) if has_library(&mut Command::new("rustc")) => return Ok(Self::Current),
                Ok(()) => {
                    eprintln!(
                        "    rustup is content, but the library is not there; trying Debian's packages"
                    );
                }
                Err(error) => eprintln!("    {error:#}; trying Debian's packages"),
            }
        }
        let found = debian::Sysroot::find_or_make();
        found.map(Self::Debian).context(
            "no compiler for wasm32-unknown-unknown: `rustup target add wasm32-unknown-unknown` is the usual way to get one",
        )
    }

    /// A cargo command that builds for the browser, in a target folder of its own.
    pub(crate) fn cargo(&self, action: &str, arguments: &[&str], deny_warnings: bool) -> Command {
        let mut flags: Vec<String> = if deny_warnings { vec!["-Dwarnings".to_owned()] } else { Vec::new() };
        let mut command = match self {
            Self::Current => cargo([]),
            Self::Debian(sysroot) => {
                flags.extend(sysroot.flags());
                debian::cargo(paths::root())
            }
        };
        // Flags for the host's processor or linker mean nothing to this target, or break it.
        for name in ["RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            command.env_remove(name);
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        command.env("CARGO_TARGET_DIR", output_folder());
        command.args([action, "--target", TARGET]).args(arguments);
        command
    }

    /// Returns whether `cargo clippy` can check the browser's part: Debian's toolchain has no clippy of its version.
    pub(crate) fn has_clippy(&self) -> bool {
        matches!(self, Self::Current)
    }
}

/// Where builds for the browser go: another compiler or other flags must not disturb the host's builds.
pub(crate) fn output_folder() -> PathBuf {
    paths::target().join("wasm")
}

fn rustup() -> Result<()> {
    if find("rustup").is_none() {
        bail!("there is no rustup");
    }
    step("adding the target wasm32-unknown-unknown with rustup", || {
        let mut command = Command::new("rustup");
        forget_outer_cargo(&mut command);
        run(command.args(["target", "add", TARGET]))
    })
}

/// Returns whether this compiler has a compiled library for the browser.
fn has_library(rustc: &mut Command) -> bool {
    let folder =
        capture(rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(paths::root()));
    folder.is_ok_and(|folder| holds_library(Path::new(folder.trim())))
}

fn holds_library(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|files| {
        files.flatten().any(|file| {
            let name = file.file_name();
            name.to_str().is_some_and(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
        })
    })
}
