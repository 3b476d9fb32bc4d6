//! The compiler for the browser. It is rustup's, or Debian's on machines where rustup cannot download.

mod debian;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{capture, cargo, find_in_path, remove_cargo_variables, run};
use crate::paths;
use crate::progress::step;

/// The target triple of the browser.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that can build for the browser.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The toolchain that built this program.
    Current,
    /// Debian's toolchain, with a standard library that is compiled here.
    Debian(debian::Sysroot),
}

impl Toolchain {
    /// Finds a toolchain, or installs one. `XTASK_WASM=debian` selects Debian's, to test it on a machine where rustup works.
    pub(crate) fn find_or_install() -> Result<Self> {
        let is_debian_requested = env::var_os("XTASK_WASM").is_some_and(|value| value == "debian");
        if !is_debian_requested {
            if has_library(&mut Command::new("rustc")) {
                return Ok(Self::Current);
            }
            match add_target() {
                Ok(()) if has_library(&mut Command::new("rustc")) => return Ok(Self::Current),
                Ok(()) => {
                    eprintln!(
                        "    rustup succeeded, but the standard library is missing; trying Debian's packages"
                    );
                }
                Err(error) => eprintln!("    {error:#}; trying Debian's packages"),
            }
        }
        let found = debian::Sysroot::find_or_build();
        found.map(Self::Debian).context(
            "no compiler for wasm32-unknown-unknown: run `rustup target add wasm32-unknown-unknown`, then try again",
        )
    }

    /// Returns a cargo command that builds for the browser, in a separate target folder.
    pub(crate) fn cargo(&self, action: &str, arguments: &[&str], deny_warnings: bool) -> Command {
        let mut flags: Vec<String> = if deny_warnings { vec!["-Dwarnings".to_owned()] } else { Vec::new() };
        let mut command = match self {
            Self::Current => cargo([]),
            Self::Debian(sysroot) => {
                flags.extend(sysroot.flags());
                debian::cargo(paths::root())
            }
        };
        // Flags for the processor or linker of this machine are useless for this target, or break its build.
        for name in ["RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            command.env_remove(name);
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        command.env("CARGO_TARGET_DIR", output_folder());
        command.args([action, "--target", TARGET]).args(arguments);
        command
    }

    /// Returns true if `cargo clippy` can check the frontend crate. Debian has no clippy of its toolchain's version.
    pub(crate) fn has_clippy(&self) -> bool {
        matches!(self, Self::Current)
    }
}

/// Returns the target folder of builds for the browser. It is a separate one, because another compiler or other flags
/// would make cargo rebuild what is compiled for this machine.
pub(crate) fn output_folder() -> PathBuf {
    paths::target().join("wasm")
}

/// Adds the target with rustup.
fn add_target() -> Result<()> {
    if find_in_path("rustup").is_none() {
        bail!("rustup is not in PATH");
    }
    step("adding the target wasm32-unknown-unknown with rustup", || {
        let mut command = Command::new("rustup");
        remove_cargo_variables(&mut command);
        run(command.args(["target", "add", TARGET]))
    })
}

/// Returns true if this compiler has a compiled standard library for the browser.
fn has_library(rustc: &mut Command) -> bool {
    let folder =
        capture(rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(paths::root()));
    folder.is_ok_and(|folder| contains_library(Path::new(folder.trim())))
}

/// Returns true if the folder contains a compiled standard library.
fn contains_library(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|files| {
        files.flatten().any(|file| {
            let name = file.file_name();
            name.to_str().is_some_and(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
        })
    })
}
