//! The programs of PostgreSQL: finds them, and installs them if they are missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use super::owner::Owner;
use crate::command::{capture, find_in_path, is_program};
use crate::packages;

/// The oldest version that the library supports.
const OLDEST_VERSION: u32 = 15;
/// The newest version that the library is tested with.
pub(crate) const NEWEST_VERSION: u32 = 18;

/// The folder with the programs of one version.
#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    pub(crate) version: u32,
}

impl Programs {
    /// Finds the newest version on this machine, and installs the distribution's version if there is no PostgreSQL.
    pub(crate) fn find_or_install() -> Result<Self> {
        if let Some(found) = Self::find() {
            return found;
        }
        packages::install(&["postgresql"])?;
        Self::find()
            .context("PostgreSQL was installed, but its programs are not in PATH or /usr/lib/postgresql")?
    }

    /// Finds the newest version on this machine. Returns `None` if there is no server program, and an error if the newest
    /// one is too old.
    fn find() -> Option<Result<Self>> {
        let mut found: Vec<Self> = candidate_folders().into_iter().filter_map(Self::read_folder).collect();
        found.sort_by_key(|programs| programs.version);
        let newest = found.pop()?;
        if newest.version < OLDEST_VERSION {
            return Some(Err(anyhow!(
                "PostgreSQL {} is in {}, but {OLDEST_VERSION} or newer is needed: install one, or set DATABASE_URL",
                newest.version,
                newest.folder.display()
            )));
        }
        Some(Ok(newest))
    }

    /// Returns the programs of a folder, if it contains all that a server needs.
    fn read_folder(folder: PathBuf) -> Option<Self> {
        if !["initdb", "pg_ctl", "postgres"].iter().all(|name| is_program(&folder.join(name))) {
            return None;
        }
        let output = capture(Command::new(folder.join("postgres")).arg("--version")).ok()?;
        Some(Self { folder, version: parse_version(&output)? })
    }

    /// Returns the programs of a folder, after a check that the owner can run them and that they have the given version.
    pub(super) fn check_folder(folder: PathBuf, owner: Owner, version: u32) -> Result<Self> {
        let programs = Self { folder, version };
        let mut command = programs.command("postgres");
        owner.set_user(&mut command);
        let output = capture(command.arg("--version")).with_context(|| {
            format!(
                "the user that runs PostgreSQL cannot execute it: remove {}, then try again",
                programs.folder.display()
            )
        })?;
        if parse_version(&output) != Some(version) {
            bail!("{} is {}, not PostgreSQL {version}", programs.folder.display(), output.trim());
        }
        Ok(programs)
    }

    /// Returns a command for a program, without the caller's settings for PostgreSQL (PGPORT, PGDATA, PGOPTIONS, …).
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        remove_postgres_variables(&mut command);
        command.current_dir("/");
        command
    }

    /// Returns a command for psql, which may be in another folder than the server's programs.
    pub(crate) fn psql(&self) -> Result<Command> {
        let sibling = self.folder.join("psql");
        let file = if is_program(&sibling) { Some(sibling) } else { find_in_path("psql") };
        let mut command = Command::new(file.context("psql is missing: install postgresql-client")?);
        remove_postgres_variables(&mut command);
        Ok(command)
    }
}

/// Removes the environment variables of libpq and the server, so that a child does not connect to another server than the
/// private one.
pub(crate) fn remove_postgres_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
}

/// Returns the folders that may contain the programs: first the one in PATH, then Debian's. Symbolic links are resolved,
/// because the programs find their library relative to their own path.
fn candidate_folders() -> Vec<PathBuf> {
    let in_path = find_in_path("pg_ctl").and_then(|file| file.canonicalize().ok());
    let mut folders: Vec<PathBuf> =
        in_path.iter().filter_map(|file| file.parent()).map(PathBuf::from).collect();
    let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    folders.extend(debian.map(|version| version.path().join("bin")));
    folders
}

/// Reads the major version from a text such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` or
/// `postgres (PostgreSQL) 17beta1`.
fn parse_version(output: &str) -> Option<u32> {
    let number = output.split_whitespace().nth(2)?;
    let end = number.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_version_release_or_beta_returns_major_version() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_version("postgres"), None);
    }
}
