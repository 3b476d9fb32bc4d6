//! The requests of the host itself: a page, audited writes, and one that occupies its pool.

use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use futures_util::future::join_all;
use sqlx::{PgPool, Row};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, TransactionError};

use super::CONNECTIONS;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS host_tickets (id bigint PRIMARY KEY, subject text NOT NULL, status text NOT NULL);
    CREATE TABLE IF NOT EXISTS host_replies (id bigint PRIMARY KEY, ticket_id bigint NOT NULL, body text NOT NULL);
    CREATE INDEX IF NOT EXISTS host_replies_ticket_idx ON host_replies (ticket_id);
    INSERT INTO host_tickets SELECT -n, 'Ticket ' || n, 'open' FROM generate_series(1, 1000) AS n ON CONFLICT DO NOTHING;
    INSERT INTO host_replies SELECT -n, -1 - n % 1000, 'Reply ' || n FROM generate_series(1, 5000) AS n ON CONFLICT DO NOTHING";

#[derive(Debug, Clone)]
struct Tickets {
    trail: AuditTrail,
    pool: PgPool,
}

/// Creates the tables of the host with a thousand tickets, whose numbers are negative.
pub(crate) async fn prepare(pool: &PgPool) -> Result<()> {
    sqlx::raw_sql(TABLES).execute(pool).await?;
    Ok(())
}

pub(super) fn router(trail: AuditTrail, pool: PgPool) -> Router {
    Router::new()
        .route("/tickets/{id}", get(show).post(write))
        .route("/hold/{milliseconds}", post(hold))
        .with_state(Tickets { trail, pool })
}

/// Shows a ticket with its replies, in three queries as the help desk does.
async fn show(State(host): State<Tickets>, Path(id): Path<i64>) -> Result<String, StatusCode> {
    page(&host.pool, id).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

async fn page(pool: &PgPool, id: i64) -> Result<String, sqlx::Error> {
    let ticket = sqlx::query("SELECT subject, status FROM host_tickets WHERE id = $1");
    let ticket = ticket.bind(id).fetch_one(pool).await?;
    let mut text = format!("{} is {}", ticket.try_get::<&str, _>(0)?, ticket.try_get::<&str, _>(1)?);
    let replies = sqlx::query("SELECT body FROM host_replies WHERE ticket_id = $1 ORDER BY id LIMIT 100");
    for reply in replies.bind(id).fetch_all(pool).await? {
        text += "\n";
        text += reply.try_get::<&str, _>(0)?;
    }
    let related = sqlx::query_scalar("SELECT count(*) FROM host_tickets WHERE id BETWEEN $1 AND $1 + 20");
    let related: i64 = related.bind(id).fetch_one(pool).await?;
    Ok(format!("{text}\n{related} related tickets"))
}

/// Writes a ticket in an audited transaction with three changes. The status tells the outcome: 200 that it was committed, 503 that
/// it was not, and 500 that the connection ended before the answer to COMMIT.
async fn write(State(host): State<Tickets>, Path(id): Path<i64>) -> (StatusCode, String) {
    match write_ticket(&host.trail, id).await {
        Ok(()) => (StatusCode::OK, String::new()),
        Err(Failure::Refused(error)) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        Err(Failure::Unknown(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

enum Failure {
    /// The transaction was rolled back, or never began.
    Refused(TransactionError),
    /// COMMIT failed without a reason that lies in the transaction.
    Unknown(TransactionError),
}

async fn write_ticket(trail: &AuditTrail, id: i64) -> Result<(), Failure> {
    let refused = |error| Failure::Refused(TransactionError::Database(error));
    let actor = ActorRef::new(ActorKind::User, format!("user-{}", id % 50)).ok();
    let context = actor.map_or_else(AuditContext::without_actor, AuditContext::new);
    let write = trail.write(&context).action("ticket.handled");
    let mut transaction = write.begin().await.map_err(Failure::Refused)?;
    sqlx::query("INSERT INTO host_tickets VALUES ($1, 'Ticket ' || $1, 'open')")
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(refused)?;
    sqlx::query("INSERT INTO host_replies VALUES ($1, $1, 'Reply ' || $1)")
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(refused)?;
    sqlx::query("UPDATE host_tickets SET status = 'closed' WHERE id = $1")
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(refused)?;
    transaction.commit().await.map(drop).map_err(Failure::Unknown)
}

/// Occupies all connections of the host's pool that become free for a while.
async fn hold(State(host): State<Tickets>, Path(milliseconds): Path<u64>) -> String {
    let held = join_all((0..CONNECTIONS).map(|_| host.pool.acquire())).await;
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    format!("{} connections", held.iter().filter(|connection| connection.is_ok()).count())
}
