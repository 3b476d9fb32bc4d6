//! Audited writes: actor, action and ids arrive with the changes, or nothing arrives.

mod actions;
mod endings;
mod errors;
mod events;
mod forms;
mod rights;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail};
use threadline_testkit::database::{Result, run, value};

/// A trail and a captured table.
async fn tickets(pool: &PgPool) -> Result<AuditTrail> {
    let trail = threadline_testkit::database::install(pool).await?;
    run(pool, "CREATE TABLE tickets (id bigint PRIMARY KEY, priority text)").await?;
    trail.capture(["tickets"]).await?;
    Ok(trail)
}

fn user(id: &str) -> Result<AuditContext> {
    Ok(AuditContext::new(ActorRef::new(ActorKind::User, id)?))
}

/// The same database through a pool of one connection, so that the next user of a connection is its last one's successor.
async fn single(pool: &PgPool) -> Result<PgPool> {
    Ok(PgPoolOptions::new().max_connections(1).connect_with((*pool.connect_options()).clone()).await?)
}

/// What the trail holds of the tickets, a line each: key, operation, actor, whom it stood in for, action.
async fn recorded(pool: &PgPool) -> Result<Vec<String>> {
    let lines: Option<Vec<String>> = value(
        pool,
        "SELECT array_agg(concat_ws(' ', c.table_pk ->> 'id', c.op, coalesce(t.actor_ref ->> 'id', '-'),
                                    'for ' || (t.actor_ref #>> '{on_behalf_of,id}'), a.name)
                          ORDER BY c.captured_at, c.id)
         FROM threadline.audit_changes AS c
         JOIN threadline.audit_transactions AS t ON t.id = c.transaction_id AND t.occurred_at = c.occurred_at
         LEFT JOIN threadline.audit_actions AS a ON a.id = t.action_id",
    )
    .await?;
    Ok(lines.unwrap_or_default())
}

/// How many actions there are.
async fn actions(pool: &PgPool) -> Result<i64> {
    value(pool, "SELECT count(*) FROM threadline.audit_actions").await
}
