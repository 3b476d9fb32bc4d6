//! Tests reads of a standby that replays the changes of its primary.

use sqlx::PgPool;
use threadline::query::{Filter, Position, QueryError};
use threadline::{AuditTrail, Scope};
use threadline_testkit::cluster::Cluster;
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::wait::wait_until;

/// A standby ends the reads that keep it from replaying a lock of its primary, with a code of its own.
#[sqlx::test(migrations = false)]
async fn read_that_conflicts_with_replay_returns_canceled(_pool: PgPool) -> Result {
    let primary = Cluster::start_durable(&[])?;
    let pool = primary.create_database("trail", "").await?;
    install(&pool).await?;
    let standby = primary.start_standby()?;
    let reading = PgPool::connect_with(standby.options("trail")).await?;
    run(&reading, "ALTER SYSTEM SET max_standby_streaming_delay = 0").await?;
    run(&reading, "SELECT pg_reload_conf()").await?;
    let trail = AuditTrail::new(reading.clone());
    let read = async |snapshot: &mut threadline::query::Snapshot<'_>| {
        let (scope, filter) = (Scope::unscoped(), Filter::default());
        snapshot.timeline_page(&scope, &filter, Position::Newest, 10).await.map(drop)
    };
    let mut snapshot = trail.snapshot().await?;
    read(&mut snapshot).await?;
    run(&pool, "BEGIN; LOCK TABLE threadline.audit_changes IN ACCESS EXCLUSIVE MODE; COMMIT").await?;
    wait_until("the standby has ended the read", async || {
        value(&reading, "SELECT sum(confl_lock) > 0 FROM pg_stat_database_conflicts").await
    })
    .await?;
    let error = read(&mut snapshot).await.unwrap_err();
    assert!(matches!(error, QueryError::Canceled), "{error:?}");
    drop(snapshot);
    read(&mut trail.snapshot().await?).await?;
    pool.close().await;
    reading.close().await;
    Ok(())
}
