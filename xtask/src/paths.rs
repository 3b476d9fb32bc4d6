//! Where things lie in the checkout.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout's first folder.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Everything this program makes lies here, so `cargo clean` and `.gitignore` know it.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// A program of this workspace, built with the profile this program was built with: cargo puts them side by side,
/// wherever its target folder is configured to be.
pub(crate) fn sibling_program(name: &str) -> Result<PathBuf> {
    Ok(this_program()?.with_file_name(name))
}

/// The path of this program. A build that replaced the file while we run makes Linux add ` (deleted)`.
pub(crate) fn this_program() -> Result<PathBuf> {
    let path = env::current_exe().context("cannot tell where this program lies")?;
    Ok(match path.to_str().and_then(|path| path.strip_suffix(" (deleted)")) {
        Some(path) => PathBuf::from(path),
        None => path,
    })
}
