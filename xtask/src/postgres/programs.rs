//! PostgreSQL's own programs: found, or installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use super::owner::Owner;
use crate::command::{capture, find, is_program};
use crate::packages;

/// The oldest version that the library supports.
const OLDEST: u32 = 15;
/// The newest that it is tested with.
pub(crate) const NEWEST: u32 = 18;

/// The folder of one version's programs.
#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    pub(crate) version: u32,
}

impl Programs {
    /// Finds the newest usable version, and installs the distribution's when there is none.
    pub(crate) fn find_or_install() -> Result<Self> {
        if let Some(found) = Self::find() {
            return found;
        }
        packages::install(&["postgresql"])?;
        Self::find()
            .context("PostgreSQL was installed, but its programs are not in PATH or /usr/lib/postgresql")?
    }

    /// `None`: there is no server program. An error: there is one, and it is too old.
    fn find() -> Option<Result<Self>> {
        let mut found: Vec<Self> = folders().into_iter().filter_map(Self::look).collect();
        found.sort_by_key(|programs| programs.version);
        let newest = found.pop()?;
        if newest.version < OLDEST {
            return Some(Err(anyhow!(
                "PostgreSQL {} is in {}, but {OLDEST} or newer is needed: install one, or set DATABASE_URL",
                newest.version,
                newest.folder.display()
            )));
        }
        Some(Ok(newest))
    }

    fn look(folder: PathBuf) -> Option<Self> {
        if !["initdb", "pg_ctl", "postgres"].iter().all(|name| is_program(&folder.join(name))) {
            return None;
        }
        let said = capture(Command::new(folder.join("postgres")).arg("--version")).ok()?;
        Some(Self { folder, version: version(&said)? })
    }

    /// The programs of a folder which their owner has to be able to run, and which have to be of a version.
    pub(super) fn owned(folder: PathBuf, owner: Owner, version: u32) -> Result<Self> {
        let programs = Self { folder, version };
        let mut command = programs.program("postgres");
        owner.become_owner(&mut command);
        let said = capture(command.arg("--version")).with_context(|| {
            format!("PostgreSQL's owner cannot run it: remove {}, then try again", programs.folder.display())
        })?;
        if self::version(&said) != Some(version) {
            bail!("{} is {}, not PostgreSQL {version}", programs.folder.display(), said.trim());
        }
        Ok(programs)
    }

    /// One of them, with nothing of the caller's own PostgreSQL settings (PGPORT, PGDATA, PGOPTIONS, …).
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        forget_settings(&mut command);
        command.current_dir("/");
        command
    }

    /// The client, which some systems keep elsewhere.
    pub(crate) fn psql(&self) -> Result<Command> {
        let beside = self.folder.join("psql");
        let file = if is_program(&beside) { Some(beside) } else { find("psql") };
        let mut command = Command::new(file.context("psql is missing: install postgresql-client")?);
        forget_settings(&mut command);
        Ok(command)
    }
}

/// A child that uses a private cluster must not be led elsewhere by the caller's settings.
pub(crate) fn forget_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
}

/// Where PATH leads (links resolved: the programs find their library by their own place), then Debian's folders.
fn folders() -> Vec<PathBuf> {
    let in_path = find("pg_ctl").and_then(|file| file.canonicalize().ok());
    let mut folders: Vec<PathBuf> =
        in_path.iter().filter_map(|file| file.parent()).map(PathBuf::from).collect();
    let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    folders.extend(debian.map(|version| version.path().join("bin")));
    folders
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, also of `17beta1`.
fn version(said: &str) -> Option<u32> {
    let number = said.split_whitespace().nth(2)?;
    let end = number.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(version("postgres"), None);
    }
}
