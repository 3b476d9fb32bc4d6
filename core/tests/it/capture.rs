//! Tests which changes capture records on a real PostgreSQL.

use sqlx::{AssertSqlSafe, PgPool, Row};
use threadline::{AuditTrail, CaptureError, StorageSchema};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// Installs a trail that captures `tickets` and `billing.lines`.
async fn trail(pool: &PgPool) -> std::result::Result<AuditTrail, Box<dyn std::error::Error>> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, priority text, amount numeric);
         CREATE SCHEMA billing;
         CREATE TABLE billing.lines (order_no int, pos int, n text, PRIMARY KEY (order_no, pos));",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "billing.lines"]).await?;
    Ok(trail)
}

/// Returns every change in order, as one line of text each.
async fn changes(pool: &PgPool) -> std::result::Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT concat_ws(' ', table_schema, table_name, table_pk, op, coalesce(data_after::text, '-'),
                          coalesce(changed_fields::text, '-'), coalesce(changed_from::text, '-')) AS line
         FROM threadline.audit_changes ORDER BY captured_at, id",
    )
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| row.try_get("line")).collect()
}

/// Returns the number of rows of a table of the trail.
async fn count(pool: &PgPool, table: &str) -> std::result::Result<i64, sqlx::Error> {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM threadline.{table}")))
        .fetch_one(pool)
        .await
}

