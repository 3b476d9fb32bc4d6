//! The settings of a private server.

use std::fmt::Write;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::path::Path;

use anyhow::{Context, Result};

use super::Which;
use super::owner::Owner;

const FILE: &str = "threadline.conf";

/// No TCP port: nothing to collide with, and nobody else on the machine can connect.
const SHARED: &str = "\
listen_addresses = ''
port = 5432
shared_buffers = '256MB'
timezone = 'UTC'
log_timezone = 'UTC'
";

/// What a crash loses here is made again in seconds, so nothing waits for the disk.
const THROW_AWAY: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
max_prepared_transactions = 20
";

/// A server that would keep its data through a crash writes more, and what capture costs is to a good part what it writes.
/// Only a commit does not wait for the disk: its flush takes the same time with and without capture, and on a shared disk
/// it takes so long, and so differently each time, that it would hide everything else. Room for WAL, so that the
/// checkpoints happen where the measurement asks for them.
const MEASURED: &str = "\
fsync = on
full_page_writes = on
synchronous_commit = off
autovacuum = on
max_wal_size = '4GB'
";

/// Only reading is measured: nothing that makes writing safe or slow takes part, and what can be made again is not logged.
const READ: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = '4GB'
autovacuum = on
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
pub(super) fn write(which: Which, data: &Path, socket: &Path, owner: Owner) -> Result<()> {
    let own = match which {
        Which::Main | Which::Newest | Which::Browser => THROW_AWAY,
        Which::Bench => MEASURED,
        Which::BenchQuery => READ,
    };
    let mut text = [SHARED, own].concat();
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
