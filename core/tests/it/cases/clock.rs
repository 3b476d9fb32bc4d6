//! Tests that changes keep the order in which they were written when the server's clock is set back, and that as-of follows that
//! order.

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::query::{Filter, QueryError};
use threadline::{AuditTrail, Scope};

use crate::cases::{as_of, history, now, row_after, state_at, state_now, steps};
use threadline_testkit::cluster::Cluster;
use threadline_testkit::database::{Result, install, run};

/// A method of setting the clock back by three seconds.
enum Clock {
    /// libfaketime, which reads the offset from this file whenever the server asks for the time.
    File(PathBuf),
    /// The last time that the trail has used, which is moved ahead: for the trail this is the same as a clock that is behind.
    LastTime,
}

impl Clock {
    async fn set_back(&self, pool: &PgPool) -> Result {
        match self {
            Self::File(file) => Ok(fs::write(file, "-3")?),
            Self::LastTime => {
                run(
                    pool,
                    "SELECT setval('threadline.threadline_clock',
                                   ((extract(epoch FROM clock_timestamp()) + 3) * 1000000)::bigint * 2)",
                )
                .await
            }
        }
    }

    async fn restore(&self) -> Result {
        match self {
            Self::File(file) => Ok(fs::write(file, "+0")?),
            // After this time the clock is ahead of the last time again.
            Self::LastTime => {
                tokio::time::sleep(std::time::Duration::from_millis(3_100)).await;
                Ok(())
            }
        }
    }
}

/// Returns when each change of a row was captured, oldest first, and the time of the clock if it was behind.
async fn times(trail: &AuditTrail, row: &str) -> Result<Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>> {
    let entries = history(trail, "t", row).await?;
    Ok(entries.iter().rev().map(|entry| (entry.change.captured_at, entry.change.clock_at)).collect())
}

