//! Starts PgBouncer in transaction mode in front of the server of the tests.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool, Row};

use crate::database::Result;
use crate::server::{host, password};
use crate::wait::MAX_WAIT;

/// The port in the name of the socket. PgBouncer does not listen on TCP.
const PORT: u16 = 6432;

/// A PgBouncer process. It is stopped when the value is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    process: Child,
    folder: PathBuf,
    server: PgConnectOptions,
}

impl PgBouncer {
    /// Starts PgBouncer for the database of the pool, with at most `connections` connections to the server. `settings` are
    /// additional lines of `pgbouncer.ini`.
    pub async fn start(pool: &PgPool, connections: u32, settings: &str) -> Result<Self> {
        let server = (*pool.connect_options()).clone();
        // A path in TMPDIR may be too long for a socket.
        let folder = Path::new("/tmp").join(format!("threadline-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir(&folder)?;
        let program = program()?;
        let file = folder.join("pgbouncer.ini");
        let path = folder.display();
        let database = database(&server);
        let text = format!(
            "[databases]\n* = {database}\n\n[pgbouncer]\nlogfile = {path}/log\nunix_socket_dir = {path}\n\
             listen_port = {PORT}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\n\
             max_client_conn = 200\n{}{settings}\n",
            disable_prepared_statements(&program)?
        );
        fs::write(&file, text)?;
        let mut command = Command::new(program);
        // PgBouncer refuses to run as root.
        if fs::metadata(&folder)?.uid() == 0 {
            let chown = Command::new("chown").args(["-R", "postgres"]).arg(&folder).status()?;
            assert!(chown.success(), "there is no user postgres to run PgBouncer: useradd --system postgres");
            command.args(["--user", "postgres"]);
        }
        // `--quiet` turns off the output, which would repeat the log file.
        let process = command.arg("--quiet").arg(&file).stdin(Stdio::null()).spawn()?;
        let bouncer = Self { process, folder, server };
        bouncer.wait_until_ready().await
    }

    /// Returns the options to connect to the test's database through PgBouncer. They do not set `extra_float_digits`, because
    /// PgBouncer does not accept that setting at the start of a session.
    pub fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().socket(&self.folder).port(PORT);
        let options = options.username(self.server.get_username()).extra_float_digits(None);
        options.database(self.server.get_database().unwrap_or("postgres"))
    }

    /// Returns a pool of one connection, which caches up to `statement_cache_capacity` prepared statements.
    pub fn client(&self, statement_cache_capacity: usize) -> PgPool {
        let options = self.options().statement_cache_capacity(statement_cache_capacity);
        PgPoolOptions::new().max_connections(1).acquire_timeout(MAX_WAIT).connect_lazy_with(options)
    }

    /// Returns the value of a column of `SHOW POOLS` for the test's database.
    pub async fn show_pools(&self, column: &str) -> Result<String> {
        let mut console = self.options().database("pgbouncer").connect().await?;
        let rows = sqlx::raw_sql(AssertSqlSafe("SHOW POOLS")).fetch_all(&mut console).await?;
        console.close().await?;
        let row = rows.iter().find(|row| row.try_get("database").ok() == self.server.get_database());
        let row = row.ok_or("PgBouncer has no connection to the test's database")?;
        Ok(row.try_get_unchecked(column)?)
    }

    /// Waits until PgBouncer accepts connections, and fails with its log if it does not.
    async fn wait_until_ready(mut self) -> Result<Self> {
        let start = Instant::now();
        loop {
            let error = match self.options().connect().await {
                Ok(connection) => {
                    connection.close().await?;
                    return Ok(self);
                }
                Err(error) => error,
            };
            let exit_status = self.process.try_wait()?;
            if exit_status.is_some() || start.elapsed() > MAX_WAIT {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(format!("PgBouncer does not answer: {error} ({exit_status:?})\n{log}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _killed = self.process.kill();
        let _status = self.process.wait();
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

/// Returns the connection string that PgBouncer uses for the server.
fn database(server: &PgConnectOptions) -> String {
    let quote = |value: &str| format!("'{}'", value.replace('\'', "''"));
    let mut text = format!("host={} port={}", quote(&host(server)), server.get_port());
    text += &format!(" user={}", quote(server.get_username()));
    if let Some(password) = password(server) {
        text += &format!(" password={}", quote(&password));
    }
    text
}

/// Returns the line of `pgbouncer.ini` that turns off support for prepared statements, because the tests have to pass without it.
/// PgBouncer has this setting since version 1.21, and turns it on by default since version 1.24.
fn disable_prepared_statements(program: &Path) -> Result<&'static str> {
    let version = String::from_utf8(Command::new(program).arg("--version").output()?.stdout)?;
    let minor = version.lines().next().and_then(|line| line.split('.').nth(1)?.parse::<u32>().ok());
    let minor = minor.ok_or_else(|| format!("not a version of PgBouncer: {version}"))?;
    Ok(if minor < 21 { "" } else { "max_prepared_statements = 0\n" })
}

/// Returns the path of PgBouncer. Debian installs it in `/usr/sbin`, which is only in the PATH of root.
fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let mut programs = folders.map(|folder| folder.join("pgbouncer"));
    let missing = "PgBouncer is missing: install the package pgbouncer (apt-get install pgbouncer)";
    programs
        .find(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()))
        .ok_or_else(|| std::io::Error::new(ErrorKind::NotFound, missing).into())
}
