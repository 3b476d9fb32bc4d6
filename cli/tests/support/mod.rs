//! The real command against the database of a test.

use std::error::Error;
use std::process::{Command, Output};

use sqlx::PgPool;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The command with the test's database in its environment.
pub(crate) fn command(pool: &PgPool) -> Result<Command> {
    let database = pool.connect_options().get_database().ok_or("a test without a database")?.to_owned();
    let mut url = url::Url::parse(&std::env::var("DATABASE_URL")?)?;
    url.set_path(&database);
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadline"));
    command.env("DATABASE_URL", url.as_str());
    Ok(command)
}

pub(crate) fn run(pool: &PgPool, arguments: &[&str]) -> Result<Said> {
    said(command(pool)?.args(arguments).output()?)
}

pub(crate) fn said(output: Output) -> Result<Said> {
    Ok(Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    })
}

/// What a command that succeeds prints.
pub(crate) fn output(pool: &PgPool, arguments: &[&str]) -> Result<String> {
    let said = run(pool, arguments)?;
    if said.code == Some(0) && said.err.is_empty() {
        Ok(said.out)
    } else {
        Err(format!("{arguments:?} ended with {:?}: {}", said.code, said.err).into())
    }
}

/// A captured table `tickets`, all through the command.
pub(crate) async fn tickets(pool: &PgPool) -> Result {
    output(pool, &["install"])?;
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, score numeric)")
        .execute(pool)
        .await?;
    output(pool, &["gen", "triggers", "--tables", "tickets", "--apply"])?;
    Ok(())
}
