//! Runs the real command on the database of a test.

pub(crate) mod help_desk;
pub(crate) mod project;

use std::error::Error;
use std::process::{Command, Output};

use sqlx::PgPool;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// The output and the exit status of a command.
pub(crate) struct CommandOutput {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl CommandOutput {
    pub(crate) fn new(output: Output) -> Result<Self> {
        Ok(Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }
}

/// Returns the command with the test's database in its environment.
pub(crate) fn command(pool: &PgPool) -> Result<Command> {
    let database = pool.connect_options().get_database().ok_or("a test without a database")?.to_owned();
    let mut url = url::Url::parse(&std::env::var("DATABASE_URL")?)?;
    url.set_path(&database);
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadline"));
    command.env("DATABASE_URL", url.as_str());
    Ok(command)
}

/// Runs the command with these arguments.
pub(crate) fn run(pool: &PgPool, arguments: &[&str]) -> Result<CommandOutput> {
    CommandOutput::new(command(pool)?.args(arguments).output()?)
}

/// Runs the command and returns its output. Fails if the command fails or prints to standard error.
pub(crate) fn stdout(pool: &PgPool, arguments: &[&str]) -> Result<String> {
    let output = run(pool, arguments)?;
    if output.code == Some(0) && output.stderr.is_empty() {
        Ok(output.stdout)
    } else {
        Err(format!("{arguments:?} ended with {:?}: {}", output.code, output.stderr).into())
    }
}

/// Creates and captures the table `tickets`, using only the command.
pub(crate) async fn tickets(pool: &PgPool) -> Result {
    stdout(pool, &["install"])?;
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, score numeric)")
        .execute(pool)
        .await?;
    stdout(pool, &["gen", "triggers", "--tables", "tickets", "--apply"])?;
    Ok(())
}
