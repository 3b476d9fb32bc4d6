//! The audit trail of an edit, and of closing many tickets.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Browser, desk};

/// Reason, changed fields, old and new values of the newest change.
async fn newest(pool: &PgPool) -> (Option<String>, Vec<String>, Value, Value) {
    sqlx::query_as(
        "SELECT a.reason, c.changed_fields, c.changed_from, c.data_after
         FROM threadline.audit_changes c JOIN threadline.audit_transactions t ON t.id = c.transaction_id
         JOIN threadline.audit_actions a ON a.id = t.action_id ORDER BY c.captured_at DESC, c.id DESC LIMIT 1",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrations = false)]
async fn only_what_was_edited_is_recorded_with_the_reason(pool: PgPool) {
    let desk = desk(&pool).await;
    let support = Browser::logged_in(&desk, "support").await;
    let ticket = support.opens_a_ticket().await;
    let edit = format!("{ticket}/edit");

    let saved = support
        .post(&edit, "subject=Printers&body=Jam&tags=office,+paper,office&sla_minutes=240&reason=+Both+jam")
        .await;
    assert_eq!((saved.status, saved.location.as_str()), (StatusCode::SEE_OTHER, ticket.as_str()));
    let (reason, fields, before, after) = newest(&pool).await;
    assert_eq!(reason.as_deref(), Some("Both jam"));
    assert_eq!(fields, ["details", "subject"]);
    assert_eq!(before, json!({ "subject": "Printer", "details": {} }));
    assert_eq!(after["details"], json!({ "tags": ["office", "paper"], "sla_minutes": 240 }));

    let page = support.get(&edit).await.page;
    for value in ["\"Printers\"", ">\nJam<", "\"office, paper\"", "\"240\""] {
        assert!(page.contains(value), "{value}: {page}");
    }
    assert!(!page.contains("Both jam"), "the reason was for that one edit: {page}");
    assert!(support.get(&ticket).await.page.contains("within 240 minutes"));

    assert_eq!(support.post(&edit, "subject=Printers&body=Jam").await.status, StatusCode::SEE_OTHER);
    let (reason, fields, _, after) = newest(&pool).await;
    assert_eq!((reason, fields.as_slice()), (None, ["details".to_owned()].as_slice()));
    assert_eq!(after["details"], json!({}));
}

#[sqlx::test(migrations = false)]
async fn all_open_tickets_of_a_customer_close_in_one_transaction(pool: PgPool) {
    let desk = desk(&pool).await;
    let support = Browser::logged_in(&desk, "support").await;
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(support.opens_a_ticket().await);
    }
    let other = Browser::logged_in(&desk, "customer").await.opens_a_ticket().await;
    support.post(&format!("{}/close", tickets[0]), "").await;

    let close_all = format!("{}/close-all", tickets[3]);
    let closed = support.post(&close_all, "reason=Moved+out").await;
    assert_eq!((closed.status, closed.location.as_str()), (StatusCode::SEE_OTHER, tickets[3].as_str()));
    let (changes, reason): (i64, String) = sqlx::query_as(
        "SELECT count(*), min(a.reason)
         FROM threadline.audit_changes c JOIN threadline.audit_transactions t ON t.id = c.transaction_id
         JOIN threadline.audit_actions a ON a.id = t.action_id
         WHERE a.name = 'customer.tickets_closed' AND c.changed_fields = '{status}'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!((changes, reason.as_str()), (3, "Moved out"));
    assert!(support.get(&other).await.page.contains("Close the ticket"), "of another customer");

    let again = support.post(&close_all, "reason=Moved+out").await;
    assert!(again.location.ends_with("?unchanged"), "{}", again.location);
}
