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
    run(
        pool,
        "CREATE TABLE tickets (id int PRIMARY KEY, note text); CREATE TABLE secrets (id int PRIMARY KEY)",
    )
    .await?;
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

#[sqlx::test(migrations = false)]
async fn record_page_shows_gaps_in_its_history_and_before_a_moment(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let before: String = sqlx::query_scalar("SELECT to_char(min(first_seen) - interval '1 microsecond', 'YYYY-MM-DD\"T\"HH24:MI:SS.USOF') FROM threadline.threadline_coverage_gaps")
        .fetch_one(&pool)
        .await?;
    run(&pool, "UPDATE tickets SET note = 'b' WHERE id = 1").await?;
    let app = mounted(&pool, Access::Allow);
    let page = body(&app, "/audit/rows/tickets/id%3D1").await?;
    let parts: Vec<&str> = page.split(LOST).collect();
    assert_eq!(parts.len(), 2, "{page}");
    assert!(parts[0].contains("data-entry") && parts[1].contains("data-entry"), "{page}");
    // Before the gap, and after a version that was captured after the gap, the list alone shows it.
    let now = || chrono::Utc::now().format("%FT%T%.6fZ").to_string();
    for moment in [now(), before.replace('+', "%2B")] {
        let page = body(&app, &format!("/audit/rows/tickets/id%3D1?as_of={moment}")).await?;
        assert_eq!(page.matches(LOST).count(), 1, "{moment}: {page}");
    }
    let page = body(&app, &format!("/audit/rows/tickets/id%3D2?as_of={}", now())).await?;
    assert_eq!(page.matches(LOST).count(), 1, "the record was created after the gap: {page}");
    run(&pool, "ALTER TABLE tickets DISABLE TRIGGER ALL").await?;
    check(&pool).await?;
    let page =
        body(&mounted(&pool, Access::Allow), &format!("/audit/rows/tickets/id%3D2?as_of={}", now())).await?;
    let panel = page.split("as-of-heading").nth(2).ok_or("no panel")?;
    assert!(
        panel.split("</section>").next().unwrap_or_default().contains("may be missing until now"),
        "{page}"
    );
    Ok(())
}
