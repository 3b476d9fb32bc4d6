//! Tells the crate which folder holds its migrations: one beside it in the repository, one inside it in the published package.

use std::path::Path;

fn main() {
    // A host may keep a copy of this crate beside migrations of its own.
    let is_repository = Path::new("../migrations/0001_trail.sql").exists();
    let folder = if is_repository { "../migrations" } else { "migrations" };
    println!("cargo::rerun-if-changed={folder}");
    println!("cargo::rustc-env=THREADLINE_MIGRATIONS={folder}");
}
