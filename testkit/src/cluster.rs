//! Starts a separate PostgreSQL server, for tests that would disturb a shared server.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Row};

use crate::database::{Result, run};

/// The port in the name of the socket. The server does not listen on TCP.
const PORT: u16 = 5432;
/// The superuser of the server.
const OWNER: &str = "owner";

/// A PostgreSQL server that listens on a Unix socket only. It is stopped and removed when the value is dropped.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    /// The folder of `initdb`, `pg_ctl` and the other programs.
    programs: PathBuf,
    /// The account to switch to, if the test runs as root.
    account: Option<Account>,
    /// The options of the server, and what is added to its environment: it is started with them each time.
    settings: &'static str,
    environment: Vec<(String, String)>,
}

/// The settings of a server whose data need not survive.
const TEST_SETTINGS: &str = "-c fsync=off -c max_connections=40";
/// The settings of a server that loses no committed transaction in a crash, and that can have a standby.
const DURABLE_SETTINGS: &str = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c max_connections=100 \
                                -c wal_level=replica -c shared_buffers=256MB -c timezone=UTC";

/// A way to stop a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Ends all sessions, and writes a checkpoint.
    Fast,
    /// Ends all processes as a crash does: the next start replays the write-ahead log.
    Immediate,
}

/// The operating-system account that the server runs as, because PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Cluster {
    /// Starts a server with the programs of the pool's server if they include all of `programs`, and otherwise with another
    /// installation on this machine. `environment` is added to the environment of the server.
    pub async fn start(pool: &PgPool, programs: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let wanted = [&["initdb", "pg_ctl"], programs].concat();
        let programs = find_programs(Some(folder_of_server(pool).await?), &wanted)?;
        Self::create(programs, TEST_SETTINGS, environment)
    }

    /// Starts a server that loses no committed transaction in a crash, with the newest installation on this machine.
    pub fn start_durable(environment: &[(&str, &str)]) -> Result<Self> {
        Self::create(
            find_programs(None, &["initdb", "pg_ctl", "pg_basebackup"])?,
            DURABLE_SETTINGS,
            environment,
        )
    }

    fn create(programs: PathBuf, settings: &'static str, environment: &[(&str, &str)]) -> Result<Self> {
        let cluster = Self::prepare(programs, settings, environment)?;
        let mut initdb = cluster.program("initdb");
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username", OWNER]);
        finish(initdb.arg("--pgdata").arg(cluster.data()))?;
        cluster.start_server()?;
        Ok(cluster)
    }

    /// Creates the folder of a server, which belongs to the account that runs it.
    fn prepare(programs: PathBuf, settings: &'static str, environment: &[(&str, &str)]) -> Result<Self> {
        // A path in TMPDIR may be too long for a socket.
        let folder = Path::new("/tmp").join(format!("threadline-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir(&folder)?;
        let is_root = fs::metadata(&folder)?.uid() == 0;
        let account = if is_root { Some(Account::of("postgres")?) } else { None };
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let cluster = Self { folder, programs, account, settings, environment: environment.collect() };
        if let Some(Account { user, group }) = account {
            std::os::unix::fs::chown(&cluster.folder, Some(user), Some(group))?;
        }
        Ok(cluster)
    }

    /// Starts the server after [`stop_server`](Self::stop_server), and waits until it accepts connections.
    pub fn start_server(&self) -> Result {
        let settings = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c port={PORT} {}",
            self.folder.display(),
            self.settings
        );
        let mut start = self.program("pg_ctl");
        start.args(["start", "-w", "-s", "-o", &settings, "-l"]).arg(self.folder.join("log"));
        finish(
            start.arg("-D").arg(self.data()).envs(self.environment.iter().map(|(name, value)| (name, value))),
        )
    }

    /// Stops the server, and waits until it has ended.
    pub fn stop_server(&self, mode: StopMode) -> Result {
        let mode = match mode {
            StopMode::Fast => "fast",
            StopMode::Immediate => "immediate",
        };
        let mut stop = self.program("pg_ctl");
        finish(stop.args(["stop", "-w", "-s", "-m", mode, "-D"]).arg(self.data()))
    }

    /// Copies the server, and starts the copy as a standby that replays its changes.
    pub fn start_standby(&self) -> Result<Self> {
        let standby = Self::prepare(self.programs.clone(), self.settings, &[])?;
        let mut copy = self.program("pg_basebackup");
        copy.args(["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--no-sync"]);
        copy.arg("--host").arg(&self.folder).args(["--port", &PORT.to_string(), "--username", OWNER]);
        finish(copy.arg("--pgdata").arg(standby.data()))?;
        standby.start_server()?;
        Ok(standby)
    }

    /// Returns the URL of a database, for a program that connects as the superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{OWNER}@localhost:{PORT}/{database}?host={}", self.folder.display())
    }

    /// Creates a database, and returns a pool that connects to it. `options` are options of `CREATE DATABASE`.
    pub async fn create_database(&self, name: &str, options: &str) -> Result<PgPool> {
        let maintenance =
            PgPoolOptions::new().max_connections(1).connect_with(self.options("postgres")).await?;
        run(&maintenance, &format!("CREATE DATABASE {name} {options}")).await?;
        maintenance.close().await;
        Ok(PgPoolOptions::new().max_connections(4).connect_with(self.options(name)).await?)
    }

    /// Returns the options to connect to a database as the superuser.
    pub fn options(&self, database: &str) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().socket(&self.folder).port(PORT);
        options.username(OWNER).database(database)
    }

    /// Runs a PostgreSQL program, such as `pg_dump`, on a database.
    pub fn run(&self, program: &str, database: &str, arguments: &[&str]) -> Result {
        let mut command = self.program(program);
        command.env("PGHOST", &self.folder).env("PGPORT", PORT.to_string()).env("PGUSER", OWNER);
        finish(command.args(["-d", database]).args(arguments))
    }

    /// Returns the folder of the server, which the server can write to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the data directory.
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Returns a command for a PostgreSQL program, run as the server's account with a minimal environment.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir("/").env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        let _stopped = stop.args(["stop", "-w", "-s", "-m", "immediate", "-D"]).arg(self.data()).output();
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

