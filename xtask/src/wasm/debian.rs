//! Debian's toolchain: its packages have the compiler and the library's source, so the library is compiled here, once.
//!
//! It goes into a sysroot under `target/`, not into `/usr`: the packages' folders stay the packages'.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{TARGET, holds_library};
use crate::command::{capture, forget_outer_cargo, is_program, run};
use crate::packages;
use crate::paths;
use crate::progress::step;

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
/// The package that takes the compiler's minor version furthest on a stable Debian; newer releases have `rustc` itself.
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
/// The workspace's `rust-version`.
const OLDEST_MINOR: u32 = 94;

/// A folder that the compiler takes for its own, holding the browser's library and the linker.
#[derive(Debug)]
pub(crate) struct Sysroot {
    folder: PathBuf,
}

impl Sysroot {
    pub(super) fn find_or_make() -> Result<Self> {
        let sysroot = Self { folder: paths::target().join("wasm-debian/sysroot") };
        if !usable() {
            packages::install(&PACKAGES)?;
        }
        let version = capture(Command::new(RUSTC).arg("--version"))?;
        check(&version)?;
        let linker = linker()?;
        if !sysroot.is_made_for(&version) {
            step("compiling Rust's library for the browser", || sysroot.make(&version, &linker))?;
        }
        Ok(sysroot)
    }

    pub(super) fn flags(&self) -> Vec<String> {
        vec![
            format!("--sysroot={}", self.folder.display()),
            format!("-Clinker={}", self.folder.join("bin/rust-lld").display()),
        ]
    }

    fn libraries(&self) -> PathBuf {
        self.folder.join("lib/rustlib").join(TARGET).join("lib")
    }

    fn stamp(&self) -> PathBuf {
        self.folder.join("made-for")
    }

    fn is_made_for(&self, version: &str) -> bool {
        holds_library(&self.libraries()) && fs::read_to_string(self.stamp()).is_ok_and(|made| made == version)
    }

    /// An empty crate whose dependencies are the standard library's crates: cargo compiles them, we keep them.
    fn make(&self, version: &str, linker: &Path) -> Result<()> {
        let empty = paths::target().join("wasm-debian/empty");
        for folder in [&self.folder, &empty] {
            if folder.exists() {
                fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
        }
        fs::create_dir_all(empty.join("src"))?;
        // An empty workspace table keeps it out of the workspace around it.
        fs::write(
            empty.join("Cargo.toml"),
            "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n",
        )?;
        fs::write(empty.join("src/lib.rs"), "")?;
        let mut command = cargo(&empty);
        command.args(["build", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort"]);
        command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", empty.join("target"));
        run(&mut command)?;
        fs::create_dir_all(self.libraries())?;
        for file in empty.join("target").join(TARGET).join("release/deps").read_dir()?.flatten() {
            let name = file.file_name();
            if name.to_str().is_some_and(|name| name.ends_with(".rlib") && !name.starts_with("libempty-")) {
                fs::copy(file.path(), self.libraries().join(name))?;
            }
        }
        fs::create_dir_all(self.folder.join("bin"))?;
        symlink(linker, self.folder.join("bin/rust-lld")).context("cannot make the link rust-lld")?;
        fs::write(self.stamp(), version).context("cannot note for which compiler the library was made")
    }
}

/// Debian's cargo with Debian's compiler, whatever rustup and the caller say.
pub(super) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(CARGO);
    forget_outer_cargo(&mut command);
    for (name, _) in env::vars_os() {
        let disturbs = name.to_str().is_some_and(|name| {
            matches!(name, "RUSTUP_TOOLCHAIN" | "LD_LIBRARY_PATH" | "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS")
                || ["RUSTC", "CARGO_BUILD_", "CARGO_PROFILE_"].iter().any(|start| name.starts_with(start))
        });
        if disturbs {
            command.env_remove(name);
        }
    }
    command.env("RUSTC", RUSTC).current_dir(folder);
    command
}

fn usable() -> bool {
    [RUSTC, CARGO].iter().all(|file| is_program(Path::new(file))) && Path::new(SOURCE).exists()
}

fn check(version: &str) -> Result<()> {
    match minor(version) {
        Some(minor) if minor >= OLDEST_MINOR => Ok(()),
        _ => bail!(
            "the distribution's compiler is {}, and 1.{OLDEST_MINOR} or newer is needed",
            version.trim()
        ),
    }
}

/// The 96 in `rustc 1.96.0 (…)`.
fn minor(version: &str) -> Option<u32> {
    version.split_whitespace().nth(1)?.split('.').nth(1)?.parse().ok()
}

/// The newest lld on the machine, else the newest that can be had: it must not be older than the compiler's LLVM.
fn linker() -> Result<PathBuf> {
    let here = Path::new("/usr/bin").read_dir().context("cannot read /usr/bin")?.flatten();
    let here: Vec<String> = here.filter_map(|file| file.file_name().into_string().ok()).collect();
    let offered = packages::available("^lld-[0-9]+$").unwrap_or_default();
    let best =
        newest_lld(&offered).max(newest_lld(&here)).context("there is no package lld-NN: install lld")?;
    let name = format!("lld-{best}");
    if !here.contains(&name) {
        packages::install(&[&name])?;
    }
    Ok(Path::new("/usr/bin").join(name))
}

fn newest_lld(names: &[String]) -> Option<u32> {
    names.iter().filter_map(|name| name.strip_prefix("lld-")?.parse().ok()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(minor("rustc 1.96.0 (abc 2026-05-28) (built from a source tarball)\n"), Some(96));
        assert!(check("rustc 1.85.0").is_err());
    }

    #[test]
    fn the_newest_lld_is_by_number() {
        let names = ["lld-9", "lld-22", "lld-19", "lld", "lld-link-22"].map(str::to_owned);
        assert_eq!(newest_lld(&names), Some(22));
    }
}
