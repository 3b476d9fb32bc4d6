//! `cargo xtask package`: the packages as they are published, each with all files that it needs.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{capture, cargo, run as run_command};
use crate::progress::step;
use crate::{bundle, paths};

/// The folders of the repository that a crate embeds, and where its package carries a copy. Cargo packages no file outside of
/// the crate's folder, and a symbolic link would break a checkout on Windows.
const COPIES: [(&str, &str); 2] = [("migrations", "core/migrations"), ("style", "server/style")];

/// Makes and compiles the packages below `target/package`. The copies stay, for `cargo publish`; in the repository the crates
/// are built from the originals.
pub(crate) fn run() -> Result<()> {
    let changes = capture(Command::new("git").args(["status", "--porcelain"]).current_dir(paths::root()))?;
    if !changes.is_empty() {
        bail!("these changes are not committed:\n{changes}");
    }
    bundle::build()?;
    for (original, copy) in COPIES {
        bundle::replace(&paths::root().join(original), &paths::root().join(copy))
            .with_context(|| format!("cannot copy {original} to {copy}"))?;
    }
    step("packaging", || {
        let published = ["threadline", "threadline-app", "threadline-server", "threadline-cli"];
        // Cargo takes the bundle and the copies, which git ignores, for changes that are not committed.
        let mut command = cargo(["package", "--allow-dirty"]);
        command.args(published.iter().flat_map(|name| ["--package", name]));
        run_command(&mut command)
    })
}
