//! Tests the generated SQL, as a reader of a migration sees it.
//! `UPDATE_SNAPSHOTS=1 cargo test -p threadline --test library generated` writes the files again; read what changed in them before
//! you commit it.

use std::path::Path;

use sqlx::{AssertSqlSafe, PgPool};
use threadline::AuditTrail;
use threadline::capture::{CaptureMode, TablePolicy};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

const TABLES: &str = r#"
    CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, priority text, tags jsonb);
    CREATE SCHEMA billing;
    CREATE TABLE billing.payments (
      tenant int, number int, card text, holder text, email text, note text, updated_at timestamptz,
      PRIMARY KEY (tenant, number)) PARTITION BY LIST (tenant);
    CREATE TABLE billing.payments_1 PARTITION OF billing.payments FOR VALUES IN (1);
    CREATE TABLE "odd $threadline$ ""name""" ("a'b\" int PRIMARY KEY, "select" text);
"#;

fn policies() -> [(&'static str, TablePolicy); 3] {
    let mut payments = TablePolicy::new("billing.payments")
        .mode(CaptureMode::Row)
        .exclude(["card"])
        .mask(["holder", "email"])
        .except_columns(["updated_at"])
        .always();
    payments.mask_placeholder = "it's hidden".to_owned();
    payments.store_unchanged = true;
    [
        ("statement", TablePolicy::new("tickets")),
        ("row_redacted", payments),
        ("odd_names", TablePolicy::new("odd $threadline$ \"name\"").exclude(["select"])),
    ]
}

#[sqlx::test(migrations = false)]
async fn generated_sql_equals_snapshot(pool: PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(TABLES).execute(&pool).await?;
    for (name, policy) in policies() {
        let plan = trail.capture_plan([policy]).await?;
        let generated = format!("{}-- The way back:\n\n{}", plan.up, plan.down);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/snapshots/{name}.sql"));
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&file, &generated)?;
        }
        let expected = std::fs::read_to_string(&file)?;
        assert!(generated == expected, "{} differs; generated was:\n{generated}", file.display());
        assert!(!generated.contains("__"), "a placeholder is left in {name}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn generated_sql_is_repeatable_and_reversible(pool: PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(TABLES).execute(&pool).await?;
    let run = async |sql: &str| sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool).await;
    for (name, policy) in policies() {
        let first = trail.capture_plan([policy.clone()]).await?;
        run(&first.up).await?;
        run(&first.up).await?;
        let before = capture_triggers(&pool).await?;
        assert!(!before.is_empty(), "{name}");
        // The second policy differs in everything, also in the mode, and reverting it restores the first one.
        let other = TablePolicy::new(policy.table.clone()).mode(match policy.mode {
            Some(CaptureMode::Row) => CaptureMode::Statement,
            _ => CaptureMode::Row,
        });
        let second = trail.capture_plan([other]).await?;
        run(&second.up).await?;
        assert_ne!(capture_triggers(&pool).await?, before, "{name}");
        run(&second.down).await?;
        assert_eq!(capture_triggers(&pool).await?, before, "{name}");
        assert!(trail.capture_functions().await?.iter().all(|function| function.is_intact), "{name}");
        run(&first.down).await?;
        assert_eq!(capture_triggers(&pool).await?, Vec::<String>::new(), "{name}");
        assert_eq!(trail.capture_functions().await?, [], "{name}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn generated_column_of_redacted_column_is_refused_unless_redacted(pool: PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE users (id int PRIMARY KEY, email text, name text,
           domain text GENERATED ALWAYS AS (split_part(email, '@', 2)) STORED,
           initial text GENERATED ALWAYS AS (left(name, 1)) STORED)",
    )
    .execute(&pool)
    .await?;
    let error = trail.capture([TablePolicy::new("users").mask(["email"])]).await.unwrap_err().to_string();
    assert!(error.starts_with("column domain of table users is generated from email"), "{error}");
    trail.capture([TablePolicy::new("users").mask(["email"]).exclude(["domain"])]).await?;
    trail.capture([TablePolicy::new("users")]).await?;
    Ok(())
}

/// Returns every capture trigger with its function, its state and its policy.
async fn capture_triggers(pool: &PgPool) -> std::result::Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', t.tgrelid::regclass, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid), p.prosrc,
                          obj_description(p.oid, 'pg_proc'))
         FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
         WHERE starts_with(t.tgname::text, 'threadline_audit_') ORDER BY 1",
    )
    .fetch_all(pool)
    .await
}
