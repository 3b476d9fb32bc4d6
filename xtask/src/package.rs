//! `cargo xtask package`: creates the packages that are published, each with all files that it needs.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{capture, cargo, run as run_command};
use crate::progress::step;
use crate::{bundle, paths};

/// The folders of the repository that a crate embeds, each with the path of its copy in the crate's package. Cargo packages
/// no file outside of the crate's folder, and a symbolic link would break a checkout on Windows.
const COPIED_FOLDERS: [(&str, &str); 2] = [("migrations", "core/migrations"), ("style", "server/style")];

/// Creates and compiles the packages in `target/package`. The copies are not removed, because `cargo publish` needs them. In
/// the repository the crates are built from the originals.
pub(crate) fn run() -> Result<()> {
    let changes = capture(Command::new("git").args(["status", "--porcelain"]).current_dir(paths::root()))?;
    if !changes.is_empty() {
        bail!("these changes are not committed:\n{changes}");
    }
    bundle::build()?;
    for (original, copy) in COPIED_FOLDERS {
        bundle::synchronize(&paths::root().join(original), &paths::root().join(copy))
            .with_context(|| format!("cannot copy {original} to {copy}"))?;
    }
    step("packaging", || {
        let published = ["threadline", "threadline-app", "threadline-server", "threadline-cli"];
        // Git ignores the bundle and the copies, and cargo treats such files as uncommitted changes.
        let mut command = cargo(["package", "--allow-dirty"]);
        command.args(published.iter().flat_map(|name| ["--package", name]));
        run_command(&mut command)
    })
}
