//! The page of one actor, or of all actors of a kind.

use std::time::Duration;

use crate::support::{Result, console_of, get, mounted};
use axum::Router;
use http::StatusCode;
use sqlx::PgPool;
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use threadline_server::Access;

async fn seeded(pool: &PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id int PRIMARY KEY, subject text); CREATE TABLE secrets (id int PRIMARY KEY);",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "secrets"]).await?;
    Ok(())
}

async fn act(pool: &PgPool, actor: ActorRef, action: &str, statement: &'static str) -> Result {
    let context = AuditContext::new(actor);
    let mut tx = AuditTrail::new(pool.clone())
        .write(&context)
        .action(Action::named(action).reason("A reason"))
        .begin()
        .await?;
    sqlx::raw_sql(statement).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Moves everything that is recorded into the past.
async fn age(pool: &PgPool, interval: &str) -> Result {
    let sql = format!(
        "UPDATE threadline.audit_changes SET captured_at = captured_at - interval '{interval}', occurred_at = occurred_at - interval '{interval}';
         UPDATE threadline.audit_transactions SET occurred_at = occurred_at - interval '{interval}'"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(pool).await?;
    Ok(())
}

fn items(body: &str) -> usize {
    body.matches("data-entry").count()
}

#[sqlx::test(migrations = false)]
async fn actor_page_lists_changes_one_line_each(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let odd = ActorRef::new(ActorKind::User, "a/b & <i>ü</i>?#%2F")?;
    act(&pool, odd.clone(), "ticket.opened", "INSERT INTO tickets VALUES (1, 'one'), (2, 'two')").await?;
    act(&pool, odd, "secret.kept", "INSERT INTO secrets VALUES (1); DELETE FROM tickets WHERE id = 2")
        .await?;
    act(&pool, ActorRef::new(ActorKind::User, "other")?, "ticket.closed", "DELETE FROM tickets").await?;
    let app = mounted(&pool, Access::Allow);
    let path = "/audit/actors/user/a%2Fb%20%26%20%3Ci%3E%C3%BC%3C%2Fi%3E%3F%23%252F";
    let (status, body) = get(&app, path).await?;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(body.contains("user:a/b &amp; &lt;i&gt;ü&lt;/i&gt;?#%2F") && !body.contains("<i>"), "{body}");
    assert_eq!(items(&body), 4, "{body}");
    for expected in [
        "4 changes in the last 24 hours",
        "secret.kept",
        "A reason",
        &format!("href=\"{path}?window=7d\""),
        "aria-current=\"true\"",
        "/audit/timeline?actor=user%3Aa%2Fb+%26+%3Ci%3E%C3%BC%3C%2Fi%3E%3F%23%252F&amp;from=",
    ] {
        assert!(body.contains(expected), "{expected} is missing in {body}");
    }
    assert!(!body.contains("ticket.closed"), "{body}");

    let (_, body) = get(&app, "/audit/actors/user?window=1h").await?;
    assert!(body.contains("<bdi>All users</bdi>") && body.contains("user:other"), "{body}");
    assert_eq!(items(&body), 5, "{body}");

    let within = mounted(&pool, Access::AllowWithin(Scope::tables(["secrets"])));
    let (_, body) = get(&within, path).await?;
    assert_eq!(items(&body), 1, "{body}");
    assert!(!body.contains("tickets") && !body.contains("ticket.opened"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn actor_page_lists_50_lines_and_links_to_the_next(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let job = ActorRef::new(ActorKind::Job, "nightly")?;
    for _ in 0..26 {
        act(&pool, job.clone(), "ticket.opened", "INSERT INTO tickets VALUES (1)").await?;
        act(&pool, job.clone(), "ticket.closed", "DELETE FROM tickets").await?;
    }
    let app = mounted(&pool, Access::Allow);
    let (_, body) = get(&app, "/audit/actors/job/nightly?window=7d").await?;
    assert_eq!(items(&body), 50);
    assert!(body.contains("52 changes in the last 7 days"), "{body}");
    let older = body.split("rel=\"next\"").next().and_then(|before| before.rsplit("href=\"").next());
    let older = body
        .split("href=\"")
        .filter_map(|part| part.split('"').next())
        .find(|href| href.contains("window=7d&amp;older="))
        .or(older)
        .ok_or("no way to older transactions")?
        .replace("&amp;", "&");
    let (_, body) = get(&app, &older).await?;
    assert_eq!(items(&body), 2, "{body}");
    let (_, body) = get(&app, "/audit/actors/job/nightly?older=0-00000000000000000000000000000000").await?;
    assert!(body.contains("There is nothing beyond this point"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn empty_actor_page_tells_never_from_not_in_this_window(pool: PgPool) -> Result {
    seeded(&pool).await?;
    act(&pool, ActorRef::new(ActorKind::Admin, "root")?, "ticket.opened", "INSERT INTO tickets VALUES (1)")
        .await?;
    age(&pool, "3 days").await?;
    let app = mounted(&pool, Access::Allow);
    let (status, body) = get(&app, "/audit/actors/admin/root").await?;
    assert_eq!((status, items(&body)), (StatusCode::OK, 0));
    for expected in [
        "Nothing in the last 24 hours",
        "The last transaction before that was on",
        "href=\"/audit/actors/admin/root?window=7d\"",
    ] {
        assert!(body.contains(expected), "{expected} is missing in {body}");
    }
    assert_eq!(items(&get(&app, "/audit/actors/admin/root?window=7d").await?.1), 1);
    let (_, never) = get(&app, "/audit/actors/admin/Root").await?;
    assert!(never.contains("No transaction of admin:Root is recorded"), "{never}");
    let (_, never) = get(&app, "/audit/actors/service_account").await?;
    assert!(never.contains("No transaction of any service account is recorded"), "{never}");
    // For the operator, a hidden change has never happened.
    let within = mounted(&pool, Access::AllowWithin(Scope::tables(["secrets"])));
    let (_, hidden) = get(&within, "/audit/actors/admin/root").await?;
    assert!(hidden.contains("No transaction of admin:root is recorded"), "{hidden}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn unknown_actor_or_window_returns_400_with_the_reason(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for (address, message) in [
        (
            "/audit/actors/robot/1",
            "Unknown actor type \"robot\": use user, admin, service_account, job, system or anonymous.",
        ),
        ("/audit/actors/Robots", "Unknown actor type \"Robots\""),
        (
            "/audit/actors/user/%00",
            "An actor of type user whose id is \"\\u{0}\": use at most 256 bytes without control characters",
        ),
        ("/audit/actors/user/%FF", "Unknown actor type"),
        ("/audit/actors/anonymous/7", "An anonymous actor has no id."),
        ("/audit/actors/user/7?window=2h", "window is \"2h\": expected 1h, 24h, 7d or 30d."),
        (
            "/audit/actors/user/7?table=tickets",
            "table is \"tickets\": expected one of the keys window, older and newer.",
        ),
        ("/audit/actors/user/7?older=x", "older is \"x\""),
        ("/audit/actors/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "&lt;script&gt;"),
    ] {
        let (status, body) = get(&app, address).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{address}");
        assert!(body.replace("&quot;", "\"").contains(message), "{address}: {body}");
        assert!(!body.contains("<script>alert") && body.contains("Go to the overview"), "{address}: {body}");
    }
    let (status, body) = get(&app, "/audit/actors/anonymous").await?;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("No transaction of anonymous is recorded"), "{body}");
    Ok(())
}

/// Without time to search, a query reads one window of the trail: less than the age of the transaction.
#[sqlx::test(migrations = false)]
async fn stopped_search_for_an_actor_does_not_claim_that_nothing_is_recorded(pool: PgPool) -> Result {
    seeded(&pool).await?;
    act(&pool, ActorRef::new(ActorKind::Admin, "root")?, "ticket.opened", "INSERT INTO tickets VALUES (1)")
        .await?;
    age(&pool, "100 days").await?;
    let trail = AuditTrail::new(pool.clone()).search_time(Duration::ZERO);
    let tickets = Access::AllowWithin(Scope::tables(["tickets"]));
    let app = Router::new().nest("/audit", console_of(trail, tickets).into_router());
    let (_, stopped) = get(&app, "/audit/actors/admin/root?window=30d").await?;
    assert!(stopped.contains("Nothing in the last 30 days"), "{stopped}");
    assert!(!stopped.contains("is recorded"), "{stopped}");
    Ok(())
}
