//! Gaps in capture, which lists of changes show at the time until which changes may be missing.

use axum::Router;
use http::StatusCode;
use sqlx::PgPool;
use threadline::health::Schemas;
use threadline::{AuditTrail, Config, Scope};
use threadline_server::Access;

use crate::support::{Result, get, mounted};

const LOST: &str = "<p class=\"gap\">";

async fn run(pool: &PgPool, sql: &str) -> Result {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(pool).await?;
    Ok(())
}

/// Records what a check finds.
async fn check(pool: &PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    let report = trail.coverage(&Config::default(), &Schemas::All).await?;
    trail.record_coverage(&report, &[]).await?;
    Ok(())
}

/// Seeds a change, a gap that has ended, and a later change, of two tables.
async fn seeded(pool: &PgPool) -> Result {
    AuditTrail::new(pool.clone()).install().await?;
    run(pool, "CREATE TABLE tickets (id int PRIMARY KEY); CREATE TABLE secrets (id int PRIMARY KEY)").await?;
    AuditTrail::new(pool.clone()).capture(["tickets", "secrets"]).await?;
    run(pool, "INSERT INTO tickets VALUES (1); INSERT INTO secrets VALUES (1)").await?;
    run(pool, "ALTER TABLE tickets DISABLE TRIGGER ALL; ALTER TABLE secrets DISABLE TRIGGER ALL").await?;
    check(pool).await?;
    run(pool, "ALTER TABLE tickets ENABLE TRIGGER ALL; ALTER TABLE secrets ENABLE TRIGGER ALL").await?;
    check(pool).await?;
    run(pool, "INSERT INTO tickets VALUES (2); INSERT INTO secrets VALUES (2)").await?;
    Ok(())
}

async fn body(app: &Router, address: &str) -> Result<String> {
    let (status, body) = get(app, address).await?;
    assert_eq!(status, StatusCode::OK, "{address}");
    Ok(body.replace("<!>", ""))
}

#[sqlx::test(migrations = false)]
async fn gap_is_shown_between_the_changes_around_its_end(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let page = body(&app, "/audit/timeline?table=tickets").await?;
    let parts: Vec<&str> = page.split(LOST).collect();
    assert_eq!(parts.len(), 2, "{page}");
    assert_eq!(
        (parts[0].matches("data-entry").count(), parts[1].matches("data-entry").count()),
        (1, 1),
        "{page}"
    );
    for expected in [
        "Changes of <b><bdi>tickets</bdi></b> may be missing before ",
        "A trigger is disabled",
        "See coverage",
    ] {
        assert!(parts[1].contains(expected), "{expected} is missing in {page}");
    }
    let all = body(&app, "/audit/timeline?from=").await?;
    assert_eq!(all.matches(LOST).count(), 2, "{all}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn gap_is_shown_where_nothing_was_found_and_until_now(pool: PgPool) -> Result {
    seeded(&pool).await?;
    run(&pool, "ALTER TABLE tickets DISABLE TRIGGER ALL").await?;
    check(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let page = body(&app, "/audit/timeline?table=tickets&key=id%3D7").await?;
    assert!(page.contains("may be missing until now"), "{page}");
    assert_eq!(page.matches(LOST).count(), 2, "{page}");
    let actor = body(&app, "/audit/actors/user/42").await?;
    assert!(actor.contains("Changes of <b><bdi>secrets</bdi></b> may be missing before "), "{actor}");
    let page = body(&app, "/audit/timeline?to=2001-01-01T00:00:00Z").await?;
    assert!(!page.contains(LOST), "{page}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn limited_scope_sees_gaps_of_its_own_tables(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::AllowWithin(Scope::tables(["tickets"])));
    let page = body(&app, "/audit/timeline?from=").await?;
    assert_eq!(page.matches(LOST).count(), 1, "{page}");
    assert!(page.contains("Changes of <b><bdi>tickets</bdi></b>") && !page.contains("secrets"), "{page}");
    Ok(())
}
