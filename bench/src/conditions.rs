//! The conditions of a run, without which its figures mean nothing.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::Result;
use chrono::Utc;
use serde_json::{Map, Value};
use sqlx::Row;

use crate::server::Server;

/// The settings that matter for time and space: those that are not PostgreSQL's defaults, and the safety of writes.
const SETTINGS: &str = "
    SELECT string_agg(name || ' = ' || current_setting(name), ', ' ORDER BY name), current_setting('server_version')
    FROM pg_settings
    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
       OR (setting IS DISTINCT FROM boot_val
           AND source NOT IN ('default', 'override', 'client', 'session')
           AND category !~ '^(Client Connection Defaults / (Locale|Other)|Connections|File|Preset|Reporting)')";

#[derive(Debug)]
pub(crate) struct Conditions {
    /// The time of the start in UTC, as a part of file names.
    pub(crate) started_at: String,
    entries: Vec<(&'static str, String)>,
}

impl Conditions {
    /// Reads the state of the machine and the settings of the server. Called before anything is measured.
    pub(crate) async fn read(server: &Server) -> Result<Self> {
        let row = sqlx::query(SETTINGS).fetch_one(&mut server.connect("postgres").await?).await?;
        let (settings, version): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default();
        let entries = vec![
            ("machine", machine()),
            ("load", format!("{load} before the run")),
            ("server", format!("PostgreSQL {version}; {settings}")),
            ("code", format!("threadline {}, commit {}", env!("CARGO_PKG_VERSION"), commit())),
        ];
        Ok(Self { started_at: Utc::now().format("%Y-%m-%dT%H%M%SZ").to_string(), entries })
    }

    pub(crate) fn add(&mut self, name: &'static str, text: impl Into<String>) {
        self.entries.push((name, text.into()));
    }

    pub(crate) fn to_json(&self) -> Map<String, Value> {
        self.entries.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into())).collect()
    }
}

impl Display for Conditions {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "- time: {}", self.started_at)?;
        self.entries.iter().try_for_each(|(name, text)| writeln!(formatter, "- {name}: {text}"))
    }
}

fn machine() -> String {
    let cores = available_parallelism().map_or_else(|_| "?".to_owned(), |cores| cores.to_string());
    let model = proc_field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".to_owned());
    let memory = proc_field("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown amount".to_owned());
    format!("{cores} cores, {model}, {memory} of memory")
}

/// Returns the value of the first line `name : value` of a file.
fn proc_field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.trim() == name).map(|(_, value)| value.trim().to_owned())
}

fn commit() -> String {
    let mut git = Command::new("git");
    git.current_dir(env!("CARGO_MANIFEST_DIR")).args(["describe", "--always", "--dirty", "--abbrev=12"]);
    let output = git.output().ok().filter(|output| output.status.success());
    output.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
