//! The folder of a private cluster. It is in `target/` if the server can use a socket there, and otherwise in the system's
//! temporary folder.

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

/// The maximum length of a socket folder's path, in bytes. The path of a unix socket has at most 107 bytes, which
/// include the file name that PostgreSQL appends.
const MAX_SOCKET_FOLDER_LENGTH: usize = 107 - "/.s.PGSQL.5432".len();

/// Returns the folder of a cluster, which holds `data`, `socket` and `log`, or the folder of PostgreSQL's programs. The
/// folder `target` has to exist.
pub(crate) fn choose(name: &str, owner: Owner) -> PathBuf {
    let default = paths::target().join(name);
    if can_hold_socket(&default) && owner_can_enter(&paths::target(), owner) {
        default
    } else {
        temporary_folder(owner).join(folder_name(paths::root(), name))
    }
}

/// Returns true if the path is short enough for a socket in the folder's subfolder `socket`.
fn can_hold_socket(folder: &Path) -> bool {
    folder.join("socket").as_os_str().len() <= MAX_SOCKET_FOLDER_LENGTH
}

/// Returns the system's temporary folder, or `/tmp` if TMPDIR is as long or as private as the checkout itself.
fn temporary_folder(owner: Owner) -> PathBuf {
    let folder = env::temp_dir();
    let longest = folder.join(folder_name(&folder, "postgres-browser"));
    if can_hold_socket(&longest) && owner_can_enter(&folder, owner) { folder } else { PathBuf::from("/tmp") }
}

/// Returns a name that contains a digest of the checkout's path, because two checkouts must not share a server.
fn folder_name(root: &Path, name: &str) -> String {
    format!("threadline-{:016x}-{name}", fnv1a(root.as_os_str().as_bytes()))
}

/// Returns the FNV-1a hash. The standard library's hash may change with its version, but the name must not.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Returns true if the owner can enter the folder. The owner of a server that root starts is another user, who may not be
/// able to enter a checkout in `/root`.
fn owner_can_enter(folder: &Path, owner: Owner) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", "cd -- \"$1\"", "sh"]).arg(folder).current_dir("/");
    owner.set_user(&mut command);
    command.stdin(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Creates a folder that only its owner can read. If the folder exists, checks that it is private, because in a shared
/// temporary folder another user could have created it.
pub(crate) fn create_private(folder: &Path, owner: Owner) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {
            if let Owner::OtherUser { uid, gid } = owner {
                chown(folder, Some(uid), Some(gid))
                    .with_context(|| format!("cannot give {} to the postgres user", folder.display()))?;
            }
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => check_private(folder, owner),
        Err(error) => Err(error).with_context(|| format!("cannot create the folder {}", folder.display())),
    }
}

fn check_private(folder: &Path, owner: Owner) -> Result<()> {
    let metadata = folder
        .symlink_metadata()
        .with_context(|| format!("cannot read the owner of {}", folder.display()))?;
    if !metadata.is_dir() || metadata.uid() != owner.uid() || metadata.mode() & 0o077 != 0 {
        bail!(
            "{} belongs to another user (was it created with, or without, sudo?): remove it, then try again",
            folder.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn can_hold_socket_long_path_returns_false() {
        assert!(can_hold_socket(Path::new("/home/user/threadline/target/postgres-browser")));
        assert!(!can_hold_socket(&Path::new("/home").join("d".repeat(90)).join("target/postgres")));
    }

    #[test]
    fn folder_name_other_checkout_returns_other_short_name() {
        let one = folder_name(Path::new("/srv/one"), "postgres-browser");
        assert!(can_hold_socket(&Path::new("/tmp").join(&one)), "{one}");
        assert_ne!(one, folder_name(Path::new("/srv/two"), "postgres-browser"));
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
