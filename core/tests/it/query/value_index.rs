//! Tests the indexes of the values of one column: how they are made, that they are used, and that they change no result.

use std::time::Duration;

use sqlx::PgPool;
use threadline::capture::TablePolicy;
use threadline::query::{Count, Filter, Position, ValueIndexError};
use threadline::{AuditTrail, Predicate, Scope};

use super::plans::{Listener, Plan};
use crate::query::words;
use threadline_testkit::database::{Result, install, run};

/// Installs a trail with 20,000 changes of users, each with another email, and changes of one user that has a quote in a column name.
async fn users(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install(pool).await?;
    run(
        pool,
        r#"CREATE TABLE users (id int PRIMARY KEY, email text, "it's" int, password_hash text, phone text, seen int)"#,
    )
    .await?;
    let mut policy = TablePolicy::new("users").exclude(["password_hash"]).mask(["phone"]);
    policy.except_columns = vec!["seen".to_owned()];
    trail.capture([policy]).await?;
    run(
        pool,
        "INSERT INTO users SELECT n, 'user' || n || '@example.org', n FROM generate_series(1, 10000) AS n",
    )
    .await?;
    run(pool, "UPDATE users SET email = 'new' || id || '@example.org'").await?;
    run(pool, "UPDATE users SET email = 'berta' WHERE id IN (1, 2)").await?;
    run(pool, "UPDATE users SET email = NULL WHERE id = 1").await?;
    run(pool, "UPDATE users SET \"it's\" = 0 WHERE id = 2").await?;
    run(pool, "DELETE FROM users WHERE id = 2").await?;
    run(pool, "INSERT INTO users VALUES (0, repeat('long', 100000), 0)").await?;
    run(pool, "ANALYZE threadline.audit_changes").await?;
    Ok(trail)
}

const SEARCHES: [&[(&str, &str)]; 6] = [
    &[("table", "users"), ("field", "email"), ("value", "=berta")],
    &[("table", "users"), ("field", "email"), ("value", "=new7@example.org")],
    &[("table", "users"), ("field", "email"), ("value", "=user1@example.org"), ("operation", "insert")],
    &[("table", "users"), ("field", "email"), ("value", "=nobody")],
    &[
        ("table", "users"),
        ("field", "email"),
        ("value", "=berta"),
        ("from", "2020-01-01T00:00"),
        ("actor", "user:1"),
    ],
    &[("table", "users"), ("field", "it's"), ("value", "=2")],
];

/// The rows that all searches may read, those of the catalogue and of transactions included. By time they read 20,000 changes each.
const MAX_ROWS_READ: usize = 500;

async fn answers(trail: &AuditTrail, scope: &Scope) -> Result<Vec<Vec<String>>> {
    let mut answers = Vec::new();
    for pairs in SEARCHES {
        let (filter, _) = Filter::from_pairs(pairs.iter().copied())?;
        let page = trail.timeline_page(scope, &filter, Position::Newest, 10).await?;
        assert_eq!(
            trail.snapshot().await?.count(scope, &filter, 100).await?,
            Count::Exact(page.entries.len())
        );
        answers.push(words(&page));
    }
    Ok(answers)
}

