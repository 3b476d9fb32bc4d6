//! The settings of a private server.

use std::fmt::Write;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::ClusterKind;
use super::owner::Owner;

const FILE_NAME: &str = "threadline.conf";

/// The settings of all servers. There is no TCP port, so that no port can be in use already and no other user of the
/// machine can connect.
const SHARED_SETTINGS: &str = "\
listen_addresses = ''
port = 5432
shared_buffers = '256MB'
timezone = 'UTC'
log_timezone = 'UTC'
";

/// The settings for the demo and the tests. Data that is lost in a crash can be created again within seconds, so no
/// write waits for the disk.
const TEST_SETTINGS: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
max_prepared_transactions = 20
";

/// The settings for benchmarks of writing. Much of the cost of capture is the amount of WAL, so the server writes as much
/// as one that keeps its data through a crash. Only a commit does not wait for the disk: the flush takes the same time
/// with and without capture, and on a shared disk that time is so long and varies so much that it would hide all other
/// differences. `max_wal_size` is large, so that checkpoints run only when the benchmark requests them.
const BENCH_SETTINGS: &str = "\
fsync = on
full_page_writes = on
synchronous_commit = off
autovacuum = on
max_wal_size = '4GB'
";

/// The settings for benchmarks of reading. Writes are neither durable nor measured, and WAL is minimal, because the data
/// can be created again.
const BENCH_QUERY_SETTINGS: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = '4GB'
autovacuum = on
";

/// Sets the environment of a server that starts. Tests write values of hundreds of megabytes: with huge pages the kernel
/// prepares their memory in half the time. Benchmarks use memory as a server does by default.
pub(super) fn set_environment(kind: ClusterKind, command: &mut Command) {
    if matches!(kind, ClusterKind::Main | ClusterKind::Newest) {
        command.env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
    }
}

/// Adds an `include` of our settings to the configuration of a new cluster.
pub(super) fn include(data: &Path) -> Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"))
        .context("cannot write the settings of the new cluster")?;
    writeln!(file, "include = '{FILE_NAME}'").context("cannot write the settings of the new cluster")
}

/// Writes the file of our settings. It is written before every start, because the checkout may have moved since the last
/// one.
pub(super) fn write(kind: ClusterKind, data: &Path, socket: &Path, owner: Owner) -> Result<()> {
    let settings_of_kind = match kind {
        ClusterKind::Main | ClusterKind::Newest | ClusterKind::Browser => TEST_SETTINGS,
        ClusterKind::Bench => BENCH_SETTINGS,
        ClusterKind::BenchQuery => BENCH_QUERY_SETTINGS,
    };
    let mut text = [SHARED_SETTINGS, settings_of_kind].concat();
    let socket = socket.to_str().context("the checkout's path is not UTF-8: move it")?;
    // The value is a list of folders in a quoted string, so both kinds of quotes are doubled inside.
    let socket = socket.replace('\'', "''").replace('"', "\"\"");
    writeln!(text, "unix_socket_directories = '\"{socket}\"'")?;
    let file = data.join(FILE_NAME);
    let message = || format!("cannot write {}", file.display());
    fs::write(&file, text).with_context(message)?;
    if let Owner::OtherUser { uid, gid } = owner {
        chown(&file, Some(uid), Some(gid)).with_context(message)?;
    }
    Ok(())
}
