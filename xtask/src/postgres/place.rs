//! Where a private cluster lies: under `target/` when the server can reach it there, else in the system's temporary folder.

use std::env;
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::owner::Owner;
use crate::paths;

/// A unix socket's path may have 107 bytes; PostgreSQL adds its own name to the folder's.
const LONGEST_SOCKET_FOLDER: usize = 107 - "/.s.PGSQL.5432".len();

/// The folder of a cluster, which holds `data`, `socket` and `log`, or of programs; the folder `target` is there.
pub(crate) fn choose(name: &str, owner: Owner) -> PathBuf {
    let usual = paths::target().join(name);
    if fits(&usual) && owner_can_enter(&paths::target(), owner) {
        usual
    } else {
        temporary(owner).join(folder_name(paths::root(), name))
    }
}

fn fits(folder: &Path) -> bool {
    folder.join("socket").as_os_str().len() <= LONGEST_SOCKET_FOLDER
}

/// The system's temporary folder; a TMPDIR may be as deep or as private as the checkout itself.
fn temporary(owner: Owner) -> PathBuf {
    let folder = env::temp_dir();
    let longest = folder.join(folder_name(&folder, "postgres-browser"));
    if fits(&longest) && owner_can_enter(&folder, owner) { folder } else { PathBuf::from("/tmp") }
}

/// The name holds a digest of the checkout's path: two checkouts must not share a server.
fn folder_name(root: &Path, name: &str) -> String {
    format!("threadline-{:016x}-{name}", fnv1a(root.as_os_str().as_bytes()))
}

/// FNV-1a, because the standard library's hash may change with its version and the name must not.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// As root the server runs as another user, who may not be able to enter, say, a checkout below `/root`.
fn owner_can_enter(folder: &Path, owner: Owner) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", "cd -- \"$1\"", "sh"]).arg(folder).current_dir("/");
    owner.become_owner(&mut command);
    command.stdin(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Makes a folder that only its owner can read, or checks that the one that is there is such a folder: in a shared
/// temporary folder somebody else could have put one in our way.
pub(crate) fn make_private(folder: &Path, owner: Owner) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {
            if let Owner::Other { uid, gid } = owner {
                chown(folder, Some(uid), Some(gid))
                    .with_context(|| format!("cannot give {} to the postgres user", folder.display()))?;
            }
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => check_private(folder, owner),
        Err(error) => Err(error).with_context(|| format!("cannot make the folder {}", folder.display())),
    }
}

fn check_private(folder: &Path, owner: Owner) -> Result<()> {
    let facts = folder.symlink_metadata().with_context(|| format!("cannot look at {}", folder.display()))?;
    if !facts.is_dir() || facts.uid() != owner.uid() || facts.mode() & 0o077 != 0 {
        bail!(
            "{} belongs to another user (was it made with, or without, sudo?): remove it, then try again",
            folder.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_checkout_has_no_room_for_a_socket() {
        assert!(fits(Path::new("/home/user/threadline/target/postgres-browser")));
        assert!(!fits(&Path::new("/home").join("d".repeat(90)).join("target/postgres")));
    }

    #[test]
    fn another_place_is_short_and_differs_by_checkout() {
        let one = folder_name(Path::new("/srv/one"), "postgres-browser");
        assert!(fits(&Path::new("/tmp").join(&one)), "{one}");
        assert_ne!(one, folder_name(Path::new("/srv/two"), "postgres-browser"));
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
