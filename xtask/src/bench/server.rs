//! The server that everything is measured on, and its clients.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};

use super::program;
use crate::postgres::{Cluster, Programs, Which, with_database};

#[derive(Debug)]
pub(crate) struct Server {
    programs: Programs,
    url: String,
    /// Where it is, as the report says it.
    place: String,
}

/// What the server says about itself.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) place: String,
    pub(super) version: String,
    /// What was set away from PostgreSQL's own defaults, as far as it can matter for time and space.
    pub(super) settings: Vec<(String, String)>,
    pub(super) superuser: bool,
    /// Made of the time, so that runs sort.
    pub(super) name_of_run: String,
}

impl Server {
    /// Measures on the server of `DATABASE_URL`, or else on a private one. That one is new each time, also after a run that was
    /// killed: figures must not depend on the runs before.
    pub(super) fn fresh(measure: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        if let Some(server) = Self::given()? {
            return measure(&server);
        }
        let cluster = Cluster::find(Which::Bench)?;
        cluster.remove()?;
        let running = cluster.start()?;
        measure(&Self::private(&cluster)?)?;
        drop(running);
        // Gigabytes of write-ahead log.
        cluster.remove()
    }

    /// Measures on the server of `DATABASE_URL`, or else on a private one that keeps its trails from run to run.
    pub(super) fn kept(measure: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        if let Some(server) = Self::given()? {
            return measure(&server);
        }
        let cluster = Cluster::find(Which::BenchQuery)?;
        let _running = cluster.start()?;
        measure(&Self::private(&cluster)?)
    }

    fn private(cluster: &Cluster) -> Result<Self> {
        Self::new(cluster.url("postgres"), "private cluster, reached by a unix socket")
    }

    fn given() -> Result<Option<Self>> {
        let Some(url) = env::var("DATABASE_URL").ok().filter(|url| !url.is_empty()) else { return Ok(None) };
        eprintln!(
            "    using the server of DATABASE_URL, not a private one: its settings decide what the figures mean"
        );
        Self::new(url, "the server of DATABASE_URL").map(Some)
    }

    fn new(url: String, place: &str) -> Result<Self> {
        with_database(&url, "postgres")
            .context("DATABASE_URL is no URL such as postgres://user@host/database")?;
        Ok(Self { programs: Programs::find_or_install()?, url, place: place.to_owned() })
    }

    pub(super) fn url(&self, database: &str) -> String {
        with_database(&self.url, database).unwrap_or_else(|| self.url.clone())
    }

    /// Does something with a new database, which is dropped also after a failure: on a server that was given it is in somebody's
    /// way.
    pub(super) fn in_new_database<T>(&self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.drop_database(name)?;
        self.sql("postgres", &format!("CREATE DATABASE {name};"))?;
        let done = work();
        let dropped = self.drop_database(name);
        let done = done?;
        dropped?;
        Ok(done)
    }

    /// Drops a database, whoever is connected to it; one that does not exist is no error.
    pub(super) fn drop_database(&self, name: &str) -> Result<()> {
        self.sql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE);")).map(drop)
    }

    /// Runs a script in a fresh session; ends at the first error.
    pub(super) fn sql(&self, database: &str, script: &str) -> Result<String> {
        let mut command = self.programs.psql()?;
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"]).arg(self.url(database));
        program::run(&mut command, script)
    }

    pub(super) fn pgbench(&self) -> Result<Command> {
        self.programs.pgbench()
    }

    pub(super) fn facts(&self) -> Result<Facts> {
        let said = self.sql("postgres", include_str!("sql/facts.sql")).context("cannot ask the server")?;
        let mut lines = said.lines();
        let mut next = || lines.next().unwrap_or_default().to_owned();
        let (version, superuser, name_of_run) = (next(), next() == "on", next());
        let settings = lines.filter_map(|line| line.split_once('|'));
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Facts { place: self.place.clone(), version, settings, superuser, name_of_run })
    }

    /// Processor time, in clock ticks of 10 ms, of all backends that have ended: PostgreSQL's first process inherits what
    /// its children used. `None` where the server cannot tell, as on another system than Linux.
    pub(super) fn ended_backends(&self) -> Result<Option<u64>> {
        let said = self.sql("postgres", include_str!("sql/ended_backends.sql"))?;
        Ok(said.trim().parse().ok())
    }
}
