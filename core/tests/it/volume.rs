//! Tests large transactions: 100,000 statements in one transaction, and 300,000 to 1,000,000 rows in one statement.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline_testkit::database::{Result, install, run, value};

/// The number of changes, of different ids, of transactions, and of changes whose key differs from their position.
const SUMMARY: &str = "SELECT ARRAY[count(*), count(DISTINCT id), count(DISTINCT transaction_id),
                                    count(*) FILTER (WHERE (table_pk ->> 'id')::bigint <> position)]
                       FROM (SELECT *, row_number() OVER (ORDER BY captured_at, id) AS position
                             FROM threadline.audit_changes) AS change";

#[sqlx::test(migrations = false)]
async fn transaction_of_100_000_statements_records_each_row_once(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
        run(&pool, "TRUNCATE threadline.audit_changes, threadline.audit_transactions").await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        run(
            &pool,
            "DO $$
             BEGIN
               FOR n IN 1 .. 100000 LOOP
                 INSERT INTO t VALUES (n, 'a');
               END LOOP;
             END $$",
        )
        .await?;
        assert_eq!(value::<Vec<i64>>(&pool, SUMMARY).await?, [100_000, 100_000, 1, 0], "{}", mode.as_str());
        assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM threadline.audit_transactions").await?, 1);
    }
    Ok(())
}

/// Runs one statement that changes `rows` rows, after the statement that prepares the table, and checks the changes.
async fn record_statement(pool: &PgPool, rows: i64, prepare: &str, statement: &str) -> Result {
    let trail = install(pool).await?;
    run(pool, "CREATE TABLE t (id int PRIMARY KEY, n int)").await?;
    run(pool, prepare).await?;
    trail.capture([TablePolicy::new("t").mode(CaptureMode::Statement)]).await?;
    run(pool, statement).await?;
    assert_eq!(value::<Vec<i64>>(pool, SUMMARY).await?, [rows, rows, 1, 0]);
    Ok(())
}

/// Returns the statement that inserts this number of rows.
fn insert(rows: i64) -> String {
    format!("INSERT INTO t SELECT n, 0 FROM generate_series(1, {rows}) AS n")
}

#[sqlx::test(migrations = false)]
async fn insert_of_1_000_000_rows_records_each_row_once(pool: PgPool) -> Result {
    record_statement(&pool, 1_000_000, "", &insert(1_000_000)).await
}

#[sqlx::test(migrations = false)]
async fn update_of_300_000_rows_records_each_row_once(pool: PgPool) -> Result {
    record_statement(&pool, 300_000, &insert(300_000), "UPDATE t SET n = 1").await
}

#[sqlx::test(migrations = false)]
async fn delete_of_300_000_rows_records_each_row_once(pool: PgPool) -> Result {
    record_statement(&pool, 300_000, &insert(300_000), "DELETE FROM t").await
}
