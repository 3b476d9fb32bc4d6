//! The page of who was active.

use crate::support::{Result, get, mounted};
use http::StatusCode;
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use threadline_server::Access;
use threadline_testkit::html::{part, words};

const HOSTILE: &str = "</a><script>alert(1)</script>";

async fn seeded(pool: &PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id int PRIMARY KEY); CREATE TABLE secrets (id int PRIMARY KEY)")
        .execute(pool)
        .await?;
    trail.capture(["tickets", "secrets"]).await?;
    for (kind, id, sql) in [
        (ActorKind::User, "ann", "INSERT INTO tickets VALUES (1), (2), (3)"),
        (ActorKind::Admin, HOSTILE, "INSERT INTO secrets VALUES (1)"),
        (ActorKind::Job, "nightly", "DELETE FROM tickets WHERE id > 1"),
    ] {
        let context = AuditContext::new(ActorRef::new(kind, id)?);
        let mut tx = trail.write(&context).begin().await?;
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    sqlx::raw_sql("DELETE FROM tickets").execute(pool).await?;
    Ok(())
}

/// Returns the rows of the page as text, each with the heading of its group.
fn rows(body: &str) -> Vec<String> {
    let sections = body.split("<section class=\"active\">").skip(1);
    let of_section = |section: &str| {
        let title = words(part(section, "<h2 class=\"section\"", "</h2>"));
        let rows = part(section, "<tbody>", "</tbody>").split("<tr>").skip(1);
        let row = |row: &str| format!("{title}: {}", words(&part(row, "", "the last at").replace('<', " <")));
        rows.map(row).collect::<Vec<_>>()
    };
    sections.flat_map(of_section).collect()
}

#[sqlx::test(migrations = false)]
async fn actors_are_listed_with_their_numbers_of_changes(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let (status, body) = get(&app, "/audit/actors").await?;
    assert_eq!(status, StatusCode::OK);
    let expected = [
        "People: user:ann 3 changes",
        "People: admin:&lt;/a&gt;&lt;script&gt;alert(1)&lt;/script&gt; 1 change",
        "Jobs and services: job:nightly 2 changes",
        "Nobody named: not signed by the application 1 change",
    ];
    assert_eq!(rows(&body), expected, "{body}");
    assert!(!body.contains("<script>alert") && body.contains("href=\"/audit/actors/user/ann\""), "{body}");
    assert!(body.contains("timeline?actor=none&amp;from="), "unsigned changes are in the timeline: {body}");
    assert!(get(&app, "/audit").await?.1.contains("href=\"/audit/actors\""));
    assert!(get(&app, "/audit/actors/user/ann").await?.1.contains("href=\"/audit/actors\""));

    let aged = "UPDATE threadline.audit_changes SET captured_at = captured_at - interval '3 days', occurred_at = occurred_at - interval '3 days';
                UPDATE threadline.audit_transactions SET occurred_at = occurred_at - interval '3 days'";
    sqlx::raw_sql(aged).execute(&pool).await?;
    let (_, body) = get(&app, "/audit/actors").await?;
    assert!(body.contains("Nobody changed anything in the last 24 hours"), "{body}");
    assert_eq!(rows(&get(&app, "/audit/actors?window=7d").await?.1), expected);
    for query in ["window=2h", "actor=user"] {
        assert_eq!(get(&app, &format!("/audit/actors?{query}")).await?.0, StatusCode::BAD_REQUEST, "{query}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn actors_are_those_of_the_scope(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::AllowWithin(Scope::tables(["secrets"])));
    let (_, body) = get(&app, "/audit/actors").await?;
    assert_eq!(
        rows(&body),
        ["People: admin:&lt;/a&gt;&lt;script&gt;alert(1)&lt;/script&gt; 1 change"],
        "{body}"
    );
    assert!(!body.contains("user:ann") && !body.contains("nightly"), "{body}");
    let (_, body) = get(&mounted(&pool, Access::AllowWithin(Scope::nothing())), "/audit/actors").await?;
    assert!(body.contains("You may not see any change."), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn actors_of_a_large_window_are_counted_up_to_a_bound(pool: PgPool) -> Result {
    seeded(&pool).await?;
    sqlx::raw_sql("INSERT INTO tickets SELECT generate_series(1, 10000)").execute(&pool).await?;
    let (_, body) = get(&mounted(&pool, Access::Allow), "/audit/actors").await?;
    assert_eq!(rows(&body), ["Nobody named: not signed by the application 10,000 changes"], "{body}");
    assert!(body.contains("Only the newest 10,000 changes of this window were counted"), "{body}");
    Ok(())
}
