//! The server that everything is measured on, and its clients.

use std::process::Command;

use anyhow::{Context, Result};

use super::program;
use crate::postgres::{Cluster, Programs, with_database};

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
    pub(super) fn private(cluster: &Cluster) -> Result<Self> {
        Self::new(cluster.url("postgres"), "private cluster, reached by a unix socket")
    }

    pub(super) fn given(url: String) -> Result<Self> {
        Self::new(url, "the server of DATABASE_URL")
    }

    fn new(url: String, place: &str) -> Result<Self> {
        with_database(&url, "postgres")
            .context("DATABASE_URL is no URL such as postgres://user@host/database")?;
        Ok(Self { programs: Programs::find_or_install()?, url, place: place.to_owned() })
    }

    pub(super) fn url(&self, database: &str) -> String {
        with_database(&self.url, database).unwrap_or_else(|| self.url.clone())
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
