//! The seed of the first start has an example of every kind of record.

use sqlx::PgPool;

use crate::{config, prepare, seed};

#[sqlx::test(migrations = false)]
async fn the_trail_of_the_first_start_has_every_kind_of_change(pool: PgPool) {
    prepare(&pool, &config().unwrap()).await.unwrap();
    seed::when_empty(&pool).await.unwrap();
    for (what, count) in [
        ("a word in a subject", "changes WHERE op = 'update' AND changed_fields = '{subject}'"),
        ("lines of a text", "changes WHERE changed_from->>'body' LIKE E'%\\n%' AND op = 'update'"),
        ("a tag added to others", "changes WHERE op = 'update' AND changed_from->'details' ? 'tags'"),
        ("a deleted ticket", "changes WHERE op = 'delete' AND table_name = 'tickets'"),
        ("its deleted reply", "changes WHERE op = 'delete' AND table_name = 'ticket_replies'"),
        ("a reason", "actions WHERE name = 'ticket.edited' AND reason IS NOT NULL"),
        ("no reason", "actions WHERE name = 'ticket.edited' AND reason IS NULL"),
    ] {
        let select = format!("SELECT count(*) > 0 FROM threadline.audit_{count}");
        let found: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_one(&pool).await.unwrap();
        assert!(found, "{what}");
    }

    let versions: i64 = sqlx::query_scalar(
        "SELECT max(count(*)) OVER () FROM threadline.audit_changes
         WHERE table_name = 'tickets' GROUP BY table_pk LIMIT 1",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(versions >= 5, "{versions}");

    let (changes, shared): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM threadline.audit_changes WHERE transaction_id = t.id),
                (SELECT count(*) FROM threadline.audit_actions WHERE correlation_id = a.correlation_id)
         FROM threadline.audit_transactions t JOIN threadline.audit_actions a ON a.id = t.action_id
         WHERE a.name = 'customer.tickets_closed' AND a.reason IS NOT NULL",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!((changes, shared), (12, 2));
}
