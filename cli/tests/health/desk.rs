//! A folder with a `threadline.toml`, and an installed trail in its database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::{Result, Said, command, output, said, tickets};

pub(crate) struct Desk {
    pub(crate) pool: PgPool,
    folder: PathBuf,
}

impl Desk {
    /// With a captured table `tickets`.
    pub(crate) async fn new(pool: PgPool) -> Result<Self> {
        let database = pool.connect_options().get_database().ok_or("a test without a database")?.to_owned();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(database);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("threadline.toml"), "")?;
        tickets(&pool).await?;
        Ok(Self { pool, folder })
    }

    pub(crate) async fn sql(&self, sql: &str) -> Result {
        let ran = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await;
        ran.map(|_| ()).map_err(|error| format!("{error} in {sql}").into())
    }

    pub(crate) fn configure(&self, toml: &str) -> Result {
        Ok(fs::write(self.folder.join("threadline.toml"), toml)?)
    }

    /// `threadline` with these words, in the folder.
    pub(crate) fn run(&self, words: &str) -> Result<Said> {
        self.arguments(&words.split(' ').collect::<Vec<_>>())
    }

    /// The same with arguments that may hold white space.
    pub(crate) fn arguments(&self, arguments: &[&str]) -> Result<Said> {
        said(command(&self.pool)?.current_dir(&self.folder).args(arguments).output()?)
    }

    /// What it prints when it succeeds.
    pub(crate) fn output(&self, words: &str) -> Result<String> {
        let said = self.run(words)?;
        if said.code == Some(0) { Ok(said.out) } else { Err(format!("{words}: {}", said.err).into()) }
    }

    pub(crate) fn json(&self, words: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.output(&format!("{words} --json"))?)?)
    }

    /// A line for a shell, as somebody would paste it.
    pub(crate) fn shell(&self, line: &str) -> Result {
        let programs =
            Path::new(env!("CARGO_BIN_EXE_threadline")).parent().ok_or("a program without a folder")?;
        let threadline = command(&self.pool)?;
        let environment = threadline.get_envs().filter_map(|(key, value)| Some((key, value?)));
        let mut shell = Command::new("sh");
        shell.envs(environment).env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
        let ended = said(shell.current_dir(&self.folder).args(["-c", line]).output()?)?;
        if ended.code == Some(0) { Ok(()) } else { Err(format!("{line}: {}", ended.err).into()) }
    }

    /// Captures a table as the file says.
    pub(crate) fn capture(&self, table: &str) -> Result {
        self.output(&format!("gen triggers --tables {table} --apply")).map(|_| ())
    }
}

/// Installs into an empty database and answers what a command without a capture says.
pub(crate) fn installed(pool: &PgPool) -> Result {
    output(pool, &["install"]).map(|_| ())
}
