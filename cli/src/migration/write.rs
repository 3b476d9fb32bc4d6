//! Writes two files atomically: both or none.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Files that are removed on drop, unless all steps succeeded.
#[derive(Default)]
struct Unfinished(Vec<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        for path in &self.0 {
            // A file that cannot be removed is not named like a migration, or is the harmless down file.
            let _left = fs::remove_file(path);
        }
    }
}

/// Writes both files under temporary names that sqlx ignores, then renames them.
pub(super) fn both<'a>(files: [(&'a Path, &str); 2]) -> Result<(), (&'a Path, io::Error)> {
    let mut unfinished = Unfinished::default();
    for (path, text) in files {
        let at = |error| (path, error);
        let temporary = temporary(path);
        let mut file = File::create_new(&temporary).map_err(at)?;
        unfinished.0.push(temporary);
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(at)?;
    }
    for (path, _) in files {
        let at = |error| (path, error);
        // Renaming would replace an existing file.
        if path.try_exists().map_err(at)? {
            return Err(at(ErrorKind::AlreadyExists.into()));
        }
        fs::rename(temporary(path), path).map_err(at)?;
        unfinished.0.push(path.to_owned());
    }
    unfinished.0.clear();
    Ok(())
}

fn temporary(path: &Path) -> PathBuf {
    path.with_extension("sql.unfinished")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_file_removes_the_other() {
        let folder = std::env::temp_dir().join(format!("threadline-write-{}", std::process::id()));
        let [down, up] = ["1_x.down.sql", "1_x.up.sql"].map(|name| folder.join(name));
        let entries = || {
            let mut names: Vec<_> = folder
                .read_dir()
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort_unstable();
            names
        };
        for (obstacle, at) in [(&up, &up), (&down, &down), (&temporary(&up), &up), (&temporary(&down), &down)]
        {
            fs::create_dir_all(obstacle).unwrap();
            let before = entries();
            let (failed, error) = both([(&down, "down"), (&up, "up")]).unwrap_err();
            assert_eq!((failed, error.kind()), (&**at, ErrorKind::AlreadyExists));
            assert_eq!(entries(), before);
            fs::remove_dir(obstacle).unwrap();
        }
        both([(&down, "down"), (&up, "up")]).unwrap();
        assert_eq!(entries(), ["1_x.down.sql", "1_x.up.sql"]);
        assert_eq!(fs::read_to_string(&up).unwrap(), "up");
        fs::remove_dir_all(&folder).unwrap();
    }
}
