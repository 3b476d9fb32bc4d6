//! One reversible migration in a folder of sqlx.

mod name;
mod write;

use std::path::{Path, PathBuf};

use chrono::Utc;
use threadline::TableName;
use threadline::capture::CapturePlan;

use crate::escape;
use crate::failure::Failure;

/// The two files of a migration.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) up: PathBuf,
    pub(crate) down: PathBuf,
}

/// A folder of migrations and what is in it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Version and name of every migration.
    taken: Vec<(i64, String)>,
}

impl Folder {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let named = || path.display().to_string();
        if !path.is_dir() {
            return Err(Failure::NoFolder { path: named() });
        }
        let unreadable = |error| Failure::Unreadable { path: named(), error };
        let mut taken = Vec::new();
        for file in path.read_dir().map_err(unreadable)? {
            let file = file.map_err(unreadable)?.file_name();
            taken.extend(name::parse(&file.to_string_lossy()));
        }
        Ok(Self { path: path.to_owned(), taken })
    }

    /// Both files or none.
    pub(crate) fn add(&self, plan: &CapturePlan) -> Result<Migration, Failure> {
        let tables: Vec<TableName> = plan.tables.iter().map(|planned| planned.table.clone()).collect();
        let named = || Failure::NoVersion { path: self.path.display().to_string() };
        let version = self.version().ok_or_else(named)?;
        let name =
            name::free(&tables, |name| self.taken.iter().any(|(_, taken)| taken.eq_ignore_ascii_case(name)));
        let migration = Migration {
            up: self.path.join(format!("{version}_{name}.up.sql")),
            down: self.path.join(format!("{version}_{name}.down.sql")),
        };
        let tables: Vec<String> = tables.iter().map(escape::table).collect();
        let tables = tables.join(", ");
        let up = format!("-- Made by `threadline gen triggers`: captures {tables}.\n\n{}", plan.up);
        let down = format!(
            "-- Made by `threadline gen triggers`: brings back what captured {tables} before.\n\n{}",
            plan.down
        );
        // The way down first: alone it does nothing.
        write::both([(&migration.down, &down), (&migration.up, &up)])
            .map_err(|(path, error)| Failure::Unwritten { path: path.display().to_string(), error })?;
        Ok(migration)
    }

    /// Now, or the next one where the folder already reaches into the future.
    fn version(&self) -> Option<i64> {
        let now = Utc::now().format("%Y%m%d%H%M%S").to_string().parse().ok()?;
        match self.taken.iter().map(|(version, _)| *version).max() {
            Some(latest) if latest >= now => latest.checked_add(1),
            _ => Some(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_later_than_every_other() {
        let folder = |versions: &[i64]| Folder {
            path: PathBuf::new(),
            taken: versions.iter().map(|version| (*version, "x".to_owned())).collect(),
        };
        let now = folder(&[]).version().unwrap();
        assert_eq!(now.to_string().len(), 14);
        assert!(folder(&[1, 20_200_101_000_000]).version().unwrap() >= now);
        assert_eq!(folder(&[99_991_231_235_959, 3]).version(), Some(99_991_231_235_960));
        assert_eq!(folder(&[i64::MAX]).version(), None);
    }
}
