//! The servers and the host of one scenario.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context, Result, anyhow, bail};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection};
use threadline::AuditTrail;
use threadline_testkit::cluster::Cluster;
use tokio::time::sleep;

use super::scenario::Scenario;
use super::{FILES_ALLOWANCE, MEMORY_ALLOWANCE, MEMORY_FACTOR};
use crate::host::{self, CONNECTIONS, Host};
use crate::server::Server;

/// The connections of the console's own pool, where it has one.
const READ_CONNECTIONS: u32 = 5;
/// The time to wait for something that always happens.
const MAX_WAIT: Duration = Duration::from_secs(120);
/// The time in which the host closes what the load has left.
const REST: Duration = Duration::from_secs(4);
const DATABASE: &str = "faults";

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) scenario: Scenario,
    pub(super) cluster: Arc<Cluster>,
    pub(super) standby: Option<Arc<Cluster>>,
    pub(super) clock: Option<Clock>,
    host: Host,
}

/// The memory, connections and files that the host occupies while nobody uses it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) resident_bytes: f64,
    pub(super) connections: f64,
    pub(super) files: f64,
}

impl Level {
    /// Returns what has not returned to the level before.
    pub(super) fn failures(&self, before: &Self, max_connections: u32) -> Vec<String> {
        let mut failures = Vec::new();
        let mut check = |name: &str, figure: f64, limit: f64| {
            if figure > limit || figure.is_nan() {
                failures.push(format!("{name} at rest: {figure}, more than {limit}"));
            }
        };
        let memory = before.resident_bytes * MEMORY_FACTOR + MEMORY_ALLOWANCE;
        check("bytes of memory", self.resident_bytes, memory);
        check("connections", self.connections, f64::from(max_connections));
        check("open files", self.files, before.files + FILES_ALLOWANCE);
        failures
    }
}

/// A clock that is set by a file, which libfaketime reads.
#[derive(Debug)]
pub(super) struct Clock {
    folder: PathBuf,
    library: PathBuf,
}