#[sqlx::test(migrations = false)]
async fn index_is_used_and_changes_no_result(pool: PgPool) -> Result {
    let trail = users(&pool).await?;
    let scope = Scope::unscoped();
    let expected = answers(&trail, &scope).await?;
    let found: Vec<usize> = expected.iter().map(Vec::len).collect();
    assert_eq!(found, [4, 1, 1, 0, 0, 2]);
    for column in ["email", "it's"] {
        let plan = trail.value_index_plan("users", column).await?;
        trail.create_value_index(&plan).await?;
        assert_eq!(trail.value_index_plan("users", column).await?.statements, [""; 0]);
    }
    run(&pool, "ANALYZE threadline.audit_changes").await?;
    let listener = Listener::default();
    let _guard = tracing::subscriber::set_default(listener.clone());
    for is_prepared in [false, true] {
        let trail = AuditTrail::new(Listener::pool(&pool).await?).search_time(Duration::MAX);
        let trail = trail.prepared_statements(is_prepared);
        trail.snapshot().await?.has_changes(&scope).await?;
        listener.take()?;
        assert_eq!(answers(&trail, &scope).await?, expected);
        let plans = listener.take()?;
        let rows: usize = plans.iter().map(Plan::rows).sum();
        assert!(!plans.is_empty() && rows < MAX_ROWS_READ, "{rows} rows were read: {plans:?}");
        // A scope that hides changes of the table reads them by time, so that the work does not depend on what it hides.
        let of_tenant = Scope::new(Predicate::tables(["users"]).and(Predicate::field("it's", "0")));
        answers(&trail, &of_tenant).await?;
        let rows: usize = listener.take()?.iter().map(Plan::rows).sum();
        assert!(rows > 20_000, "{rows} rows were read");
        let of_table = Scope::new(Predicate::tables(["users"]));
        assert_eq!(answers(&trail, &of_table).await?, expected);
        let rows: usize = listener.take()?.iter().map(Plan::rows).sum();
        assert!(rows < MAX_ROWS_READ, "{rows} rows were read");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn page_after_page_of_an_indexed_value_misses_nothing(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE jobs (id int PRIMARY KEY, state text)").await?;
    trail.capture(["jobs"]).await?;
    let plan = trail.value_index_plan("jobs", "state").await?;
    trail.create_value_index(&plan).await?;
    run(&pool, "INSERT INTO jobs SELECT n, CASE n % 3 WHEN 0 THEN 'done' ELSE 'new' END FROM generate_series(1, 60) AS n").await?;
    run(&pool, "UPDATE jobs SET state = 'done'").await?;
    let (filter, _) = Filter::from_pairs([("table", "jobs"), ("field", "state"), ("value", "=done")])?;
    let scope = Scope::unscoped();
    let (mut seen, mut position) = (Vec::new(), Position::Newest);
    let last = loop {
        let page = trail.timeline_page(&scope, &filter, position, 7).await?;
        seen.extend(words(&page));
        match page.older {
            Some(cursor) => position = Position::OlderThan(cursor),
            None => break page,
        }
    };
    assert_eq!(seen.len(), 60);
    let (mut back, mut newer) = (words(&last), last.newer);
    while let Some(cursor) = newer {
        let page = trail.timeline_page(&scope, &filter, Position::NewerThan(cursor), 7).await?;
        back.splice(0..0, words(&page));
        newer = page.newer;
    }
    assert_eq!(back, seen);
    Ok(())
}

/// Checks that a plan continues after a failed one, and that later partitions are indexed.
#[sqlx::test(migrations = false)]
async fn plan_completes_what_a_failed_one_left(pool: PgPool) -> Result {
    let trail = users(&pool).await?;
    let plan = trail.value_index_plan("users", "email").await?;
    let concurrent = |statement: &&String| statement.contains(" INDEX CONCURRENTLY ");
    let partitions: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'threadline.audit_changes'::regclass",
    )
    .fetch_one(&pool)
    .await?;
    assert_eq!(plan.statements.iter().filter(concurrent).count() as i64, 2 * partitions);
    // The first statements succeed, and one leaves an invalid index as a failed one would.
    for statement in &plan.statements[..4] {
        run(&pool, statement).await?;
    }
    run(
        &pool,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT max(indexrelid) FROM pg_index
           WHERE indexrelid::regclass::text LIKE '%audit_changes_value_%' AND indexrelid NOT IN (SELECT inhrelid FROM pg_inherits)
             AND indrelid <> 'threadline.audit_changes'::regclass)",
    )
    .await?;
    let rest = trail.value_index_plan("users", "email").await?;
    assert!(rest.statements.len() < plan.statements.len(), "{:?}", rest.statements);
    assert!(rest.statements[0].starts_with("DROP INDEX CONCURRENTLY "), "{:?}", rest.statements);
    trail.create_value_index(&rest).await?;
    run(&pool, "SELECT threadline.threadline_ensure_partitions(12)").await?;
    assert_eq!(trail.value_index_plan("users", "email").await?.statements, [""; 0]);
    let valid: bool = sqlx::query_scalar(
        "SELECT bool_and(indisvalid) FROM pg_index WHERE indexrelid::regclass::text LIKE '%audit_changes_value_%'",
    )
    .fetch_one(&pool)
    .await?;
    assert!(valid);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn column_without_recorded_changes_is_an_error(pool: PgPool) -> Result {
    let trail = users(&pool).await?;
    for (table, column, message) in [
        ("elsewhere", "email", "elsewhere is not captured"),
        ("users", "Email", "users has no column \"Email\": choose one of id, email"),
        ("users", "password_hash", "password_hash of users is excluded or masked"),
        ("users", "phone", "phone of users is excluded or masked"),
        ("users", "seen", "seen of users is listed in except_columns"),
    ] {
        let error: ValueIndexError = trail.value_index_plan(table, column).await.unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }
    Ok(())
}
