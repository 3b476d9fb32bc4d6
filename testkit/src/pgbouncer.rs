//! A real PgBouncer in transaction mode before the server that the tests use.

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

/// Far longer than a busy machine takes to start a pooler.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// Only a part of the socket's name: nothing listens on a port.
const PORT: u16 = 6432;

/// Ends with the value.
#[derive(Debug)]
pub struct PgBouncer {
    process: Child,
    folder: PathBuf,
    server: PgConnectOptions,
}

impl PgBouncer {
    /// Forwards to the database of this pool, over so many connections to the server at most. `settings` are lines of
    /// `pgbouncer.ini` beside these.
    pub async fn start(pool: &PgPool, connections: u32, settings: &str) -> Result<Self> {
        let server = (*pool.connect_options()).clone();
        // A folder of TMPDIR may be too long for a socket.
        let folder = Path::new("/tmp").join(format!("threadline-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir(&folder)?;
        let program = program()?;
        let file = folder.join("pgbouncer.ini");
        let own = folder.display();
        let database = database(&server);
        let text = format!(
            "[databases]\n* = {database}\n\n[pgbouncer]\nlogfile = {own}/log\nunix_socket_dir = {own}\n\
             listen_port = {PORT}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\n\
             max_client_conn = 200\n{}{settings}\n",
            without_statements(&program)?
        );
        fs::write(&file, text)?;
        let mut command = Command::new(program);
        // It refuses to run as root.
        if fs::metadata(&folder)?.uid() == 0 {
            let given = Command::new("chown").args(["-R", "postgres"]).arg(&folder).status()?;
            assert!(given.success(), "there is no user postgres to run PgBouncer: useradd --system postgres");
            command.args(["--user", "postgres"]);
        }
        // Its log is a file; what it prints is the same.
        let process = command.arg("--quiet").arg(&file).stdin(Stdio::null()).spawn()?;
        let bouncer = Self { process, folder, server };
        bouncer.ready().await
    }

    /// Leads through PgBouncer to the test's database. sqlx asks for `extra_float_digits` at the start of a session, which
    /// PgBouncer does not know.
    pub fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().socket(&self.folder).port(PORT);
        let options = options.username(self.server.get_username()).extra_float_digits(None);
        options.database(self.server.get_database().unwrap_or("postgres"))
    }

    /// One client: a pool of one connection, which keeps so many prepared statements.
    pub fn client(&self, statements: usize) -> PgPool {
        let options = self.options().statement_cache_capacity(statements);
        PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_lazy_with(options)
    }

    /// A figure of the test's database in `SHOW POOLS`.
    pub async fn pools(&self, column: &str) -> Result<String> {
        let mut console = self.options().database("pgbouncer").connect().await?;
        let rows = sqlx::raw_sql(AssertSqlSafe("SHOW POOLS")).fetch_all(&mut console).await?;
        console.close().await?;
        let ours = rows.iter().find(|row| row.try_get("database").ok() == self.server.get_database());
        let ours = ours.ok_or("PgBouncer has no connection to the test's database")?;
        Ok(ours.try_get_unchecked(column)?)
    }

    async fn ready(mut self) -> Result<Self> {
        let begin = Instant::now();
        loop {
            let error = match self.options().connect().await {
                Ok(connection) => {
                    connection.close().await?;
                    return Ok(self);
                }
                Err(error) => error,
            };
            let ended = self.process.try_wait()?;
            if ended.is_some() || begin.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(format!("PgBouncer does not answer: {error} ({ended:?})\n{log}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _status = self.process.wait();
        let _left = fs::remove_dir_all(&self.folder);
    }
}

/// Returns the address of the server for PgBouncer, and the role that it connects as.
fn database(server: &PgConnectOptions) -> String {
    let quote = |value: &str| format!("'{}'", value.replace('\'', "''"));
    let mut text = format!("host={} port={}", quote(&host(server)), server.get_port());
    text += &format!(" user={}", quote(server.get_username()));
    if let Some(password) = password(server) {
        text += &format!(" password={}", quote(&password));
    }
    text
}

/// From version 1.21 on it can keep prepared statements apart, and from 1.24 on it does. What is tested has to hold without.
fn without_statements(program: &Path) -> Result<&'static str> {
    let said = String::from_utf8(Command::new(program).arg("--version").output()?.stdout)?;
    let minor = said.lines().next().and_then(|line| line.split('.').nth(1)?.parse::<u32>().ok());
    let minor = minor.ok_or_else(|| format!("this is no version of PgBouncer: {said}"))?;
    Ok(if minor < 21 { "" } else { "max_prepared_statements = 0\n" })
}

/// Debian keeps it where only root's PATH leads.
fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let mut programs = folders.map(|folder| folder.join("pgbouncer"));
    let missing = "PgBouncer is missing: install the package pgbouncer (apt-get install pgbouncer)";
    programs
        .find(|file| file.metadata().is_ok_and(|facts| facts.is_file()))
        .ok_or_else(|| std::io::Error::new(ErrorKind::NotFound, missing).into())
}
