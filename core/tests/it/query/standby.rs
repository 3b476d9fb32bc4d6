//! Tests reads of a standby that replays the changes of its primary.

use sqlx::PgPool;
use threadline::query::{Filter, Position, QueryError};
use threadline::{AuditTrail, Scope};
use threadline_testkit::cluster::Cluster;
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::wait::{MAX_WAIT, wait_until};
use uuid::Uuid;

/// A standby cancels a read that keeps it from replaying a lock of its primary. The read waits for one lock meanwhile: a session
/// that waits for its client is ended instead, and whether the client still reads the reason depends on the time.
#[sqlx::test(migrations = false)]
async fn read_that_conflicts_with_replay_returns_canceled(_pool: PgPool) -> Result {
    let primary = Cluster::start_durable(&[])?;
    let pool = primary.create_database("trail", "").await?;
    install(&pool).await?;
    let standby = primary.start_standby()?;
    let reading = PgPool::connect_with(standby.options("trail")).await?;
    run(&reading, "ALTER SYSTEM SET max_standby_streaming_delay = 0").await?;
    run(&reading, "SELECT pg_reload_conf()").await?;
    wait_until("the standby cancels reads without delay", async || {
        value(&reading, "SELECT current_setting('max_standby_streaming_delay') = '0'").await
    })
    .await?;
    let trail = AuditTrail::new(reading.clone()).statement_timeout(MAX_WAIT * 4);
    let scope = Scope::unscoped();

    let mut snapshot = trail.snapshot().await?;
    snapshot.transactions_by_correlation(&scope, "case-1", Uuid::nil(), 10).await?;
    let mut locking = pool.begin().await?;
    run(&mut *locking, "LOCK TABLE threadline.audit_changes IN ACCESS EXCLUSIVE MODE").await?;
    wait_until("the standby has replayed the first lock", async || {
        value(
            &reading,
            "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'threadline.audit_changes'::regclass",
        )
        .await
    })
    .await?;
    let read = async {
        let read = snapshot.timeline_page(&scope, &Filter::default(), Position::Newest, 10).await;
        Result::Ok(read.map(drop))
    };
    let conflict = async {
        let waits = "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'threadline.audit_changes'::regclass AND NOT granted";
        wait_until("the read waits for the first lock", async || value(&reading, waits).await).await?;
        run(&pool, "BEGIN; LOCK TABLE threadline.audit_actions IN ACCESS EXCLUSIVE MODE; COMMIT").await
    };
    let (result, ()) = tokio::try_join!(read, conflict)?;
    assert!(matches!(result, Err(QueryError::Canceled)), "{result:?}");
    drop(snapshot);
    locking.rollback().await?;

    let mut snapshot = trail.snapshot().await?;
    snapshot.timeline_page(&scope, &Filter::default(), Position::Newest, 10).await?;
    drop(snapshot);
    pool.close().await;
    reading.close().await;
    Ok(())
}
