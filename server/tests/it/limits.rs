//! The share of its host that a console takes: connections, requests, and the statements of requests that were given up.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use futures_util::{StreamExt, TryStreamExt};
use http::{Request, StatusCode, header};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Postgres, Transaction};
use threadline::AuditTrail;
use threadline_server::Access;
use threadline_testkit::database::value;
use threadline_testkit::wait::wait_until;
use tower::ServiceExt;

use crate::support::{Result, call, finished, without_timeouts};

const TIMELINE: &str = "/audit/timeline?from=2026-01-01T00:00";

/// Installs a trail with a captured table.
async fn installed(pool: &PgPool) -> Result<AuditTrail> {
    let trail = AuditTrail::new(pool.clone()).statement_timeout(Duration::MAX);
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id int PRIMARY KEY)").execute(pool).await?;
    trail.capture(["tickets"]).await?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (1)").execute(pool).await?;
    Ok(trail)
}

fn console(trail: AuditTrail, max_requests: usize) -> Router {
    let console = finished(
        without_timeouts(trail)
            .max_requests(max_requests)
            .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
            .actor_fn(|_| async { None }),
    );
    Router::new().nest("/audit", console.into_router())
}

/// Locks the table that every page of changes reads, so that those pages wait until the transaction ends.
async fn locked(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    let mut transaction = pool.begin().await?;
    sqlx::raw_sql("LOCK TABLE threadline.audit_changes IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await?;
    Ok(transaction)
}

/// Waits until this number of pages waits for the lock. The coverage check waits as well.
async fn wait_for_waiting(pool: &PgPool, expected: i64) -> Result {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%audit_changes AS c%'";
    wait_until(&format!("{expected} sessions wait"), async || {
        Ok(value::<i64>(pool, waiting).await? == expected)
    })
    .await
}

#[sqlx::test(migrations = false)]
async fn console_occupies_at_most_half_of_the_pool(pool: PgPool) -> Result {
    installed(&pool).await?;
    let shared =
        PgPoolOptions::new().max_connections(6).connect_with((*pool.connect_options()).clone()).await?;
    let app = console(AuditTrail::new(shared.clone()).statement_timeout(Duration::MAX), 100);
    let lock = locked(&pool).await?;
    let requests: Vec<_> = (0..12)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move {
                call(&app, TIMELINE).await.map(|response| response.status()).map_err(|e| e.to_string())
            })
        })
        .collect();
    wait_for_waiting(&pool, 2).await?;
    // The host's own queries find a connection at once, although twelve requests of the console wait.
    let mut own = Vec::new();
    for _ in 0..3 {
        own.push(tokio::time::timeout(Duration::from_secs(60), shared.acquire()).await??);
    }
    // Two pages and the coverage check occupy the other half.
    assert_eq!((shared.size(), shared.num_idle()), (6, 0));
    wait_for_waiting(&pool, 2).await?;
    lock.rollback().await?;
    for request in requests {
        assert_eq!(request.await??, StatusCode::OK);
    }
    drop(own);
    shared.close().await;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn request_beyond_the_limit_returns_503_with_retry_after(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    let app = console(trail, 1);
    let lock = locked(&pool).await?;
    let first = tokio::spawn({
        let app = app.clone();
        async move { call(&app, TIMELINE).await.map(|response| response.status()).map_err(|e| e.to_string()) }
    });
    wait_for_waiting(&pool, 1).await?;
    let refused = call(&app, "/audit/help").await?;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers().get(header::RETRY_AFTER).map(|value| value.as_bytes()), Some(&b"5"[..]));
    lock.rollback().await?;
    assert_eq!(first.await??, StatusCode::OK);
    assert_eq!(call(&app, "/audit/help").await?.status(), StatusCode::OK);
    Ok(())
}

/// A download holds a permit only while it reads and writes a part: one that is received slowly leaves the console to others, and
/// a hundred of them do not read at the same time.
#[sqlx::test(migrations = false)]
async fn each_part_of_a_download_counts_as_a_request(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    sqlx::raw_sql("INSERT INTO tickets SELECT generate_series(2, 1500)").execute(&pool).await?;
    let app = console(trail, 1);
    let mut file = call(&app, "/audit/exports/changes.ndjson?from=2026-01-01T00:00")
        .await?
        .into_body()
        .into_data_stream();
    let first = file.next().await.ok_or("no part")??;
    // The file waits for its reader, and the only permit is free.
    assert_eq!(call(&app, "/audit/help").await?.status(), StatusCode::OK);
    let lock = locked(&pool).await?;
    let page = tokio::spawn({
        let app = app.clone();
        async move { call(&app, TIMELINE).await.map(|response| response.status()).map_err(|e| e.to_string()) }
    });
    wait_for_waiting(&pool, 1).await?;
    let rest = tokio::spawn(async move { file.try_collect::<Vec<_>>().await });
    // The next part would wait for the lock as well, if it were read now.
    tokio::time::sleep(Duration::from_millis(300)).await;
    wait_for_waiting(&pool, 1).await?;
    lock.rollback().await?;
    assert_eq!(page.await??, StatusCode::OK);
    let lines = |part: &axum::body::Bytes| part.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines(&first) + rest.await??.iter().map(lines).sum::<usize>(), 1500);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn statement_of_an_abandoned_request_is_cancelled(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    let app = console(trail, 100);
    let lock = locked(&pool).await?;
    let request = tokio::spawn({
        let app = app.clone();
        async move { app.oneshot(Request::builder().uri(TIMELINE).body(Body::empty()).unwrap()).await }
    });
    wait_for_waiting(&pool, 1).await?;
    // This is what the server does when the client closes the connection.
    request.abort();
    // The lock is still there, and the statement has no timeout: only a cancellation ends it.
    wait_for_waiting(&pool, 0).await?;
    lock.rollback().await?;
    assert_eq!(call(&app, TIMELINE).await?.status(), StatusCode::OK);
    Ok(())
}
