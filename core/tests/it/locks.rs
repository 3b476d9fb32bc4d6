//! Tests the lock timeout of installation and capture, deadlocks, and the capture of several tables while others write to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool};
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::{AuditTrail, BlockingSession, CaptureError, InstallError};
use threadline_testkit::database::{Result, install, run, value};

const SHORT_TIMEOUT: Duration = Duration::from_millis(200);
const TABLES: &str = "CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE b (id serial PRIMARY KEY); CREATE TABLE c (id serial PRIMARY KEY)";

async fn trail(pool: &PgPool, tables: &str) -> Result<AuditTrail> {
    run(pool, tables).await?;
    install(pool).await
}

/// Returns a session that has run the statements in a transaction, which stays open.
async fn open_transaction(pool: &PgPool, statements: &str) -> Result<PgConnection> {
    let options = (*pool.connect_options()).clone().application_name("holder");
    let mut connection = PgConnection::connect_with(&options).await?;
    run(&mut connection, "BEGIN").await?;
    run(&mut connection, statements).await?;
    Ok(connection)
}

/// Returns once this number of sessions of the test's database wait for a lock.
async fn wait_for_blocked_sessions(pool: &PgPool, sessions: i64) -> Result {
    let waits = "SELECT count(DISTINCT l.pid) FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
                 WHERE NOT l.granted AND a.datname = current_database()";
    while value::<i64>(pool, waits).await? < sessions {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn is_captured(pool: &PgPool, table: &str) -> Result<bool> {
    let triggers =
        "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE 'threadline_audit_%' AND tgrelid = ";
    value(pool, &format!("{triggers} '{table}'::regclass)")).await
}

fn check_session(session: &BlockingSession, pid: i32, query: &str) {
    assert_eq!((session.pid, session.application_name.as_deref()), (Some(pid), Some("holder")));
    assert_eq!(session.state.as_deref(), Some("idle in transaction"));
    assert!(session.role.is_some() && session.since.is_some(), "{session:?}");
    assert!(session.query.as_deref().is_some_and(|text| text.starts_with(query)), "{session:?}");
}

#[sqlx::test(migrations = false)]
async fn capture_of_table_in_use_times_out_and_names_writer(pool: PgPool) -> Result {
    let trail = trail(&pool, TABLES).await?.lock_timeout(SHORT_TIMEOUT);
    let mut holder = open_transaction(&pool, "INSERT INTO a DEFAULT VALUES").await?;
    let pid: i32 = value(&mut holder, "SELECT pg_backend_pid()").await?;
    // A reader does not block the capture.
    let reader = open_transaction(&pool, "SELECT count(*) FROM a").await?;
    let error = trail.capture(["a"]).await.expect_err("the table is in use");
    let text = error.to_string();
    let CaptureError::LockTimeout { tables, timeout, sessions } = error else { return Err(text.into()) };
    assert_eq!((tables, timeout, sessions.len()), (vec!["a".into()], SHORT_TIMEOUT, 1));
    check_session(&sessions[0], pid, "SELECT pg_backend_pid()");
    assert!(
        text.starts_with(&format!(
            "table a is in use, and its lock was not free within 200ms: session {pid} of role "
        )),
        "{text}"
    );
    assert!(
        text.contains(&format!(
            "end its transaction (SELECT pg_terminate_backend({pid})), try again, or wait longer"
        )),
        "{text}"
    );

    // No session waits for the lock of the capture any more.
    run(&pool, "SET LOCAL lock_timeout = '10s'; INSERT INTO a DEFAULT VALUES").await?;
    holder.close().await?;
    reader.close().await?;
    trail.capture(["a"]).await?;
    assert!(is_captured(&pool, "a").await?);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn capture_of_partition_in_use_reports_its_writer(pool: PgPool) -> Result {
    let tables = "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)";
    let trail = trail(&pool, tables).await?.lock_timeout(SHORT_TIMEOUT);
    let holder = open_transaction(&pool, "LOCK TABLE p1 IN ROW EXCLUSIVE MODE").await?;
    let error = trail.capture(["p"]).await.expect_err("the partition is in use");
    let CaptureError::LockTimeout { sessions, .. } = error else { return Err(error.into()) };
    assert_eq!(sessions.len(), 1);
    holder.close().await?;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn zero_lock_timeout_waits_until_lock_is_free(pool: PgPool) -> Result {
    let trail = trail(&pool, TABLES).await?.lock_timeout(Duration::ZERO);
    let mut holder = open_transaction(&pool, "INSERT INTO a DEFAULT VALUES").await?;
    let capturing = tokio::spawn(async move { trail.capture(["a"]).await });
    wait_for_blocked_sessions(&pool, 1).await?;
    run(&mut holder, "COMMIT").await?;
    capturing.await??;
    assert!(is_captured(&pool, "a").await?);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn installation_into_trail_in_use_times_out_and_names_session(pool: PgPool) -> Result {
    let trail = trail(&pool, TABLES).await?.lock_timeout(SHORT_TIMEOUT);
    for lock in [
        "LOCK TABLE threadline.threadline_migrations IN ACCESS EXCLUSIVE MODE",
        "LOCK TABLE threadline.audit_changes IN ACCESS EXCLUSIVE MODE",
    ] {
        let mut holder = open_transaction(&pool, lock).await?;
        let pid: i32 = value(&mut holder, "SELECT pg_backend_pid()").await?;
        let error = match trail.install().await {
            Err(error) => error,
            Ok(()) => trail.ensure_partitions(9).await.expect_err(lock),
        };
        let text = error.to_string();
        let InstallError::LockTimeout { sessions, .. } = error else { return Err(text.into()) };
        check_session(&sessions[0], pid, "SELECT pg_backend_pid()");
        assert!(text.starts_with("the audit trail in schema threadline is in use, and its lock"), "{text}");
        holder.close().await?;
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn second_installation_times_out_and_names_first(pool: PgPool) -> Result {
    // The first installation waits halfway, because the other transaction has created a schema of the same name.
    let mut holder = open_transaction(&pool, "CREATE SCHEMA threadline").await?;
    let first = AuditTrail::new(pool.clone()).lock_timeout(Duration::ZERO);
    let installing = tokio::spawn(async move { first.install().await });
    wait_for_blocked_sessions(&pool, 1).await?;
    let second =
        AuditTrail::new(pool.clone()).lock_timeout(SHORT_TIMEOUT).install().await.expect_err("in use");
    let InstallError::LockTimeout { sessions, .. } = second else { return Err(second.into()) };
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!(sessions[0].state.as_deref(), Some("active"));
    run(&mut holder, "ROLLBACK").await?;
    installing.await??;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn failed_capture_lists_captured_and_uncaptured_tables(pool: PgPool) -> Result {
    let trail = trail(&pool, TABLES).await?.lock_timeout(SHORT_TIMEOUT);
    let holder = open_transaction(&pool, "INSERT INTO b DEFAULT VALUES").await?;
    let error = trail.capture(["c", "b", "a"]).await.expect_err("b is in use");
    let text = error.to_string();
    assert!(
        text.starts_with("table b is in use") && text.ends_with("; captured: a; not captured: b, c"),
        "{text}"
    );
    let CaptureError::Incomplete { captured, not_captured, source } = error else { return Err(text.into()) };
    assert_eq!((captured, not_captured), (vec!["a".into()], vec!["b".into(), "c".into()]));
    assert!(matches!(*source, CaptureError::LockTimeout { .. }));
    for (table, expected) in [("a", true), ("b", false), ("c", false)] {
        assert_eq!(is_captured(&pool, table).await?, expected, "{table}");
    }
    holder.close().await?;

    let refused = trail.capture(["c", "nowhere"]).await.expect_err("no such table");
    assert!(matches!(refused, CaptureError::NoSuchTable { .. }), "{refused}");
    assert!(!is_captured(&pool, "c").await?, "all tables are looked at before the first one is changed");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn deadlock_is_retried(pool: PgPool) -> Result {
    let tables =
        "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent)";
    let trail = trail(&pool, tables).await?.lock_timeout(Duration::ZERO);
    // The other session does not check for a deadlock within an hour, so PostgreSQL cancels the capture.
    let mut holder =
        open_transaction(&pool, "SET LOCAL deadlock_timeout = '1h'; LOCK TABLE child IN ROW EXCLUSIVE MODE")
            .await?;
    let capturing = tokio::spawn(async move { trail.capture(["parent"]).await });
    wait_for_blocked_sessions(&pool, 1).await?;
    let parent: bool = value(
        &pool,
        "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'parent'::regclass AND mode = 'ShareRowExclusiveLock' AND granted)",
    )
    .await?;
    assert!(parent, "it waits for the child with the lock on the parent");
    run(&mut holder, "LOCK TABLE ONLY parent IN ROW EXCLUSIVE MODE").await?;
    run(&mut holder, "COMMIT").await?;
    capturing.await??;
    assert!(is_captured(&pool, "child").await?);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn permanent_deadlock_ends_with_an_error(pool: PgPool) -> Result {
    let trail = trail(&pool, TABLES).await?;
    // The event trigger simulates another session that causes a deadlock each time.
    run(
        &pool,
        "CREATE FUNCTION deadlock() RETURNS event_trigger LANGUAGE plpgsql
         AS $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$;
         CREATE EVENT TRIGGER deadlock ON ddl_command_start WHEN TAG IN ('CREATE TRIGGER') EXECUTE FUNCTION deadlock()",
    )
    .await?;
    let error = trail.capture(["a"]).await.expect_err("a deadlock");
    assert!(matches!(error, CaptureError::Deadlock { attempts: 5, .. }), "{error}");
    assert!(error.to_string().contains("each of 5 attempts ended in a deadlock: try again"), "{error}");
    run(&pool, "DROP EVENT TRIGGER deadlock").await
}

#[sqlx::test(migrations = false)]
async fn related_tables_are_captured_together(pool: PgPool) -> Result {
    let tables = "CREATE TABLE z (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE a PARTITION OF z FOR VALUES IN (1);
                  CREATE TABLE m (id int PRIMARY KEY)";
    let trail = trail(&pool, tables).await?.lock_timeout(SHORT_TIMEOUT);
    let holder = open_transaction(&pool, "LOCK TABLE ONLY a IN ROW EXCLUSIVE MODE").await?;
    let error = trail.capture(["a", "m", "z"]).await.expect_err("the partition is in use");
    let text = error.to_string();
    let CaptureError::Incomplete { captured, not_captured, source } = error else { return Err(text.into()) };
    assert_eq!((captured, not_captured), (vec![], vec!["a".into(), "z".into(), "m".into()]));
    assert!(
        matches!(&*source, CaptureError::LockTimeout { tables, .. } if *tables == ["a".into(), "z".into()]),
        "{text}"
    );
    holder.close().await?;

    // A renamed table and the table that has its old name and function now are captured together as well.
    trail.capture(["m"]).await?;
    run(&pool, "ALTER TABLE m RENAME TO y; CREATE TABLE m (id int PRIMARY KEY)").await?;
    let holder = open_transaction(&pool, "LOCK TABLE y IN ROW EXCLUSIVE MODE").await?;
    let error = trail.capture(["m", "y"]).await.expect_err("y is in use");
    assert!(error.to_string().starts_with("tables m, y are in use"), "{error}");
    holder.close().await?;
    Ok(())
}

/// Repeats the capture, because 16 of 24 runs ended in a deadlock when both tables were locked in one transaction.
#[sqlx::test(migrations = false)]
async fn capture_of_two_tables_succeeds_while_others_write_to_both(pool: PgPool) -> Result {
    let trail = trail(&pool, TABLES).await?.lock_timeout(Duration::ZERO);
    let stop = Arc::new(AtomicBool::new(false));
    let orders = [["a", "b"], ["b", "a"], ["a", "b"], ["b", "a"]];
    let writers: Vec<_> = orders
        .map(|order| {
            let (stop, options) = (Arc::clone(&stop), (*pool.connect_options()).clone());
            tokio::spawn(async move {
                let mut connection = PgConnection::connect_with(&options).await?;
                let [one, other] = order.map(|table| format!("INSERT INTO {table} DEFAULT VALUES"));
                let mut written = 0_i64;
                while !stop.load(Ordering::Relaxed) {
                    let mut transaction = connection.begin().await?;
                    for statement in [&one, &other] {
                        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone()))
                            .execute(&mut *transaction)
                            .await?;
                    }
                    transaction.commit().await?;
                    written += 1;
                }
                Ok::<i64, sqlx::Error>(written)
            })
        })
        .into();
    for run in 0..24 {
        let mode = CaptureMode::ALL[run % 2];
        trail.capture(["b", "a"].map(|table| TablePolicy::new(table).mode(mode))).await?;
    }
    stop.store(true, Ordering::Relaxed);
    let mut written = 0;
    for writer in writers {
        written += writer.await??;
    }
    for table in ["a", "b"] {
        let rows: i64 = value(&pool, &format!("SELECT count(*) FROM {table}")).await?;
        assert_eq!(rows, written, "no write failed");
        let changes: i64 = value(
            &pool,
            &format!(
                "SELECT count(DISTINCT table_pk) FROM threadline.audit_changes WHERE table_name = '{table}'"
            ),
        )
        .await?;
        let twice: i64 = value(
            &pool,
            &format!("SELECT count(*) FROM threadline.audit_changes WHERE table_name = '{table}'"),
        )
        .await?;
        assert!(changes <= rows && twice == changes, "{table}: {changes} of {rows}, {twice}");
    }
    Ok(())
}
