//! Faults of the database: each is explained by its own cause, and the console recovers from it without a restart.

use std::time::Duration;

use axum::Router;
use http::StatusCode;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::AuditTrail;
use threadline_server::Access;
use threadline_testkit::database::{run, value};
use threadline_testkit::html::part;
use threadline_testkit::role::{GroupRoles, Role};
use threadline_testkit::wait::wait_until;

use crate::support::{Result, checked, finished, get, without_timeouts};

const TIMELINE: &str = "/audit/timeline?from=2026-01-01T00:00";

/// Installs a trail with a change, and returns its console.
async fn installed(pool: &PgPool) -> Result<Router> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    run(pool, "CREATE TABLE tickets (id int PRIMARY KEY)").await?;
    trail.capture(["tickets"]).await?;
    run(pool, "INSERT INTO tickets VALUES (1)").await?;
    Ok(console(trail))
}

fn console(trail: AuditTrail) -> Router {
    let console = finished(
        without_timeouts(trail)
            .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
            .actor_fn(|_| async { None }),
    );
    Router::new().nest("/audit", console.into_router())
}

async fn title(app: &Router) -> Result<(StatusCode, String)> {
    let (status, body) = get(app, TIMELINE).await?;
    Ok((status, part(&body, "<h1>", "</h1>").to_owned()))
}

