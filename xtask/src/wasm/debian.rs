//! Debian's toolchain. Its packages contain the compiler and the source of the standard library, which is compiled here for
//! the browser.
//!
//! The compiled library is in a sysroot in `target/`, not in `/usr`, because the package manager owns the folders there.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{TARGET, contains_library};
use crate::command::{capture, is_program, remove_cargo_variables, run};
use crate::packages;
use crate::paths;
use crate::progress::step;

const RUSTC_PATH: &str = "/usr/bin/rustc";
const CARGO_PATH: &str = "/usr/bin/cargo";
const LIBRARY_SOURCE_PATH: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
/// The packages with the newest compiler of a stable Debian. It is newer than the one in the package `rustc`.
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
/// The minor version in the workspace's `rust-version`.
const OLDEST_MINOR_VERSION: u32 = 94;

/// A sysroot of the compiler with the standard library for the browser and the linker.
#[derive(Debug)]
pub(crate) struct Sysroot {
    folder: PathBuf,
}

impl Sysroot {
    /// Finds the sysroot, or builds it. Installs Debian's packages if they are missing.
    pub(super) fn find_or_build() -> Result<Self> {
        let sysroot = Self { folder: paths::target().join("wasm-debian/sysroot") };
        if !is_installed() {
            packages::install(&PACKAGES)?;
        }
        let version = capture(Command::new(RUSTC_PATH).arg("--version"))?;
        check_version(&version)?;
        let linker = find_or_install_linker()?;
        if !sysroot.is_built_for(&version) {
            step("compiling Rust's standard library for the browser", || sysroot.build(&version, &linker))?;
        }
        Ok(sysroot)
    }

    /// Returns the compiler flags that select the sysroot and its linker.
    pub(super) fn flags(&self) -> Vec<String> {
        vec![
            format!("--sysroot={}", self.folder.display()),
            format!("-Clinker={}", self.folder.join("bin/rust-lld").display()),
        ]
    }

    fn library_folder(&self) -> PathBuf {
        self.folder.join("lib/rustlib").join(TARGET).join("lib")
    }

    /// Returns the path of the file with the version of the compiler that built the library.
    fn version_file(&self) -> PathBuf {
        self.folder.join("made-for")
    }

    fn is_built_for(&self, version: &str) -> bool {
        contains_library(&self.library_folder())
            && fs::read_to_string(self.version_file()).is_ok_and(|built_for| built_for == version)
    }

    /// Builds an empty crate with `-Zbuild-std`, and copies the crates of the standard library that cargo compiles for it.
    fn build(&self, version: &str, linker: &Path) -> Result<()> {
        let empty = paths::target().join("wasm-debian/empty");
        for folder in [&self.folder, &empty] {
            if folder.exists() {
                fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
        }
        fs::create_dir_all(empty.join("src"))?;
        // An empty workspace table excludes the crate from the workspace of this repository.
        fs::write(
            empty.join("Cargo.toml"),
            "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n",
        )?;
        fs::write(empty.join("src/lib.rs"), "")?;
        let mut command = cargo(&empty);
        command.args(["build", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort"]);
        command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", empty.join("target"));
        run(&mut command)?;
        fs::create_dir_all(self.library_folder())?;
        for file in empty.join("target").join(TARGET).join("release/deps").read_dir()?.flatten() {
            let name = file.file_name();
            if name.to_str().is_some_and(|name| name.ends_with(".rlib") && !name.starts_with("libempty-")) {
                fs::copy(file.path(), self.library_folder().join(name))?;
            }
        }
        fs::create_dir_all(self.folder.join("bin"))?;
        symlink(linker, self.folder.join("bin/rust-lld")).context("cannot create the link rust-lld")?;
        fs::write(self.version_file(), version)
            .context("cannot write the file with the version of the compiler")
    }
}

/// Returns a command that runs Debian's cargo with Debian's compiler, without the settings of rustup and the caller.
pub(super) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(CARGO_PATH);
    remove_cargo_variables(&mut command);
    for (name, _) in env::vars_os() {
        let is_conflicting = name.to_str().is_some_and(|name| {
            matches!(name, "RUSTUP_TOOLCHAIN" | "LD_LIBRARY_PATH" | "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS")
                || ["RUSTC", "CARGO_BUILD_", "CARGO_PROFILE_"].iter().any(|prefix| name.starts_with(prefix))
        });
        if is_conflicting {
            command.env_remove(name);
        }
    }
    command.env("RUSTC", RUSTC_PATH).current_dir(folder);
    command
}

fn is_installed() -> bool {
    [RUSTC_PATH, CARGO_PATH].iter().all(|file| is_program(Path::new(file)))
        && Path::new(LIBRARY_SOURCE_PATH).exists()
}

fn check_version(version: &str) -> Result<()> {
    match parse_minor_version(version) {
        Some(minor) if minor >= OLDEST_MINOR_VERSION => Ok(()),
        _ => bail!(
            "the distribution's compiler is {}, and 1.{OLDEST_MINOR_VERSION} or newer is needed",
            version.trim()
        ),
    }
}

/// Reads the minor version 96 from `rustc 1.96.0 (…)`.
fn parse_minor_version(version: &str) -> Option<u32> {
    version.split_whitespace().nth(1)?.split('.').nth(1)?.parse().ok()
}

/// Returns the newest lld that is installed or available, and installs it if necessary. It must not be older than the
/// compiler's LLVM.
fn find_or_install_linker() -> Result<PathBuf> {
    let programs = Path::new("/usr/bin").read_dir().context("cannot read /usr/bin")?.flatten();
    let programs: Vec<String> = programs.filter_map(|file| file.file_name().into_string().ok()).collect();
    let available = packages::search("^lld-[0-9]+$").unwrap_or_default();
    let newest = newest_lld(&available)
        .max(newest_lld(&programs))
        .context("there is no package lld-NN: install lld")?;
    let name = format!("lld-{newest}");
    if !programs.contains(&name) {
        packages::install(&[&name])?;
    }
    Ok(Path::new("/usr/bin").join(name))
}

/// Returns the highest version of lld in a list of names of programs or packages.
fn newest_lld(names: &[String]) -> Option<u32> {
    names.iter().filter_map(|name| name.strip_prefix("lld-")?.parse().ok()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_version_old_compiler_returns_error() {
        assert_eq!(
            parse_minor_version("rustc 1.96.0 (abc 2026-05-28) (built from a source tarball)\n"),
            Some(96)
        );
        assert!(check_version("rustc 1.85.0").is_err());
    }

    #[test]
    fn newest_lld_several_versions_returns_highest_number() {
        let names = ["lld-9", "lld-22", "lld-19", "lld", "lld-link-22"].map(str::to_owned);
        assert_eq!(newest_lld(&names), Some(22));
    }
}
