//! Every page as an outline of what a reader sees, compared with snapshots. The other tests check what a page has to contain;
//! these show what else is there, and how it is worded.

use insta::assert_snapshot;
use sqlx::PgPool;
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use threadline_server::Access;
use threadline_testkit::html::{outline, part};
use threadline_testkit::snapshot;

use crate::support::{Result, checked, get, mounted};

/// Captures two tables of a help desk, and writes three transactions. Returns the id of the second.
async fn seeded(pool: &PgPool) -> Result<String> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, priority text);
         CREATE TABLE comments (id bigint PRIMARY KEY, ticket_id bigint, body text)",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "comments"]).await?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (1, 'The printer is on fire', 'low')").execute(pool).await?;
    let ann = AuditContext::new(ActorRef::new(ActorKind::User, "ann")?).with_correlation_id("case-1")?;
    let escalation = Action::named("ticket.escalated").reason("The customer called twice.");
    let mut tx = trail.write(&ann).action(escalation).begin().await?;
    sqlx::raw_sql(
        "UPDATE tickets SET priority = 'urgent' WHERE id = 1;
         INSERT INTO comments VALUES (7, 1, 'Please hurry.')",
    )
    .execute(&mut *tx)
    .await?;
    let transaction = tx.commit().await?.transaction_id;
    let bob = AuditContext::new(ActorRef::new(ActorKind::Admin, "bob")?);
    let mut tx = trail.write(&bob).action("ticket.deleted").begin().await?;
    sqlx::raw_sql("DELETE FROM tickets WHERE id = 1").execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(transaction.to_string())
}

#[sqlx::test(migrations = false)]
async fn outline_of_every_page_equals_its_snapshot(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    let app = checked(mounted(&pool, Access::Allow)).await?;
    for (name, address) in [
        ("home", String::new()),
        ("timeline", "/timeline?from=2026-01-01T00:00".to_owned()),
        ("timeline_nothing_found", "/timeline?from=2026-01-01T00:00&action=ticket.opened".to_owned()),
        ("timeline_mistake", "/timeline?from=soon".to_owned()),
        ("row", "/rows/tickets/id%3D1".to_owned()),
        ("row_as_of", "/rows/tickets/id%3D1?as_of=2100-01-01T00:00:00".to_owned()),
        ("row_unknown", "/rows/tickets/id%3D5".to_owned()),
        ("transaction", format!("/transactions/{transaction}")),
        ("transaction_unknown", "/transactions/00000000-0000-0000-0000-000000000000".to_owned()),
        ("actors", "/actors".to_owned()),
        ("actor", "/actors/user/ann".to_owned()),
        ("actor_unknown", "/actors/user/nobody".to_owned()),
        ("coverage", "/coverage".to_owned()),
        ("redaction", "/policy/redaction".to_owned()),
        ("help", "/help".to_owned()),
        ("not_found", "/nowhere".to_owned()),
    ] {
        let (status, body) = get(&app, &format!("/audit{address}")).await?;
        let page = format!(
            "GET /audit{address}\n{status}\n\n{}",
            outline(part(&body, "tabindex=\"-1\">", "</main>"))
        );
        snapshot::settings(&pool).bind(|| assert_snapshot!(name, page));
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn outline_of_refused_pages_equals_their_snapshots(pool: PgPool) -> Result {
    seeded(&pool).await?;
    for (name, access, address) in [
        ("denied", Access::Deny, "/audit"),
        ("scoped_home", Access::AllowWithin(Scope::tables(["comments"])), "/audit"),
        ("scoped_row", Access::AllowWithin(Scope::tables(["comments"])), "/audit/rows/tickets/id%3D1"),
    ] {
        let (status, body) = get(&mounted(&pool, access), address).await?;
        let page =
            format!("GET {address}\n{status}\n\n{}", outline(part(&body, "tabindex=\"-1\">", "</main>")));
        snapshot::settings(&pool).bind(|| assert_snapshot!(name, page));
    }
    Ok(())
}
