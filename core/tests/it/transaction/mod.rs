//! Tests audited writes: actor, action and ids are recorded with the changes, or nothing is recorded.

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

/// Installs a trail that captures the table `tickets`.
async fn tickets(pool: &PgPool) -> Result<AuditTrail> {
    let trail = threadline_testkit::database::install(pool).await?;
    run(pool, "CREATE TABLE tickets (id bigint PRIMARY KEY, priority text)").await?;
    trail.capture(["tickets"]).await?;
    Ok(trail)
}

fn user(id: &str) -> Result<AuditContext> {
    Ok(AuditContext::new(ActorRef::new(ActorKind::User, id)?))
}

/// Returns a pool of one connection to the same database, so that each user gets the connection of the previous one.
async fn single_connection_pool(pool: &PgPool) -> Result<PgPool> {
    Ok(PgPoolOptions::new().max_connections(1).connect_with((*pool.connect_options()).clone()).await?)
}

/// Returns the recorded changes of the tickets, one line each: key, operation, actor, on whose behalf it acted, and action.
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

/// Returns the number of actions.
async fn actions(pool: &PgPool) -> Result<i64> {
    value(pool, "SELECT count(*) FROM threadline.audit_actions").await
}
