//! Every write leaves one audit transaction that says who and why.

use axum::http::StatusCode;
use sqlx::PgPool;

use super::{Browser, desk};

/// Returns the newest audit transaction: its action, its actor, and its changes as `op table`.
async fn newest(pool: &PgPool) -> (String, String, Vec<String>) {
    sqlx::query_as(
        "SELECT a.name, concat_ws(':', t.actor_ref->>'type', t.actor_ref->>'id'),
                array(SELECT op || ' ' || table_name FROM threadline.audit_changes c
                      WHERE c.transaction_id = t.id ORDER BY table_name DESC, op)
         FROM threadline.audit_transactions t JOIN threadline.audit_actions a ON a.id = t.action_id
         WHERE a.actor_ref = t.actor_ref ORDER BY t.occurred_at DESC LIMIT 1",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

async fn transactions(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM threadline.audit_transactions").fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrations = false)]
async fn each_action_leaves_one_transaction(pool: PgPool) {
    let desk = desk(&pool).await;
    let admin = Browser::logged_in(&desk, "admin").await;
    let support = Browser::logged_in(&desk, "support").await;
    let customer = Browser::logged_in(&desk, "customer").await;
    let ticket = customer.opens_a_ticket().await;
    assert_eq!(newest(&pool).await, row("ticket.opened", "user:customer", &["insert tickets"]));

    let delete = ["delete tickets", "delete ticket_replies"];
    for (count, (browser, path, form, action, actor, changes)) in (2..).zip([
        (&support, "assign", "assignee=support", "ticket.assigned", "user:support", &["update tickets"][..]),
        (&customer, "reply", "body=Still", "ticket.replied", "user:customer", &["insert ticket_replies"]),
        (
            &support,
            "priority",
            "priority=urgent",
            "ticket.priority_changed",
            "user:support",
            &["update tickets"],
        ),
        (
            &support,
            "edit",
            "subject=Printers&body=Jam&tags=office",
            "ticket.edited",
            "user:support",
            &["update tickets"],
        ),
        (&customer, "close", "", "ticket.closed", "user:customer", &["update tickets"]),
        (&admin, "delete", "", "ticket.deleted", "admin:admin", &delete),
    ]) {
        let answer = browser.post(&format!("{ticket}/{path}"), form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.page);
        assert_eq!(newest(&pool).await, row(action, actor, changes));
        assert_eq!(transactions(&pool).await, count, "{path}");
    }
}

fn row(action: &str, actor: &str, changes: &[&str]) -> (String, String, Vec<String>) {
    (action.into(), actor.into(), changes.iter().copied().map(String::from).collect())
}

#[sqlx::test(migrations = false)]
async fn what_changes_nothing_is_said_and_not_recorded(pool: PgPool) {
    let desk = desk(&pool).await;
    let support = Browser::logged_in(&desk, "support").await;
    let ticket = support.opens_a_ticket().await;

    for (path, form) in [
        ("priority", "priority=normal"),
        ("assign", "assignee="),
        ("edit", "subject=Printer&body=+Jam%0D%0A&tags=+,&sla_minutes=+&reason=Proofread"),
    ] {
        let answer = support.post(&format!("{ticket}/{path}"), form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.page);
        let page = support.get(&answer.location).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.page.contains("Nothing changed."), "{path}: {}", page.page);
    }
    assert_eq!(transactions(&pool).await, 1, "only the opening");
}
