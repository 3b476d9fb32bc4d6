//! Pages are complete when their HTML has arrived: scripts add to them, and are not needed to read them.

use crate::support::{Result, get, mounted};
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail};
use threadline_server::Access;
use threadline_testkit::html::visible_text;

const TRANSACTIONS: i64 = 10;
const CHANGES: i64 = 5;

/// Seeds what a reader looks for: actors, reasons and values, with links to related pages.
async fn seeded(pool: &PgPool) -> Result<(Vec<String>, Vec<String>)> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY, subject text)").execute(pool).await?;
    trail.capture(["tickets"]).await?;
    let (mut shown, mut links) = (vec!["tickets".to_owned(), "subject".to_owned()], Vec::new());
    for number in 0..TRANSACTIONS {
        let context = AuditContext::new(ActorRef::new(ActorKind::User, format!("agent-{number}"))?)
            .with_correlation_id(format!("case-{number}"))?;
        let action = format!("ticket.opened_{number}");
        let mut tx = AuditTrail::new(pool.clone()).write(&context).action(action.as_str()).begin().await?;
        for change in 0..CHANGES {
            let id = 7_000 + number * CHANGES + change;
            let subject = format!("Printer {id} on fire");
            sqlx::query("INSERT INTO tickets VALUES ($1, $2)")
                .bind(id)
                .bind(&subject)
                .execute(&mut *tx)
                .await?;
            shown.push(subject);
            links.push(format!("/audit/rows/tickets/id%3D{id}"));
        }
        links.push(format!("/audit/transactions/{}", tx.commit().await?.transaction_id));
        shown.extend([format!("user:agent-{number}"), action, format!("case-{number}")]);
    }
    Ok((shown, links))
}

#[sqlx::test(migrations = false)]
async fn timeline_page_is_readable_without_script(pool: PgPool) -> Result {
    let (shown, links) = seeded(&pool).await?;
    let (_, html) = get(&mounted(&pool, Access::Allow), "/audit/timeline?from=2026-01-01T00:00").await?;
    let text = visible_text(&html);
    for expected in shown {
        assert!(text.contains(&expected), "{expected} is missing in: {text}");
    }
    for link in links {
        assert!(html.contains(&format!("href=\"{link}\"")), "{link} cannot be followed in: {html}");
    }
    let times = html.matches("datetime=\"20").count();
    assert!(times >= usize::try_from(TRANSACTIONS)?, "a time for each transaction, not {times}");
    // An inline or classic script would run before the rest of the page is parsed.
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap_or_default();
        assert!(tag.contains("type=\"module\"") && tag.contains("src=\""), "<script{tag}>");
    }
    Ok(())
}
