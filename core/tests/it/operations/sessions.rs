//! Tests concurrent sessions, and cached plans within a session.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::wait::{MAX_WAIT, wait_until};

#[sqlx::test(migrations = false)]
async fn concurrent_first_writes_never_collide(pool: PgPool) -> Result {
    const SESSIONS: u32 = 50;
    let trail = install(&pool).await?;
    let crowd = PgPoolOptions::new()
        .max_connections(SESSIONS)
        .acquire_timeout(MAX_WAIT)
        .connect_with((*pool.connect_options()).clone())
        .await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id bigint PRIMARY KEY)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        // All sessions wait for this lock and then write at the same time.
        let mut gate = pool.acquire().await?;
        run(&mut *gate, "SELECT pg_advisory_lock(1)").await?;
        let sessions: Vec<_> = (0..SESSIONS)
            .map(|id| {
                let crowd = crowd.clone();
                tokio::spawn(async move {
                    sqlx::raw_sql(AssertSqlSafe(format!(
                        "BEGIN; SELECT pg_advisory_xact_lock_shared(1); INSERT INTO t VALUES ({id}); COMMIT"
                    )))
                    .execute(&crowd)
                    .await
                })
            })
            .collect();
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let all_wait = async || Ok(value::<i64>(&pool, waiting).await? == i64::from(SESSIONS));
        wait_until("every session waits for the lock", all_wait).await?;
        run(&mut *gate, "SELECT pg_advisory_unlock(1)").await?;
        for session in sessions {
            session.await??;
        }
        let recorded: Vec<i64> = value(
            &pool,
            "SELECT ARRAY[count(*), count(DISTINCT table_pk), count(DISTINCT transaction_id),
                          (SELECT count(*) FROM threadline.audit_transactions)] FROM threadline.audit_changes",
        )
        .await?;
        assert_eq!(recorded, [i64::from(SESSIONS); 4], "{}", mode.as_str());
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    crowd.close().await;
    Ok(())
}

/// Checks that a plan which was cached for a small statement does not make a large one quadratic: a nested loop over 20,000 rows
/// would take minutes. Row mode has no such plan.
#[sqlx::test(migrations = false)]
async fn large_statement_after_small_ones_stays_fast(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for (mode, rows) in [(CaptureMode::Statement, 20_000), (CaptureMode::Row, 1_000)] {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        let mut connection = pool.acquire().await?;
        run(&mut *connection, "SET statement_timeout = '20s'").await?;
        // After five executions PL/pgSQL may use a generic plan.
        for id in 1..=8 {
            run(&mut *connection, &format!("INSERT INTO t VALUES ({id}, 'a')")).await?;
            run(&mut *connection, &format!("UPDATE t SET note = 'b' WHERE id = {id}")).await?;
            run(&mut *connection, &format!("DELETE FROM t WHERE id = {id}")).await?;
        }
        for statement in [
            &format!("INSERT INTO t SELECT n, 'a' FROM generate_series(1, {rows}) AS n"),
            "UPDATE t SET note = 'b'",
            "DELETE FROM t",
        ] {
            run(&mut *connection, statement).await?;
        }
        run(&mut *connection, "RESET statement_timeout").await?;
        let counted: i64 = value(&pool, "SELECT count(*) FROM threadline.audit_changes").await?;
        assert_eq!(counted, 3 * 8 + 3 * rows, "{}", mode.as_str());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn writer_that_waited_for_lock_records_replaced_row(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text, seen int)")
            .await?;
        run(&pool, "INSERT INTO t VALUES (1, 'a', 0), (2, 'b', 0)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        let mut first = pool.begin().await?;
        run(&mut *first, "UPDATE t SET note = 'first' WHERE id = 1").await?;
        let second = tokio::spawn({
            let pool = pool.clone();
            async move { sqlx::query("UPDATE t SET note = 'second', seen = seen + 1").execute(&pool).await }
        });
        let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event = 'transactionid')";
        wait_until("the second writer waits for the first", async || value(&pool, waiting).await).await?;
        first.commit().await?;
        second.await??;
        assert_eq!(
            changes(&pool).await?,
            [
                "update t {id: 1} {id: 1, note: first, seen: 0} {note} was {note: a}",
                "update t {id: 1} {id: 1, note: second, seen: 1} {note,seen} was {note: first, seen: 0}",
                "update t {id: 2} {id: 2, note: second, seen: 1} {note,seen} was {note: b, seen: 0}",
            ],
            "{}",
            mode.as_str()
        );
    }
    Ok(())
}