impl Account {
    /// Looks up the ids of a user.
    fn of(user: &str) -> Result<Self> {
        let number = |option: &str| -> Result<u32> {
            let output = Command::new("id").args([option, user]).output()?;
            let text = String::from_utf8(output.stdout)?;
            text.trim().parse().map_err(|_| {
                format!("there is no user {user} to run PostgreSQL: useradd --system {user}").into()
            })
        };
        Ok(Self { user: number("-u")?, group: number("-g")? })
    }
}

/// Runs a command until it exits. The error contains the output of the command.
fn finish(command: &mut Command) -> Result {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let output = [output.stdout, output.stderr].concat();
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output)).into())
}

/// Returns the folder of the programs of the server that a pool connects to.
async fn folder_of_server(pool: &PgPool) -> Result<PathBuf> {
    let row = sqlx::query("SELECT setting FROM pg_config() WHERE name = 'BINDIR'").fetch_one(pool).await?;
    Ok(PathBuf::from(row.try_get::<String, _>(0)?))
}

/// Returns the first folder that contains all of the wanted programs: the preferred one if it is on this machine, then those of
/// Debian's packages, newest version first, then the folders of PATH.
fn find_programs(preferred: Option<PathBuf>, wanted: &[&str]) -> Result<PathBuf> {
    let mut folders: Vec<PathBuf> = preferred.into_iter().collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> =
            versions.flatten().map(|version| version.path().join("bin")).collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let has_all = |folder: &PathBuf| wanted.iter().all(|program| folder.join(program).is_file());
    let found = folders.into_iter().find(has_all);
    found.ok_or_else(|| {
        format!("no folder holds {}: install the package postgresql", wanted.join(", ")).into()
    })
}
