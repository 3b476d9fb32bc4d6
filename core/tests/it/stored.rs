//! Tests the policy that is stored with each capture function.

use sqlx::PgPool;
use threadline::AuditTrail;
use threadline::capture::{CaptureFunction, CaptureMode, TablePolicy};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Installs a trail that captures the table `users`.
async fn capture_users(pool: &PgPool) -> Result<AuditTrail> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE users (id bigint PRIMARY KEY, email text, password_hash text, note text)")
        .execute(pool)
        .await?;
    let policy = TablePolicy::new("users").mask(["email"]).exclude(["password_hash"]).mode(CaptureMode::Row);
    trail.capture([policy]).await?;
    Ok(trail)
}

/// Returns the only capture function.
async fn only_function(trail: &AuditTrail) -> Result<CaptureFunction> {
    let mut functions = trail.capture_functions().await?;
    assert_eq!(functions.len(), 1);
    functions.pop().ok_or_else(|| "there is no function".into())
}

#[sqlx::test(migrations = false)]
async fn stored_policy_equals_policy_of_capture(pool: PgPool) -> Result {
    let function = only_function(&capture_users(&pool).await?).await?;
    assert_eq!(function.name, "threadline_capture_changes_users");
    assert!(function.is_intact && function.is_current);
    let policy = function.policy.ok_or("no policy")?;
    assert_eq!(
        (policy.version, policy.table.to_string(), policy.mode),
        (1, "users".to_owned(), CaptureMode::Row)
    );
    assert_eq!(policy.key, ["id"]);
    assert_eq!(policy.columns, ["id", "email", "password_hash", "note"]);
    assert_eq!((policy.exclude, policy.mask), (vec!["password_hash".to_owned()], vec!["email".to_owned()]));
    assert_eq!((policy.mask_placeholder.as_str(), policy.mask_null), ("[REDACTED]", false));
    assert!(
        policy.store_changed_from && policy.store_deleted_row && !policy.store_unchanged && !policy.always
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn altered_function_or_table_is_detected(pool: PgPool) -> Result {
    let trail = capture_users(&pool).await?;
    for (statement, intact, current, known) in [
        ("ALTER TABLE users ADD COLUMN phone text", true, false, true),
        ("ALTER TABLE users DROP COLUMN phone", true, true, true),
        ("ALTER TABLE users RENAME COLUMN note TO remark", true, false, true),
        ("ALTER TABLE users RENAME TO people", true, false, true),
        (
            "CREATE OR REPLACE FUNCTION threadline.threadline_capture_changes_users() RETURNS trigger LANGUAGE plpgsql
             AS 'BEGIN RETURN NULL; END'",
            false,
            false,
            true,
        ),
        ("COMMENT ON FUNCTION threadline.threadline_capture_changes_users() IS 'nothing'", false, false, false),
    ] {
        sqlx::query(statement).execute(&pool).await?;
        let function = only_function(&trail).await?;
        let seen = (function.is_intact, function.is_current, function.policy.is_some());
        assert_eq!(seen, (intact, current, known), "{statement}");
    }
    Ok(())
}