async fn check_writes_while_clock_is_set_back(pool: &PgPool, clock: &Clock, mode: CaptureMode) -> Result {
    let trail = install(pool).await?;
    run(pool, "CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE u (id int PRIMARY KEY)").await?;
    trail.capture(["t", "u"].map(|table| TablePolicy::new(table).mode(mode))).await?;
    run(pool, "INSERT INTO t VALUES (1, 1), (2, 1), (3, 1), (4, 1)").await?;
    run(pool, "INSERT INTO u VALUES (1)").await?;
    let before = now(pool).await?;
    clock.set_back(pool).await?;

    run(pool, "UPDATE t SET v = 2 WHERE id < 3").await?;
    run(pool, "UPDATE t SET v = 3 WHERE id = 1").await?;
    run(pool, "DELETE FROM t WHERE id = 2").await?;
    run(pool, "UPDATE t SET id = 30 WHERE id = 3").await?;
    run(pool, "TRUNCATE u").await?;
    let behind = now(pool).await?;

    // The changes are in the order of writing, their times increase, and each has the time of the clock if it was behind.
    let values: Vec<String> = history(&trail, "t", "id=1").await?.iter().map(row_after).collect();
    assert_eq!(values, ["{id: 1, v: 3}", "{id: 1, v: 2}", "{id: 1, v: 1}"]);
    assert_eq!(steps(&trail, "t", "id=2").await?, ["delete id=2", "update id=2", "insert id=2"]);
    let at = times(&trail, "id=1").await?;
    assert!(at.is_sorted_by_key(|(captured_at, _)| *captured_at), "{at:?}");
    assert!(at[0].1.is_none() && at[1].1.is_some() && at[2].1.is_some(), "{at:?}");
    let timeline = trail.timeline(&Scope::unscoped(), &Filter::default(), 20).await?;
    let timeline: Vec<&str> = timeline.iter().map(|entry| entry.change.operation.as_str()).collect();
    assert_eq!(timeline[..6], ["truncate", "update", "delete", "update", "update", "update"]);

    // As-of now includes the changes, although their times are ahead of the clock.
    for (table, row, expected) in [
        ("t", "id=1", "existed: {id: 1, v: 3}"),
        ("t", "id=2", "was removed by delete"),
        ("t", "id=3", "became id=30"),
        ("t", "id=30", "existed: {id: 30, v: 1}"),
        ("t", "id=4", "existed: {id: 4, v: 1}"),
        ("u", "id=1", "was removed by truncate"),
    ] {
        assert_eq!(state_at(&trail, table, row, behind).await?, expected, "{table} {row}");
        assert_eq!(state_now(pool, &trail, table, row).await?, expected, "{table} {row}");
    }
    // As-of works at the times of the changes themselves, which a reader takes from the history.
    for (captured_at, expected) in at.iter().map(|(at, _)| *at).zip(["v: 1", "v: 2", "v: 3"]) {
        let state = state_at(&trail, "t", "id=1", captured_at).await?;
        assert!(state.starts_with("existed") && state.contains(expected), "{captured_at}: {state}");
    }
    let between = at[1].0 + (at[2].0 - at[1].0) / 2;
    assert_eq!(state_at(&trail, "t", "id=1", between).await?, "existed: {id: 1, v: 2}");
    let future = Utc::now() + TimeDelta::days(1);
    let Err(error) = as_of(&trail, "t", "id=1", future).await else {
        return Err("a moment that is still to come was answered".into());
    };
    assert!(matches!(error.downcast_ref(), Some(QueryError::FutureTimestamp { .. })), "{error}");

    clock.restore().await?;
    run(pool, "UPDATE t SET v = 4 WHERE id = 1").await?;
    run(pool, "INSERT INTO t VALUES (2, 5); INSERT INTO u VALUES (1)").await?;
    let at = times(&trail, "id=1").await?;
    assert!(at.is_sorted_by_key(|(captured_at, _)| *captured_at), "{at:?}");
    assert_eq!(at[3].1, None, "the clock is right again");
    for (table, row, expected) in [
        ("t", "id=1", "existed: {id: 1, v: 4}"),
        ("t", "id=2", "existed: {id: 2, v: 5}"),
        ("t", "id=3", "became id=30"),
        ("u", "id=1", "existed: {id: 1}"),
    ] {
        assert_eq!(state_now(pool, &trail, table, row).await?, expected, "{table} {row}");
    }
    // As-of a time before the clock was set back includes none of these changes.
    if matches!(clock, Clock::LastTime) {
        for row in ["id=1", "id=2", "id=3"] {
            let state = state_at(&trail, "t", row, before).await?;
            assert!(state.contains("v: 1"), "{row}: {state}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn changes_ahead_of_clock_keep_order_in_statement_mode(pool: PgPool) -> Result {
    check_writes_while_clock_is_set_back(&pool, &Clock::LastTime, CaptureMode::Statement).await
}

#[sqlx::test(migrations = false)]
async fn changes_ahead_of_clock_keep_order_in_row_mode(pool: PgPool) -> Result {
    check_writes_while_clock_is_set_back(&pool, &Clock::LastTime, CaptureMode::Row).await
}

/// Returns the path of libfaketime, which Debian's package `faketime` contains.
fn libfaketime_path() -> Result<String> {
    let folders = fs::read_dir("/usr/lib")?.flatten().map(|folder| folder.path().join("faketime"));
    let library = folders.map(|folder| folder.join("libfaketime.so.1")).find(|library| library.is_file());
    let library =
        library.ok_or("libfaketime is missing: install the package faketime (apt-get install faketime)")?;
    Ok(library.to_str().ok_or("the path of libfaketime is no text")?.to_owned())
}

#[sqlx::test(migrations = false)]
async fn changes_after_clock_was_set_back_keep_order(pool: PgPool) -> Result {
    let library = libfaketime_path()?;
    // The account of the server must be able to read this folder.
    let folder = std::env::temp_dir().join(format!("threadline-clock-{}", uuid::Uuid::now_v7().simple()));
    fs::create_dir(&folder)?;
    let file = folder.join("offset");
    fs::write(&file, "+0")?;
    let path = file.to_str().ok_or("the folder for temporary files is no text")?;
    let environment = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME_TIMESTAMP_FILE", path),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let cluster = Cluster::start(&pool, &[], &environment).await?;
    let clock = Clock::File(file);
    for (name, mode) in [("by_statement", CaptureMode::Statement), ("by_row", CaptureMode::Row)] {
        let pool = cluster.create_database(name, "").await?;
        let start = now(&pool).await?;
        clock.set_back(&pool).await?;
        assert!(now(&pool).await? < start - TimeDelta::seconds(2), "libfaketime sets the clock back");
        clock.restore().await?;
        check_writes_while_clock_is_set_back(&pool, &clock, mode).await?;
        clock.restore().await?;
        pool.close().await;
    }
    drop(cluster);
    fs::remove_dir_all(folder)?;
    Ok(())
}
