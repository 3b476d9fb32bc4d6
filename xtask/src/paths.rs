//! The paths of folders and programs of the repository.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Returns the root folder of the repository.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Returns the folder `target`. All files that this program creates are in it, so that `cargo clean` removes them and
/// git ignores them.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Returns the path of a program of this workspace that is built with the same profile as this program. Cargo writes
/// both to the same folder, even if another target folder is configured.
pub(crate) fn sibling_program(name: &str) -> Result<PathBuf> {
    Ok(this_program()?.with_file_name(name))
}

/// Returns the path of this program. Linux adds ` (deleted)` to it when a build has replaced the file in the meantime.
pub(crate) fn this_program() -> Result<PathBuf> {
    let path = env::current_exe().context("cannot find the path of this program")?;
    Ok(match path.to_str().and_then(|path| path.strip_suffix(" (deleted)")) {
        Some(path) => PathBuf::from(path),
        None => path,
    })
}