#[sqlx::test(migrations = false)]
async fn missing_object_is_explained(pool: PgPool) -> Result {
    let app = installed(&pool).await?;
    for (fault, repair) in [
        (
            "ALTER TABLE threadline.audit_transactions RENAME TO elsewhere",
            "ALTER TABLE threadline.elsewhere RENAME TO audit_transactions",
        ),
        (
            "ALTER TABLE threadline.audit_changes RENAME COLUMN captured_at TO elsewhere",
            "ALTER TABLE threadline.audit_changes RENAME COLUMN elsewhere TO captured_at",
        ),
    ] {
        assert_eq!(title(&app).await?.0, StatusCode::OK);
        run(&pool, fault).await?;
        let expected = (StatusCode::SERVICE_UNAVAILABLE, "A part of the audit trail is missing".to_owned());
        assert_eq!(title(&app).await?, expected, "{fault}");
        run(&pool, repair).await?;
    }
    assert_eq!(title(&app).await?.0, StatusCode::OK);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_privilege_is_explained(pool: PgPool) -> Result {
    drop(installed(&pool).await?);
    let role = Role::create(&pool).await?;
    role.run_as_owner("GRANT USAGE ON SCHEMA threadline TO $role").await?;
    let name = role.name.clone();
    let restricted = PgPoolOptions::new()
        .max_connections(4)
        .after_connect(move |connection, _| {
            let set = format!("SET SESSION AUTHORIZATION {name}");
            Box::pin(
                async move { sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(connection).await.map(drop) },
            )
        })
        .connect_with((*pool.connect_options()).clone())
        .await?;
    let app = console(AuditTrail::new(restricted.clone()));
    let expected = (StatusCode::SERVICE_UNAVAILABLE, "The console may not read the audit trail".to_owned());
    assert_eq!(title(&app).await?, expected);
    let roles = GroupRoles::create(&AuditTrail::new(pool.clone()), &pool).await?;
    role.run_as_owner(&format!("GRANT {} TO $role", roles.names.console())).await?;
    assert_eq!(title(&app).await?.0, StatusCode::OK);
    restricted.close().await;
    role.drop().await?;
    roles.drop().await.map_err(|error| error.to_string().into())
}

#[sqlx::test(migrations = false)]
async fn lock_is_explained(pool: PgPool) -> Result {
    let app = installed(&pool).await?;
    let mut lock = pool.begin().await?;
    run(&mut *lock, "LOCK TABLE threadline.audit_changes IN ACCESS EXCLUSIVE MODE").await?;
    let expected = (StatusCode::SERVICE_UNAVAILABLE, "The audit trail is locked".to_owned());
    assert_eq!(title(&app).await?, expected);
    lock.rollback().await?;
    assert_eq!(title(&app).await?.0, StatusCode::OK);
    Ok(())
}

/// The coverage check reads only the catalogue, so it succeeds while the table is locked.
#[sqlx::test(migrations = false)]
async fn overview_names_the_part_that_could_not_be_read(pool: PgPool) -> Result {
    let app = checked(installed(&pool).await?).await?;
    let mut lock = pool.begin().await?;
    run(&mut *lock, "LOCK TABLE threadline.audit_changes IN ACCESS EXCLUSIVE MODE").await?;
    let (status, body) = get(&app, "/audit").await?;
    assert_eq!(
        (status, part(&body, "<h1>", "</h1>")),
        (StatusCode::OK, "One thing needs attention"),
        "{body}"
    );
    for expected in ["The newest changes could not be read", "Another session of the database holds a lock"] {
        assert!(body.contains(expected), "{expected}: {body}");
    }
    lock.rollback().await?;
    let (_, body) = get(&app, "/audit").await?;
    assert_eq!(part(&body, "<h1>", "</h1>"), "Nothing needs attention");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn cancelled_query_and_ended_session_are_explained(pool: PgPool) -> Result {
    drop(installed(&pool).await?);
    let app = console(AuditTrail::new(pool.clone()).statement_timeout(Duration::MAX));
    for (function, expected) in [
        ("pg_cancel_backend", "The query was cancelled"),
        ("pg_terminate_backend", "The database is restarting or has no connection left"),
    ] {
        let mut lock = pool.begin().await?;
        run(&mut *lock, "LOCK TABLE threadline.audit_changes IN ACCESS EXCLUSIVE MODE").await?;
        let request = tokio::spawn({
            let app = app.clone();
            async move { title(&app).await.map_err(|error| error.to_string()) }
        });
        let end = format!(
            "SELECT count({function}(pid)) > 0 FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%audit_changes AS c%'"
        );
        wait_until("the page waits", async || value::<bool>(&pool, &end).await).await?;
        assert_eq!(request.await??, (StatusCode::SERVICE_UNAVAILABLE, expected.to_owned()));
        lock.rollback().await?;
        assert_eq!(title(&app).await?.0, StatusCode::OK);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn exhausted_pool_is_explained(pool: PgPool) -> Result {
    drop(installed(&pool).await?);
    let small = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(50))
        .connect_with((*pool.connect_options()).clone())
        .await?;
    let app = console(AuditTrail::new(small.clone()));
    let own = small.acquire().await?;
    let expected = (StatusCode::SERVICE_UNAVAILABLE, "No connection to the database is free".to_owned());
    assert_eq!(title(&app).await?, expected);
    drop(own);
    small.close().await;
    Ok(())
}

/// The pool tries to connect until its timeout, which must not look like a pool whose connections are all in use.
#[sqlx::test(migrations = false)]
async fn stopped_database_is_not_explained_as_exhausted_pool(pool: PgPool) -> Result {
    let nowhere = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let stopped = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(200))
        .connect_lazy_with((*pool.connect_options()).clone().host("127.0.0.1").port(nowhere));
    let expected = (StatusCode::SERVICE_UNAVAILABLE, "The audit trail does not answer".to_owned());
    assert_eq!(title(&console(AuditTrail::new(stopped))).await?, expected);
    Ok(())
}

/// A host may let its own requests wait for a connection for longer than a page of the console waits for the database.
#[sqlx::test(migrations = false)]
async fn exhausted_pool_is_explained_before_its_own_timeout(pool: PgPool) -> Result {
    drop(installed(&pool).await?);
    let small = PgPoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(600))
        .connect_with((*pool.connect_options()).clone())
        .await?;
    let app = console(AuditTrail::new(small.clone()).statement_timeout(Duration::from_millis(50)));
    // The console may use two of these connections: one for this page and one for the check of coverage.
    let own =
        [small.acquire().await?, small.acquire().await?, small.acquire().await?, small.acquire().await?];
    let expected = (StatusCode::SERVICE_UNAVAILABLE, "No connection to the database is free".to_owned());
    assert_eq!(title(&app).await?, expected);
    drop(own);
    small.close().await;
    Ok(())
}
