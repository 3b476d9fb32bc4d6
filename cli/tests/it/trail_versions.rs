//! Tests which trails each command accepts: those of its own version, and for reading those of the Elixir library.

use crate::support::{Result, run, stdout, tickets};
use sqlx::{AssertSqlSafe, PgPool};

const REFERENCE: &str = include_str!("../../../core/tests/it/query/reference.sql");
const NIL: &str = "00000000-0000-0000-0000-000000000000";
const PAST: &str = "2025-02-15T00:00";

/// The commands that read the trail.
const READ_COMMANDS: [&[&str]; 10] = [
    &["health", "coverage"],
    &["policy", "show"],
    &["timeline"],
    &["count"],
    &["history", "orders", "id=1"],
    &["as-of", "orders", "id=1", PAST],
    &["compare", "orders", "id=1", PAST, PAST],
    &["actor", "user:42"],
    &["correlation", "corr-1"],
    &["incident", "b0000000-0000-4000-8000-000000000003"],
];
/// The commands that write to the database or plan to.
const WRITE_COMMANDS: [&[&str]; 3] = [
    &["install"],
    &["gen", "triggers", "--tables", "tickets", "--apply"],
    &["gen", "triggers", "--tables", "tickets", "--dry-run"],
];

async fn sql(pool: &PgPool, sql: &str) -> Result {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await?;
    Ok(())
}

/// Runs a command that must fail, and returns its one-line error.
fn error_of(pool: &PgPool, arguments: &[&str]) -> Result<String> {
    let output = run(pool, arguments)?;
    assert_eq!(
        (output.code, output.stdout.as_str(), output.stderr.lines().count()),
        (Some(1), "", 1),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("at line"), "{}", output.stderr);
    Ok(output.stderr)
}

#[sqlx::test(migrations = false)]
async fn outdated_trail_is_rejected_by_every_command(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sql(&pool, "DELETE FROM threadline.threadline_migrations WHERE version = (SELECT max(version) FROM threadline.threadline_migrations)").await?;
    for arguments in READ_COMMANDS.iter().chain(&WRITE_COMMANDS[1..]).chain([&&["transaction", NIL][..]]) {
        let error = error_of(&pool, arguments)?;
        assert!(
            error.contains(
                "the audit trail in schema threadline is of an older version: run `threadline install`"
            ),
            "{error}"
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn newer_trail_is_rejected_by_every_command(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sql(&pool, "INSERT INTO threadline.threadline_migrations VALUES (9999, 'of the future', 'x')").await?;
    for arguments in READ_COMMANDS.iter().chain(&WRITE_COMMANDS) {
        let error = error_of(&pool, arguments)?;
        assert!(error.contains("by a newer version of Threadline"), "{error}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn elixir_trail_is_read_but_never_changed(pool: PgPool) -> Result {
    sql(&pool, REFERENCE).await?;
    sql(&pool, "CREATE TABLE tickets (id int PRIMARY KEY)").await?;
    let within = |arguments: &[&'static str]| [arguments, &["--storage-schema", "public"]].concat();
    for arguments in READ_COMMANDS {
        stdout(&pool, &within(arguments))?;
    }
    for arguments in WRITE_COMMANDS {
        let error = error_of(&pool, &within(arguments))?;
        assert!(
            error.starts_with(
                "threadline: schema public holds an audit trail of the Elixir library: it can be read"
            ),
            "{error}"
        );
    }
    let made: bool = sqlx::query_scalar("SELECT to_regclass('public.threadline_migrations') IS NOT NULL")
        .fetch_one(&pool)
        .await?;
    assert!(!made);
    stdout(&pool, &["install"])?;
    stdout(&pool, WRITE_COMMANDS[1])?;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn database_with_other_encoding_is_rejected(pool: PgPool) -> Result {
    let name = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    sql(
        &pool,
        &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"),
    )
    .await?;
    let latin = PgPool::connect_lazy_with((*pool.connect_options()).clone().database(&name));
    sql(&latin, "CREATE TABLE tickets (id int PRIMARY KEY)").await?;
    for arguments in WRITE_COMMANDS {
        let error = error_of(&latin, arguments)?;
        assert!(
            error.contains("the database has the encoding LATIN1, and an audit trail needs UTF8"),
            "{error}"
        );
    }
    let made: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname = 'threadline'")
        .fetch_one(&latin)
        .await?;
    assert_eq!(made, 0);
    latin.close().await;
    sql(&pool, &format!("DROP DATABASE {name} WITH (FORCE)")).await
}

#[sqlx::test(migrations = false)]
async fn missing_database_error_quotes_server(pool: PgPool) -> Result {
    let nowhere = (*pool.connect_options()).clone().database("threadline_test_nowhere");
    let error = error_of(&PgPool::connect_lazy_with(nowhere), &["timeline"])?;
    assert_eq!(
        error,
        "threadline: the database cannot be reached: database \"threadline_test_nowhere\" does not exist (SQLSTATE 3D000)\n"
    );
    Ok(())
}