#[sqlx::test(migrations = false)]
async fn each_operation_is_recorded_as_one_change(pool: PgPool) -> Result {
    trail(&pool).await?;
    for (statement, expected) in [
        (
            "INSERT INTO tickets VALUES (1, 'Printer', 'low', 12345678901234567890.10)",
            r#"public tickets {"id": "1"} insert {"id": 1, "amount": 12345678901234567890.10, "subject": "Printer", "priority": "low"} - -"#,
        ),
        (
            "UPDATE tickets SET priority = 'high', subject = NULL",
            r#"public tickets {"id": "1"} update {"id": 1, "amount": 12345678901234567890.10, "subject": null, "priority": "high"} {priority,subject} {"subject": "Printer", "priority": "low"}"#,
        ),
        (
            "DELETE FROM tickets",
            r#"public tickets {"id": "1"} delete - - {"id": 1, "amount": 12345678901234567890.10, "subject": null, "priority": "high"}"#,
        ),
        ("TRUNCATE billing.lines", "billing lines {} truncate - - -"),
    ] {
        sqlx::query(statement).execute(&pool).await?;
        assert_eq!(changes(&pool).await?.last().map(String::as_str), Some(expected));
    }
    assert_eq!(count(&pool, "audit_transactions").await?, 4);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn statement_without_effect_records_no_change(pool: PgPool) -> Result {
    trail(&pool).await?;
    for statement in [
        "INSERT INTO tickets SELECT 1 WHERE false",
        "UPDATE tickets SET priority = 'x'",
        "DELETE FROM tickets",
    ] {
        sqlx::query(statement).execute(&pool).await?;
    }
    sqlx::query("INSERT INTO tickets VALUES (1, 'a', 'low')").execute(&pool).await?;
    sqlx::query("UPDATE tickets SET priority = 'low'").execute(&pool).await?;
    assert_eq!((count(&pool, "audit_changes").await?, count(&pool, "audit_transactions").await?), (1, 1));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn transaction_with_rolled_back_savepoint_has_one_audit_transaction(pool: PgPool) -> Result {
    trail(&pool).await?;
    sqlx::raw_sql(
        "BEGIN; SAVEPOINT a; INSERT INTO tickets VALUES (1); ROLLBACK TO a;
         INSERT INTO tickets VALUES (2); INSERT INTO billing.lines VALUES (1, 2, 'x'); COMMIT;
         BEGIN; INSERT INTO tickets VALUES (3); ROLLBACK;",
    )
    .execute(&pool)
    .await?;
    assert_eq!((count(&pool, "audit_changes").await?, count(&pool, "audit_transactions").await?), (2, 1));
    let orphans: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM threadline.audit_changes c LEFT JOIN threadline.audit_transactions t
         ON t.id = c.transaction_id AND t.occurred_at = c.occurred_at WHERE t.id IS NULL",
    )
    .fetch_one(&pool)
    .await?;
    assert_eq!(orphans, 0);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn swapped_keys_are_recorded_with_old_keys(pool: PgPool) -> Result {
    trail(&pool).await?;
    sqlx::raw_sql(
        "INSERT INTO billing.lines VALUES (1, 1, 'a'), (2, 2, 'b');
         ALTER TABLE billing.lines DROP CONSTRAINT lines_pkey,
           ADD PRIMARY KEY (order_no, pos) DEFERRABLE INITIALLY DEFERRED;
         UPDATE billing.lines SET order_no = 3 - order_no, pos = 3 - pos;",
    )
    .execute(&pool)
    .await?;
    let swapped = changes(&pool).await?.split_off(2);
    for (key, n, old) in [(2, "a", 1), (1, "b", 2)] {
        let expected = format!(
            r#"billing lines {{"pos": "{key}", "order_no": "{key}"}} update {{"n": "{n}", "pos": {key}, "order_no": {key}}} {{order_no,pos}} {{"pos": {old}, "order_no": {old}}}"#
        );
        assert!(swapped.contains(&expected), "{expected} in {swapped:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn altered_table_records_its_current_columns(pool: PgPool) -> Result {
    trail(&pool).await?;
    sqlx::raw_sql(
        "INSERT INTO tickets VALUES (1, 'a', 'low');
         ALTER TABLE tickets ADD COLUMN moment text, DROP COLUMN amount;
         UPDATE tickets SET moment = 'now';",
    )
    .execute(&pool)
    .await?;
    assert_eq!(
        changes(&pool).await?.last().map(String::as_str),
        Some(
            r#"public tickets {"id": "1"} update {"id": 1, "moment": "now", "subject": "a", "priority": "low"} {moment} {"moment": null}"#
        )
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn role_without_privileges_is_captured_and_cannot_access_trail(pool: PgPool) -> Result {
    trail(&pool).await?;
    let role = format!("app_{}", uuid::Uuid::now_v7().simple());
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE ROLE {role}; GRANT ALL ON tickets TO {role}")))
        .execute(&pool)
        .await?;
    let mut connection = pool.acquire().await?;
    sqlx::raw_sql(AssertSqlSafe(format!("SET ROLE {role}; INSERT INTO tickets VALUES (1)")))
        .execute(&mut *connection)
        .await?;
    for forbidden in [
        "SELECT * FROM threadline.audit_changes",
        "DELETE FROM threadline.audit_transactions",
        "SELECT threadline.threadline_current_transaction()",
        "SELECT threadline.threadline_capture_changes_tickets()",
    ] {
        let error = sqlx::query(forbidden).execute(&mut *connection).await.unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{forbidden}: {error}");
    }
    sqlx::raw_sql(AssertSqlSafe(format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")))
        .execute(&mut *connection)
        .await?;
    assert_eq!(changes(&pool).await?.len(), 1);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn table_that_cannot_be_captured_is_refused_with_reason(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
    sqlx::raw_sql(
        "CREATE TABLE keyless (a int); CREATE VIEW shown AS SELECT 1 AS a;
         CREATE TABLE timed (at interval PRIMARY KEY);",
    )
    .execute(&pool)
    .await?;
    for (table, message) in [
        ("nowhere.x", "table nowhere.x does not exist"),
        ("shown", "shown is not a table"),
        ("keyless", "has no primary key"),
        ("timed", "key column at of table timed has type interval"),
        ("threadline.audit_changes", "belongs to the audit trail"),
    ] {
        let error = trail.capture([table]).await.unwrap_err();
        assert!(!matches!(error, CaptureError::Database(_)), "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn second_installation_and_capture_change_nothing(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
    sqlx::query("INSERT INTO tickets VALUES (1)").execute(&pool).await?;
    trail.install().await?;
    trail.capture(["tickets"]).await?;
    sqlx::query("INSERT INTO tickets VALUES (2)").execute(&pool).await?;
    assert_eq!(count(&pool, "audit_changes").await?, 2);
    assert_eq!(trail.ensure_partitions(3).await?, 0);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn custom_storage_schema_holds_changes(pool: PgPool) -> Result {
    let schema = StorageSchema::new("Audit_2")?;
    let trail = AuditTrail::new(pool.clone()).storage_schema(schema);
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id uuid PRIMARY KEY)").execute(&pool).await?;
    trail.capture(["tickets"]).await?;
    sqlx::query("INSERT INTO tickets VALUES (gen_random_uuid())").execute(&pool).await?;
    let found: i64 =
        sqlx::query_scalar(r#"SELECT count(*) FROM "Audit_2".audit_changes"#).fetch_one(&pool).await?;
    assert_eq!(found, 1);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn new_partitions_take_rows_out_of_default_partition(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
    sqlx::raw_sql(include_str!("fixtures/made_up.sql")).execute(&pool).await?;
    sqlx::raw_sql(
        "INSERT INTO threadline.audit_changes (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, captured_at)
         VALUES (gen_random_uuid(), gen_random_uuid(), now(), 'public', 'tickets', '{}', 'delete', now() + interval '5 months')",
    )
    .execute(&pool)
    .await?;
    assert_eq!(count(&pool, "audit_changes_default").await?, 1);
    assert!(trail.ensure_partitions(6).await? > 0);
    assert_eq!(count(&pool, "audit_changes_default").await?, 0);
    assert_eq!(count(&pool, "audit_changes").await?, 1);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn change_ids_are_version_7_and_sorted_by_time(pool: PgPool) -> Result {
    trail(&pool).await?;
    for id in 1..=20 {
        sqlx::query("INSERT INTO tickets VALUES ($1)").bind(id).execute(&pool).await?;
    }
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM threadline.audit_changes ORDER BY captured_at")
            .fetch_all(&pool)
            .await?;
    assert!(ids.is_sorted_by_key(|id| id.as_bytes()[..6].to_vec()) && ids.len() == 20);
    for id in ids {
        assert_eq!(id.get_version_num(), 7);
        let (seconds, _) = id.get_timestamp().ok_or("no time")?.to_unix();
        assert!(chrono::Utc::now().timestamp().abs_diff(i64::try_from(seconds)?) < 60);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn capture_without_installed_trail_is_refused_and_writes_succeed(pool: PgPool) -> Result {
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY)").execute(&pool).await?;
    for schema in ["threadline", "public"] {
        let trail = AuditTrail::new(pool.clone()).storage_schema(StorageSchema::new(schema)?);
        let error = trail.capture(["tickets"]).await.unwrap_err();
        assert!(matches!(error, CaptureError::NotInstalled { .. }), "{error}");
        sqlx::query("INSERT INTO tickets SELECT count(*) FROM tickets").execute(&pool).await?;
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn rows_of_one_statement_are_recorded_in_order(pool: PgPool) -> Result {
    trail(&pool).await?;
    for statement in [
        "INSERT INTO tickets SELECT n FROM generate_series(1, 3000) AS n",
        "UPDATE tickets SET subject = 'x'",
        "DELETE FROM tickets",
    ] {
        sqlx::query("DELETE FROM threadline.audit_changes").execute(&pool).await?;
        sqlx::query(statement).execute(&pool).await?;
        let keys: Vec<i64> = sqlx::query_scalar(
            "SELECT (table_pk ->> 'id')::bigint FROM threadline.audit_changes ORDER BY captured_at, id",
        )
        .fetch_all(&pool)
        .await?;
        assert!(keys.is_sorted() && keys.len() == 3000, "{statement}");
    }
    Ok(())
}
