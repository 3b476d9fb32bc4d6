//! Which trails each command takes: its own, and for reading those of the Elixir library.

mod support;

use sqlx::{AssertSqlSafe, PgPool};
use support::{Result, output, run, tickets};

const REFERENCE: &str = include_str!("../../core/tests/query/reference.sql");
const NIL: &str = "00000000-0000-0000-0000-000000000000";
const PAST: &str = "2025-02-15T00:00";

/// Every command that reads the trail.
const READING: [&[&str]; 10] = [
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
/// Those that change something.
const CHANGING: [&[&str]; 3] = [
    &["install"],
    &["gen", "triggers", "--tables", "tickets", "--apply"],
    &["gen", "triggers", "--tables", "tickets", "--dry-run"],
];

async fn sql(pool: &PgPool, sql: &str) -> Result {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await?;
    Ok(())
}

/// A command that fails with one sentence.
fn refused(pool: &PgPool, arguments: &[&str]) -> Result<String> {
    let said = run(pool, arguments)?;
    assert_eq!((said.code, said.out.as_str(), said.err.lines().count()), (Some(1), "", 1), "{}", said.err);
    assert!(!said.err.contains("at line"), "{}", said.err);
    Ok(said.err)
}

#[sqlx::test(migrations = false)]
async fn an_older_or_half_installed_trail_is_refused_by_every_command(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sql(&pool, "DELETE FROM threadline.threadline_migrations WHERE version = (SELECT max(version) FROM threadline.threadline_migrations)").await?;
    for arguments in READING.iter().chain(&CHANGING[1..]).chain([&&["transaction", NIL][..]]) {
        let refused = refused(&pool, arguments)?;
        assert!(
            refused.contains("schema threadline of this database holds no audit trail of this version: run `threadline install`"),
            "{refused}"
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_newer_trail_is_refused_by_every_command(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sql(&pool, "INSERT INTO threadline.threadline_migrations VALUES (9999, 'of the future', 'x')").await?;
    for arguments in READING.iter().chain(&CHANGING) {
        let refused = refused(&pool, arguments)?;
        assert!(
            refused.contains("in schema threadline was made by a newer version of Threadline"),
            "{refused}"
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_trail_of_the_elixir_library_is_read_and_left_alone(pool: PgPool) -> Result {
    sql(&pool, REFERENCE).await?;
    sql(&pool, "CREATE TABLE tickets (id int PRIMARY KEY)").await?;
    let within = |arguments: &[&'static str]| [arguments, &["--storage-schema", "public"]].concat();
    for arguments in READING {
        output(&pool, &within(arguments))?;
    }
    for arguments in CHANGING {
        let refused = refused(&pool, &within(arguments))?;
        assert!(
            refused.starts_with(
                "threadline: schema public holds an audit trail that the Elixir library keeps: it can be read"
            ),
            "{refused}"
        );
    }
    let made: bool = sqlx::query_scalar("SELECT to_regclass('public.threadline_migrations') IS NOT NULL")
        .fetch_one(&pool)
        .await?;
    assert!(!made);
    output(&pool, &["install"])?;
    output(&pool, CHANGING[1])?;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn another_encoding_is_refused_in_one_sentence(pool: PgPool) -> Result {
    let name = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    sql(
        &pool,
        &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"),
    )
    .await?;
    let latin = PgPool::connect_lazy_with((*pool.connect_options()).clone().database(&name));
    sql(&latin, "CREATE TABLE tickets (id int PRIMARY KEY)").await?;
    for arguments in CHANGING {
        let refused = refused(&latin, arguments)?;
        assert!(
            refused.contains("the database has the encoding LATIN1, and an audit trail needs UTF8"),
            "{refused}"
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
async fn a_database_that_is_not_there_is_told_in_the_servers_words(pool: PgPool) -> Result {
    let nowhere = (*pool.connect_options()).clone().database("threadline_test_nowhere");
    let refused = refused(&PgPool::connect_lazy_with(nowhere), &["timeline"])?;
    assert_eq!(
        refused,
        "threadline: the database cannot be reached: database \"threadline_test_nowhere\" does not exist (SQLSTATE 3D000)\n"
    );
    Ok(())
}
