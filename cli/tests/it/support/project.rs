//! The directory of an application, with an installed trail in its database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgPool};

use super::{CommandOutput, Result, command, stdout, tickets};

/// A directory with an empty `threadline.toml` and an empty directory of migrations.
pub(crate) struct Project {
    pub(crate) pool: PgPool,
    pub(crate) folder: PathBuf,
}

impl Project {
    /// Installs a trail and creates these tables.
    pub(crate) async fn new(pool: PgPool, tables: &str) -> Result<Self> {
        stdout(&pool, &["install"])?;
        let project = Self::with_installed_trail(pool)?;
        project.sql(tables).await?;
        Ok(project)
    }

    /// Installs a trail and captures the table `tickets`.
    pub(crate) async fn with_tickets(pool: PgPool) -> Result<Self> {
        tickets(&pool).await?;
        let project = Self::with_installed_trail(pool)?;
        project.configure("")?;
        Ok(project)
    }

    fn with_installed_trail(pool: PgPool) -> Result<Self> {
        let database = pool.connect_options().get_database().ok_or("a test without a database")?.to_owned();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(database);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("migrations"))?;
        Ok(Self { pool, folder })
    }

    /// Runs SQL in the database. An error names the SQL.
    pub(crate) async fn sql(&self, sql: &str) -> Result {
        let ran = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await;
        ran.map(|_| ()).map_err(|error| format!("{error} in {sql}").into())
    }

    /// Writes the `threadline.toml`.
    pub(crate) fn configure(&self, toml: &str) -> Result {
        Ok(fs::write(self.folder.join("threadline.toml"), toml)?)
    }

    /// Runs `threadline` with these words in the directory.
    pub(crate) fn run(&self, words: &str) -> Result<CommandOutput> {
        self.run_arguments(&words.split(' ').collect::<Vec<_>>())
    }

    /// Runs `threadline` with arguments that may contain white space.
    pub(crate) fn run_arguments(&self, arguments: &[&str]) -> Result<CommandOutput> {
        CommandOutput::new(command(&self.pool)?.current_dir(&self.folder).args(arguments).output()?)
    }

    /// Runs `threadline` and returns its output. Fails if the command fails.
    pub(crate) fn stdout(&self, words: &str) -> Result<String> {
        let output = self.run(words)?;
        if output.code == Some(0) {
            Ok(output.stdout)
        } else {
            Err(format!("{words}: {}", output.stderr).into())
        }
    }

    /// Runs `threadline --json` and returns the document.
    pub(crate) fn json(&self, words: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.stdout(&format!("{words} --json"))?)?)
    }

    /// Runs a line in a shell.
    pub(crate) fn shell(&self, line: &str) -> Result {
        let programs =
            Path::new(env!("CARGO_BIN_EXE_threadline")).parent().ok_or("a program without a directory")?;
        let threadline = command(&self.pool)?;
        let environment = threadline.get_envs().filter_map(|(key, value)| Some((key, value?)));
        let mut shell = Command::new("sh");
        shell.envs(environment).env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
        let output = CommandOutput::new(shell.current_dir(&self.folder).args(["-c", line]).output()?)?;
        if output.code == Some(0) { Ok(()) } else { Err(format!("{line}: {}", output.stderr).into()) }
    }

    /// Captures tables with their policies in the file.
    pub(crate) fn capture(&self, tables: &str) -> Result {
        self.stdout(&format!("gen triggers --tables {tables} --apply")).map(|_| ())
    }

    /// Runs `threadline gen triggers --tables …` with these words.
    pub(crate) fn gen_triggers(&self, words: &str) -> Result<CommandOutput> {
        self.run(&format!("gen triggers --tables {words}"))
    }

    /// Runs `threadline gen triggers --tables …` and returns its output. Fails if the command fails or prints a warning.
    pub(crate) fn gen_triggers_stdout(&self, words: &str) -> Result<String> {
        let output = self.gen_triggers(words)?;
        if output.code == Some(0) && output.stderr.is_empty() {
            Ok(output.stdout)
        } else {
            Err(output.stderr.into())
        }
    }

    /// Runs `threadline gen triggers --tables …` and returns its error, after checking that it wrote nothing.
    pub(crate) fn gen_triggers_error(&self, words: &str) -> Result<String> {
        let before = self.migration_files()?;
        let output = self.gen_triggers(words)?;
        assert_eq!(
            (output.code, output.stdout.as_str(), output.stderr.lines().count()),
            (Some(1), "", 1),
            "{}",
            output.stderr
        );
        assert_eq!(self.migration_files()?, before);
        Ok(output.stderr)
    }

    /// Returns the sorted names of the files in the directory of migrations.
    pub(crate) fn migration_files(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(self.folder.join("migrations"))?;
        let mut names =
            entries.map(|entry| Ok(entry?.file_name().display().to_string())).collect::<Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// Returns sqlx's migrator for the directory of migrations.
    pub(crate) async fn migrator(&self) -> Result<Migrator> {
        Ok(Migrator::new(self.folder.join("migrations")).await?)
    }

    /// Returns the changes of a table as JSON, oldest first.
    pub(crate) async fn changes(&self, table: &str) -> Result<Vec<Value>> {
        let sql = "SELECT to_jsonb(c) FROM threadline.audit_changes AS c
                   WHERE concat_ws('.', NULLIF(table_schema, 'public'), table_name) = $1 ORDER BY captured_at, id";
        Ok(sqlx::query_scalar(sql).bind(table).fetch_all(&self.pool).await?)
    }

    /// Returns the number of capture triggers in the database, and the names of the capture functions.
    pub(crate) async fn triggers_and_functions(&self) -> Result<(i64, Vec<String>)> {
        let triggers = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND starts_with(tgname, 'threadline_audit_')";
        let functions = "SELECT proname::text FROM pg_proc WHERE starts_with(proname, 'threadline_capture_changes_') ORDER BY 1";
        let triggers = sqlx::query_scalar(triggers).fetch_one(&self.pool).await?;
        Ok((triggers, sqlx::query_scalar(functions).fetch_all(&self.pool).await?))
    }
}
