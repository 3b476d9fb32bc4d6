//! Tests that errors of the database are shown without the line of PostgreSQL's source.

use sqlx::{AssertSqlSafe, PgPool};
use threadline::health::Schemas;
use threadline::{AuditTrail, Config, Scope, StorageSchema, describe_database_error};

use threadline_testkit::database::{Result, install, run};

#[sqlx::test(migrations = false)]
async fn server_error_is_message_sqlstate_detail_and_hint_on_one_line(pool: PgPool) -> Result {
    for (statement, text) in [
        ("SELECT 1 / 0", "division by zero (SQLSTATE 22012)"),
        (
            "DO $$ BEGIN RAISE EXCEPTION E'a\nb' USING DETAIL = E'Process 1.\nProcess 2.', HINT = 'Try again.'; END $$",
            "a b (SQLSTATE P0001); DETAIL: Process 1. Process 2; HINT: Try again",
        ),
    ] {
        let error = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&pool).await.expect_err(statement);
        assert!(error.to_string().contains(" at line "), "sqlx says the line no longer: {error}");
        assert_eq!(describe_database_error(&error), text);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn library_error_contains_server_message_without_source_line(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    // Every statement of the library expects the column that is renamed here.
    run(&pool, "ALTER TABLE threadline.audit_changes RENAME captured_at TO renamed; CREATE TABLE t (id int PRIMARY KEY)").await?;
    let query = trail.timeline(&Scope::unscoped(), &threadline::query::Filter::default(), 1).await;
    let nowhere = pool.connect_options().as_ref().clone().database("threadline_test_nowhere");
    let nowhere = AuditTrail::new(PgPool::connect_lazy_with(nowhere));
    let errors = [
        query.expect_err("the column has another name").to_string(),
        nowhere.capture(["t"]).await.expect_err("no database").to_string(),
        nowhere.install().await.expect_err("no database").to_string(),
        nowhere.ensure_partitions(1).await.expect_err("no database").to_string(),
        nowhere.coverage(&Config::default(), &Schemas::All).await.expect_err("no database").to_string(),
    ];
    for error in errors {
        assert!(
            error.contains("does not exist (SQLSTATE 42703)")
                || error.contains("does not exist (SQLSTATE 3D000)"),
            "{error}"
        );
        assert!(!error.contains("at line"), "{error}");
    }
    let other = trail.storage_schema(StorageSchema::new("elsewhere")?);
    let missing = other.ensure_partitions(1).await.expect_err("no schema").to_string();
    assert!(missing.contains("(SQLSTATE 3F000)") && !missing.contains("at line"), "{missing}");
    Ok(())
}