impl Clock {
    fn create() -> Result<Self> {
        let folders = fs::read_dir("/usr/lib")?.flatten().map(|folder| folder.path().join("faketime"));
        let library =
            folders.map(|folder| folder.join("libfaketimeMT.so.1")).find(|library| library.is_file());
        let library = library.context("libfaketime is missing: install the package faketime")?;
        // The account of the server has to be able to read the file.
        let folder = env::temp_dir().join(format!("threadline-clock-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir(&folder)?;
        let clock = Self { folder, library };
        clock.set(0)?;
        Ok(clock)
    }

    /// Sets the clock this many seconds ahead of the true time.
    pub(super) fn set(&self, seconds: i64) -> Result<()> {
        // Renamed in one step, because a reader must not see an empty file.
        let (file, written) = (self.file(), self.folder.join("written"));
        fs::write(&written, format!("{seconds:+}"))?;
        fs::rename(&written, &file).context("cannot set the clock")
    }

    fn file(&self) -> PathBuf {
        self.folder.join("offset")
    }

    /// Returns the environment of a program whose clock this is.
    fn environment(&self) -> Result<[(&'static str, String); 4]> {
        let text =
            |path: PathBuf| path.into_os_string().into_string().map_err(|_| anyhow!("a path is not UTF-8"));
        Ok([
            ("LD_PRELOAD", text(self.library.clone())?),
            ("FAKETIME_TIMESTAMP_FILE", text(self.file())?),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ])
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

impl Stage {
    /// Starts the servers, installs and captures, and starts the host.
    pub(super) async fn build(scenario: Scenario) -> Result<Self> {
        let clock = if scenario == Scenario::Clock { Some(Clock::create()?) } else { None };
        let environment = clock.as_ref().map(Clock::environment).transpose()?;
        let environment: Vec<(&str, &str)> =
            environment.iter().flatten().map(|(name, value)| (*name, value.as_str())).collect();
        let cluster = Cluster::start_durable(&environment).map_err(|error| anyhow!("{error}"))?;
        let pool = cluster.create_database(DATABASE, "").await.map_err(|error| anyhow!("{error}"))?;
        let trail = AuditTrail::new(pool.clone());
        trail.install().await?;
        host::prepare(&pool).await?;
        trail.capture(["host_tickets", "host_replies"]).await?;
        pool.close().await;
        let standby = match scenario {
            Scenario::Replica => Some(cluster.start_standby().map_err(|error| anyhow!("{error}"))?),
            _ => None,
        };
        let host = start_host(&cluster, standby.as_ref(), clock.as_ref(), 0)?;
        Ok(Self { scenario, cluster: Arc::new(cluster), standby: standby.map(Arc::new), clock, host })
    }

    pub(super) fn port(&self) -> u16 {
        self.host.port
    }

    pub(super) fn server(&self) -> Server {
        Server::new(self.options())
    }

    fn options(&self) -> PgConnectOptions {
        self.cluster.options(DATABASE).disable_statement_logging()
    }

    /// Connects to the database of the host.
    pub(super) async fn connect(&self) -> Result<PgConnection> {
        connect(self.options()).await
    }

    /// Connects to the standby.
    pub(super) async fn connect_to_standby(&self) -> Result<PgConnection> {
        let standby = self.standby.as_ref().context("this scenario has no standby")?;
        connect(standby.options(DATABASE).disable_statement_logging()).await
    }

    /// Kills the host, waits, and starts it again on the same port.
    pub(super) async fn restart_host(&mut self, pause: Duration) -> Result<()> {
        self.host.kill();
        sleep(pause).await;
        self.host = start_host(&self.cluster, self.standby.as_deref(), self.clock.as_ref(), self.host.port)?;
        Ok(())
    }

    /// Returns the number of connections that the host may have.
    pub(super) fn max_connections(&self) -> u32 {
        if self.standby.is_some() { CONNECTIONS + READ_CONNECTIONS } else { CONNECTIONS }
    }

    /// Waits until no session of the host does anything, and reads what it still occupies.
    pub(super) async fn level_at_rest(&self) -> Result<Level> {
        let mut connections = vec![self.connect().await?];
        if self.standby.is_some() {
            connections.push(self.connect_to_standby().await?);
        }
        let start = Instant::now();
        loop {
            sleep(REST).await;
            let (mut all, mut active) = (0, 0);
            for connection in &mut connections {
                let sessions: (i64, i64) = sqlx::query_as(
                    "SELECT count(*), count(*) FILTER (WHERE state <> 'idle')
                     FROM pg_stat_activity WHERE application_name = 'host'",
                )
                .fetch_one(connection)
                .await?;
                (all, active) = (all + sessions.0, active + sessions.1);
            }
            if active == 0 {
                return Ok(Level {
                    resident_bytes: self.host.resident_bytes(),
                    connections: all as f64,
                    files: self.host.open_files(),
                });
            }
            if start.elapsed() > MAX_WAIT {
                bail!("{active} sessions of the host are not idle, although nobody uses it");
            }
        }
    }
}

fn start_host(
    cluster: &Cluster,
    standby: Option<&Cluster>,
    clock: Option<&Clock>,
    port: u16,
) -> Result<Host> {
    let (port, reads) = (port.to_string(), READ_CONNECTIONS.to_string());
    let read_url = standby.map(|standby| standby.url(DATABASE));
    let mut arguments = vec![DATABASE, "--port", &port];
    if let Some(url) = &read_url {
        arguments.extend(["--read-connections", &reads, "--read-url", url]);
    }
    let url = cluster.url(DATABASE);
    let clock = clock.map(Clock::environment).transpose()?;
    let clock = clock.iter().flatten().map(|(name, value)| (*name, value.as_str()));
    let environment: Vec<(&str, &str)> = [("DATABASE_URL", url.as_str())].into_iter().chain(clock).collect();
    Host::start(&arguments, &environment)
}

/// Connects as soon as the server accepts connections.
async fn connect(options: PgConnectOptions) -> Result<PgConnection> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(MAX_WAIT);
    let connection = pool.connect_with(options.application_name("benchmark")).await?;
    Ok(connection.acquire().await?.detach())
}
