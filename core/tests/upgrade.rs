//! A database that an earlier version made keeps its rows and goes on capturing, before and after its tables are captured
//! anew. A released migration never changes, so the first ones are the earlier versions.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, PgPool, SqlSafeStr};
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::query::Filter;
use threadline::{AuditTrail, Scope};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

const RELEASED: [(i64, &str, &str); 2] = [
    (1, "audit tables", include_str!("../migrations/0001_audit_tables.sql")),
    (2, "capture support", include_str!("../migrations/0002_capture_support.sql")),
];

/// Each write with what it must leave in the trail.
const WRITES: &str = "
    INSERT INTO tickets SELECT n, 'a' FROM generate_series(1, 3) AS n;
    UPDATE tickets SET subject = 'b' WHERE id < 3;
    DELETE FROM tickets WHERE id = 3;
    TRUNCATE tickets;";
const CHANGES: [&str; 7] =
    ["insert 1", "insert 2", "insert 3", "update 1", "update 2", "delete 3", "truncate"];

/// The trail as the first version installed it, with its function on the table.
async fn first_version(pool: &PgPool) -> Result {
    let steps = RELEASED.map(|(version, name, sql)| {
        let sql = AssertSqlSafe(sql.replace("__schema__", "\"threadline\"")).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(steps.to_vec());
    migrator.create_schema("\"threadline\"");
    migrator.dangerous_set_table_name("\"threadline\".threadline_migrations");
    migrator.run(pool).await?;
    sqlx::raw_sql(
        "SELECT threadline.threadline_ensure_partitions(3); CREATE TABLE tickets (id int PRIMARY KEY, subject text)",
    )
    .execute(pool)
    .await?;
    sqlx::raw_sql(include_str!("fixtures/first_version_capture.sql")).execute(pool).await?;
    Ok(())
}

async fn changes(pool: &PgPool) -> std::result::Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', c.op, c.table_pk ->> 'id') FROM threadline.audit_changes AS c
         JOIN threadline.audit_transactions AS t ON t.id = c.transaction_id AND t.occurred_at = c.occurred_at
         ORDER BY c.captured_at, c.id",
    )
    .fetch_all(pool)
    .await
}

#[sqlx::test(migrations = false)]
async fn rows_stay_and_capture_goes_on(pool: PgPool) -> Result {
    first_version(&pool).await?;
    let mut expected: Vec<&str> = Vec::new();
    sqlx::raw_sql(WRITES).execute(&pool).await?;
    expected.extend(CHANGES);
    assert_eq!(changes(&pool).await?, expected);
    let before: Vec<String> =
        sqlx::query_scalar("SELECT c::text FROM threadline.audit_changes AS c ORDER BY captured_at, id")
            .fetch_all(&pool)
            .await?;

    sqlx::raw_sql(
        "INSERT INTO threadline.audit_actions (name, actor_ref) VALUES ('tickets.cleared', '{}');
         UPDATE threadline.audit_transactions SET action_id = (SELECT id FROM threadline.audit_actions)",
    )
    .execute(&pool)
    .await?;

    // The new schema under the old function.
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    let (cleared, _) = Filter::from_pairs([("action", "tickets.cleared")])?;
    assert_eq!(trail.timeline(&Scope::unscoped(), &cleared, 99).await?.len(), CHANGES.len());
    sqlx::raw_sql(WRITES).execute(&pool).await?;
    expected.extend(CHANGES);
    assert_eq!(changes(&pool).await?, expected);
    assert!(trail.capture_functions().await?.iter().all(|function| function.policy.is_none()));

    // The new function in both modes.
    for mode in CaptureMode::ALL {
        trail.capture([TablePolicy::new("tickets").mode(mode)]).await?;
        sqlx::raw_sql(WRITES).execute(&pool).await?;
        expected.extend(CHANGES);
        assert_eq!(changes(&pool).await?, expected, "{mode:?}");
    }
    let after: Vec<String> = sqlx::query_scalar(
        "SELECT c::text FROM threadline.audit_changes AS c ORDER BY captured_at, id LIMIT $1",
    )
    .bind(i64::try_from(before.len())?)
    .fetch_all(&pool)
    .await?;
    assert_eq!(after, before);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn installing_anew_makes_what_upgrading_makes(pool: PgPool) -> Result {
    first_version(&pool).await?;
    AuditTrail::new(pool.clone()).install().await?;
    let upgraded = objects(&pool).await?;
    sqlx::raw_sql("DROP SCHEMA threadline CASCADE").execute(&pool).await?;
    AuditTrail::new(pool.clone()).install().await?;
    let installed = objects(&pool).await?;
    // What the first version generated for the table is no part of the installation.
    let difference: Vec<&String> = upgraded.iter().filter(|object| !installed.contains(object)).collect();
    assert!(
        difference.iter().all(|object| object.contains("threadline_capture_changes_tickets")),
        "{difference:?}"
    );
    assert!(installed.iter().all(|object| upgraded.contains(object)));
    assert!(installed.iter().any(|object| object.contains("threadline_evidence_records")));
    Ok(())
}

/// Every column, index, constraint, trigger and function of the schema. Of indexes alike, PostgreSQL numbers the names on a
/// partition in the order in which they were made.
async fn objects(pool: &PgPool) -> std::result::Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
         FROM information_schema.columns WHERE table_schema = 'threadline'
         UNION ALL SELECT regexp_replace(indexdef, '_idx[0-9]+ ON', '_idx ON') FROM pg_indexes WHERE schemaname = 'threadline'
         UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
           WHERE c.relnamespace = 'threadline'::regnamespace AND NOT t.tgisinternal
         UNION ALL SELECT concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
           WHERE connamespace = 'threadline'::regnamespace
         UNION ALL SELECT concat_ws(' ', pg_get_functiondef(oid), proacl) FROM pg_proc WHERE pronamespace = 'threadline'::regnamespace
         ORDER BY 1",
    )
    .fetch_all(pool)
    .await
}
