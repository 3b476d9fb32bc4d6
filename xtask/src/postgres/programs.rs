//! PostgreSQL's own programs: found, or installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use rustix::process::geteuid;

use crate::command::{capture, find, is_program};
use crate::packages;

/// The oldest version the library supports.
const FLOOR: u32 = 15;

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
        if newest.version < FLOOR {
            return Some(Err(anyhow!(
                "PostgreSQL {} is in {}, but {FLOOR} or newer is needed: install one, or set DATABASE_URL",
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

    /// One of them, with nothing of the caller's own PostgreSQL settings (PGPORT, PGDATA, PGOPTIONS, …).
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        forget_settings(&mut command);
        command.current_dir("/");
        command
    }

    pub(crate) fn psql(&self) -> Result<Command> {
        self.client("psql").context("psql is missing: install postgresql-client")
    }

    pub(crate) fn pgbench(&self) -> Result<Command> {
        self.client("pgbench")
            .context("pgbench is missing: Debian has it in postgresql, others in postgresql-contrib")
    }

    /// A client, which some systems keep elsewhere.
    fn client(&self, name: &str) -> Option<Command> {
        let beside = self.folder.join(name);
        let file = if is_program(&beside) { beside } else { find(name)? };
        let mut command = Command::new(file);
        forget_settings(&mut command);
        Some(command)
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

/// Who owns the data and runs the server: PostgreSQL refuses to be root.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    Me,
    Other { uid: u32, gid: u32 },
}

impl Owner {
    pub(crate) fn find() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self::Me);
        }
        let id = |which| -> Result<u32> {
            let said = capture(Command::new("id").args([which, "postgres"]))?;
            said.trim().parse().with_context(|| format!("`id {which} postgres` printed no number"))
        };
        let found = id("-u").and_then(|uid| Ok(Self::Other { uid, gid: id("-g")? }));
        found.context("PostgreSQL does not run as root, and there is no user postgres: make one (useradd --system postgres)")
    }

    pub(crate) fn uid(self) -> u32 {
        match self {
            Self::Me => geteuid().as_raw(),
            Self::Other { uid, .. } => uid,
        }
    }

    pub(crate) fn become_owner(self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }
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
