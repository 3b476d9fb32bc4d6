//! Much at once: a transaction of 100,000 statements, statements of 1,000,000 rows.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline_testkit::database::{Result, install, run, value};

/// Number of changes, of different ids, of transactions, and of changes whose key is not the one that follows by order.
const SUMMARY: &str = "SELECT ARRAY[count(*), count(DISTINCT id), count(DISTINCT transaction_id),
                                    count(*) FILTER (WHERE (table_pk ->> 'id')::bigint <> position)]
                       FROM (SELECT *, row_number() OVER (ORDER BY captured_at, id) AS position
                             FROM threadline.audit_changes) AS change";

#[sqlx::test(migrations = false)]
async fn a_transaction_of_100_000_statements(pool: PgPool) -> Result {
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

/// A statement on a table of 1,000,000 rows, or on an empty one.
async fn million(pool: &PgPool, rows: &str, statement: &str) -> Result {
    let trail = install(pool).await?;
    run(pool, "CREATE TABLE t (id int PRIMARY KEY, n int)").await?;
    run(pool, rows).await?;
    trail.capture([TablePolicy::new("t").mode(CaptureMode::Statement)]).await?;
    run(pool, statement).await?;
    assert_eq!(value::<Vec<i64>>(pool, SUMMARY).await?, [1_000_000, 1_000_000, 1, 0]);
    Ok(())
}

const ROWS: &str = "INSERT INTO t SELECT n, 0 FROM generate_series(1, 1000000) AS n";

#[sqlx::test(migrations = false)]
async fn an_insert_of_1_000_000_rows(pool: PgPool) -> Result {
    million(&pool, "", ROWS).await
}

#[sqlx::test(migrations = false)]
async fn an_update_of_1_000_000_rows(pool: PgPool) -> Result {
    million(&pool, ROWS, "UPDATE t SET n = 1").await
}

#[sqlx::test(migrations = false)]
async fn a_delete_of_1_000_000_rows(pool: PgPool) -> Result {
    million(&pool, ROWS, "DELETE FROM t").await
}
