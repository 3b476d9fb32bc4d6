//! One cluster: made, started, stopped, thrown away.

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
use super::programs::{Programs, forget_settings};
use super::running::Running;
use super::{Which, place, settings, url};
use crate::command::{capture, forget_outer_cargo};
use crate::paths;
use crate::progress::{step, tail};

/// PostgreSQL's name for the socket of its usual port.
pub(super) const SOCKET: &str = ".s.PGSQL.5432";

/// A private cluster, running or not.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(super) programs: Programs,
    pub(super) owner: Owner,
    pub(super) folder: PathBuf,
    which: Which,
}

impl Cluster {
    /// Where this checkout's cluster is or would be; installs PostgreSQL where it is missing.
    pub(crate) fn find(which: Which) -> Result<Self> {
        // Also where the server is another: the user that it runs as, and psql, come with the distribution's.
        let distribution = Programs::find_or_install()?;
        let owner = Owner::find()?;
        fs::create_dir_all(paths::target()).context("cannot make the folder target")?;
        let programs = match which {
            Which::Newest => Programs::packaged(owner)?,
            _ => distribution,
        };
        let folder = place::choose(which.folder(), owner);
        Ok(Self { programs, owner, folder, which })
    }

    /// The major version of its server.
    pub(crate) fn version(&self) -> u32 {
        self.programs.version
    }

    pub(crate) fn url(&self, database: &str) -> String {
        url::url(&self.socket(), database)
    }

    /// Lets a child reach this cluster and no other.
    pub(crate) fn serve(&self, command: &mut Command, database: &str) {
        forget_settings(command);
        command.env("DATABASE_URL", self.url(database));
    }

    /// Starts the server, unless it runs already.
    pub(crate) fn start(&self) -> Result<Running<'_>> {
        if self.answers() {
            self.wait_until_ready()?;
            return Ok(Running::new(self, false));
        }
        step("starting a private PostgreSQL server", || {
            if !self.folder.starts_with(paths::target()) {
                eprintln!("    it lies in {}: target/ cannot hold it", self.folder.display());
            }
            self.make()?;
            self.clear_the_way()?;
            settings::write(self.which, &self.data(), &self.socket(), self.owner)?;
            let mut command = self.pg_ctl("start");
            command.args(["-w", "-t", "60", "-s", "-l"]).arg(self.log());
            // Another run may have started it between our look and now.
            if let Err(error) = capture(&mut command)
                && !self.answers()
            {
                let tail = tail(&self.log(), 15);
                bail!("PostgreSQL did not start ({error:#}). Its log {} ends:\n{tail}", self.log().display());
            }
            self.wait_until_ready()
        })?;
        Ok(Running::new(self, true))
    }

    /// Stops the server; that it does not run is fine.
    pub(crate) fn stop(&self) -> Result<()> {
        if self.server().is_none() {
            return Ok(());
        }
        let mut command = self.pg_ctl("stop");
        capture(command.args(["-w", "-m", "fast", "-s"]))
            .context("the private PostgreSQL server does not stop")
            .map(drop)
    }

    /// Throws the cluster away.
    pub(crate) fn remove(&self) -> Result<()> {
        self.stop()?;
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("cannot remove {}: remove it by hand", self.folder.display()))?;
        }
        Ok(())
    }

    /// Returns whether a server listens.
    pub(crate) fn answers(&self) -> bool {
        UnixStream::connect(self.socket().join(SOCKET)).is_ok()
    }

    pub(crate) fn create_database(&self, name: &str) -> Result<()> {
        let there = self.sql(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))?;
        if there.trim().is_empty() { self.sql(&format!("CREATE DATABASE {name}")).map(drop) } else { Ok(()) }
    }

    pub(crate) fn drop_database(&self, name: &str) -> Result<()> {
        self.sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).map(drop)
    }

    /// The program that runs SQL.
    pub(crate) fn psql(&self) -> Result<OsString> {
        Ok(self.programs.psql()?.get_program().to_owned())
    }

    fn sql(&self, statement: &str) -> Result<String> {
        let mut command = self.programs.psql()?;
        capture(
            command
                .args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-c", statement])
                .arg(self.url("postgres")),
        )
    }

    /// The running server's process, told by its working folder, which is its data.
    pub(super) fn server(&self) -> Option<u32> {
        let pid = fs::read_to_string(self.pid_file()).ok()?.lines().next()?.trim().parse().ok()?;
        let works_in = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        (works_in == self.data().canonicalize().ok()?).then_some(pid)
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

    /// In a process group of its own: Ctrl-C in a terminal must not end it half-way.
    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = self.programs.program("pg_ctl");
        command.arg(action).arg("-D").arg(self.data()).process_group(0);
        // The server lives longer than this run: it has no use for what cargo told us.
        forget_outer_cargo(&mut command);
        self.owner.become_owner(&mut command);
        command
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }
}
