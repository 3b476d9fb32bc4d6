//! Tests actions without a transaction, and actions of several transactions.

use sqlx::PgPool;
use threadline::query::Position;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope, TransactionError};

use crate::transaction::{actions, recorded, tickets, user};
use threadline_testkit::database::{Result, run, value};

#[sqlx::test(migrations = false)]
async fn action_without_write_belongs_to_no_transaction(pool: PgPool) -> Result {
    let trail = tickets(&pool).await?;
    let context = user("42")?.with_correlation_id("case-7")?;
    let id = trail.record_action(&context, "tickets.exported").await?;
    let found: (uuid::Uuid, String, String) = sqlx::query_as(
        "SELECT id, actor_ref ->> 'id', correlation_id FROM threadline.audit_actions WHERE name = 'tickets.exported'",
    )
    .fetch_one(&pool)
    .await?;
    assert_eq!(found, (id, "42".to_owned(), "case-7".to_owned()));
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM threadline.audit_transactions").await?, 0);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn several_transactions_are_linked_to_one_action(pool: PgPool) -> Result {
    let trail = tickets(&pool).await?;
    let context = user("42")?;
    let mut action = None;
    for id in 1..=3 {
        let write = AuditTrail::new(pool.clone()).write(&context);
        let write = match action {
            None => write.action("tickets.imported"),
            Some(action) => write.under_action(action),
        };
        let mut tx = write.begin().await?;
        run(&mut *tx, &format!("INSERT INTO tickets VALUES ({id})")).await?;
        let written = tx.commit().await?;
        assert!(action.is_none() || written.action_id == action);
        action = written.action_id;
    }
    let alone = trail.record_action(&context, "tickets.merged").await?;
    let mut tx = AuditTrail::new(pool.clone()).write(&context).under_action(alone).begin().await?;
    run(&mut *tx, "DELETE FROM tickets WHERE id < 3").await?;
    tx.commit().await?;

    let imported = |id| format!("{id} insert 42 tickets.imported");
    let mut expected: Vec<String> = (1..=3).map(imported).collect();
    expected.extend(["1 delete 42 tickets.merged".to_owned(), "2 delete 42 tickets.merged".to_owned()]);
    assert_eq!(recorded(&pool).await?, expected);
    assert_eq!(actions(&pool).await?, 2);
    Ok(())
}

/// Simulates two services that share only an id, because the second one gets the context in a message.
#[sqlx::test(migrations = false)]
async fn correlation_id_connects_services_and_jobs(pool: PgPool) -> Result {
    let trail = tickets(&pool).await?;
    let customer = user("42")?.with_request_id("req-1")?.with_correlation_id("case-7")?;
    let opened = AuditTrail::new(pool.clone()).write(&customer).action("ticket.opened").run(async |tx| {
        sqlx::query("INSERT INTO tickets VALUES (1)").execute(&mut *tx).await?;
        Ok::<_, TransactionError>(())
    });
    opened.await?;

    let message = serde_json::to_string(&customer)?;
    let job = serde_json::from_str::<AuditContext>(&message)?
        .delegated_to(ActorRef::new(ActorKind::Job, "triage")?)
        .with_job_id("9")?;
    let mut tx = AuditTrail::new(pool.clone()).write(&job).action("ticket.assigned").begin().await?;
    run(&mut *tx, "UPDATE tickets SET priority = 'high'").await?;
    let assigned = tx.commit().await?.transaction_id;

    assert_eq!(
        recorded(&pool).await?,
        ["1 insert 42 ticket.opened", "1 update triage for 42 ticket.assigned"]
    );
    let together = "SELECT count(*) FROM threadline.audit_actions WHERE correlation_id = 'case-7'";
    assert_eq!(value::<i64>(&pool, together).await?, 2);
    let detail =
        trail.transaction(&Scope::unscoped(), assigned, Position::Newest, 1).await?.ok_or("not found")?;
    assert_eq!(detail.transaction.on_behalf_of.as_ref(), customer.actor());
    assert_eq!(detail.transaction.action.and_then(|action| action.job_id).as_deref(), Some("9"));
    Ok(())
}
