//! The settings of a throw-away server.

use std::fmt::Write;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::path::Path;

use anyhow::{Context, Result};

use super::programs::Owner;

const FILE: &str = "threadline.conf";

/// What a crash loses here is made again in seconds, so nothing waits for the disk. No TCP port: nothing to collide with,
/// and nobody else on the machine can connect.
const SETTINGS: &str = "\
listen_addresses = ''
port = 5432
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = '256MB'
timezone = 'UTC'
log_timezone = 'UTC'
";

/// Makes a new cluster read our file.
pub(super) fn include(data: &Path) -> Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"))
        .context("cannot write the settings of the new cluster")?;
    writeln!(file, "include = '{FILE}'").context("cannot write the settings of the new cluster")
}

/// Written before every start: the checkout may have moved since the last one.
pub(super) fn write(data: &Path, socket: &Path, owner: Owner) -> Result<()> {
    let mut text = SETTINGS.to_owned();
    let socket = socket.to_str().context("the checkout's path is not UTF-8: move it")?;
    // A list of folders in a quoted string: both kinds of quotes are doubled inside.
    let socket = socket.replace('\'', "''").replace('"', "\"\"");
    writeln!(text, "unix_socket_directories = '\"{socket}\"'")?;
    let file = data.join(FILE);
    let hint = || format!("cannot write {}", file.display());
    fs::write(&file, text).with_context(hint)?;
    if let Owner::Other { uid, gid } = owner {
        chown(&file, Some(uid), Some(gid)).with_context(hint)?;
    }
    Ok(())
}
