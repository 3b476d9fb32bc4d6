//! What can be done with a ticket.
//!
//! Pages, simulated agents and the seed all come through here: every write is one audited transaction that carries its
//! actor (the context) and its name (the action).

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{FromRow, PgPool, Postgres};
use threadline::{Action, AuditContext, AuditedWrite};

use crate::error::{Error, Problem, Result};
use crate::jobs::{self, AssignTicket};

pub(crate) const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];
pub(crate) const LONGEST_NAME: usize = 60;
pub(crate) const LONGEST_SUBJECT: usize = 200;
pub(crate) const LONGEST_TEXT: usize = 10_000;

#[derive(Debug, FromRow)]
pub(crate) struct Ticket {
    pub(crate) id: i64,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) priority: String,
    pub(crate) status: String,
    pub(crate) assignee: Option<String>,
    pub(crate) customer: String,
    pub(crate) created_at: DateTime<Utc>,
}

impl Ticket {
    /// Whether it is open, and nobody has taken it.
    pub(crate) fn waits(&self) -> bool {
        self.assignee.is_none() && self.status == "open"
    }
}

#[derive(Debug, FromRow)]
pub(crate) struct Reply {
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// A ticket as somebody typed it. A field that the form left out counts as blank.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    pub(crate) customer: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) priority: String,
}

/// Opens a ticket, and leaves it to a job to find somebody for it: in one transaction, so neither is there without the other.
pub(crate) async fn open(pool: &PgPool, context: &AuditContext, draft: &Draft) -> Result<i64> {
    let customer = text("Customer", &draft.customer, LONGEST_NAME)?;
    let subject = text("Subject", &draft.subject, LONGEST_SUBJECT)?;
    let body = text("Description", &draft.body, LONGEST_TEXT)?;
    let priority = known_priority(&draft.priority)?;

    let mut tx = AuditedWrite::new(context).action("ticket.opened").begin(pool).await?;
    let id = sqlx::query_scalar(
        "INSERT INTO tickets (customer, subject, body, priority) VALUES ($1, $2, $3, $4) RETURNING id",
    )
    .bind(customer)
    .bind(subject)
    .bind(body)
    .bind(priority)
    .fetch_one(&mut *tx)
    .await?;
    jobs::add(&mut tx, &AssignTicket { ticket: id, asked: context.clone() }).await?;
    tx.commit().await?;
    Ok(id)
}

/// Gives the ticket to a member of staff, or to nobody when `assignee` is blank.
pub(crate) async fn assign(pool: &PgPool, context: &AuditContext, id: i64, assignee: &str) -> Result<()> {
    if !assignee.is_empty() && !staff(pool).await?.iter().any(|name| name == assignee) {
        return Err(invalid("Assignee", "Assignee must be an account of the staff, or nobody."));
    }
    let update = sqlx::query("UPDATE tickets SET assignee = nullif($2, '') WHERE id = $1");
    write(pool, context, "ticket.assigned", update.bind(id).bind(assignee)).await
}

/// Gives an open ticket that nobody has to whoever of the staff has the fewest open ones.
pub(crate) async fn assign_to_least_busy(pool: &PgPool, context: &AuditContext, id: i64) -> Result<()> {
    let update = sqlx::query(
        "UPDATE tickets SET assignee = (
             SELECT a.name FROM accounts a LEFT JOIN tickets t ON t.assignee = a.name AND t.status = 'open'
             WHERE a.role <> 'customer' GROUP BY a.name ORDER BY count(t.id), a.name LIMIT 1)
         WHERE id = $1 AND assignee IS NULL AND status = 'open'",
    );
    let action = Action::named("ticket.assigned").with_reason("Had the fewest open tickets.");
    write(pool, context, action, update.bind(id)).await
}

pub(crate) async fn reply(
    pool: &PgPool,
    context: &AuditContext,
    id: i64,
    author: &str,
    body: &str,
) -> Result<()> {
    let body = text("Reply", body, LONGEST_TEXT)?;
    // Selected from the ticket: when that is deleted meanwhile, nothing is written, which the caller can say.
    let insert = sqlx::query(
        "INSERT INTO ticket_replies (ticket_id, author, body) SELECT id, $2, $3 FROM tickets WHERE id = $1",
    );
    write(pool, context, "ticket.replied", insert.bind(id).bind(author).bind(body)).await
}

pub(crate) async fn change_priority(
    pool: &PgPool,
    context: &AuditContext,
    id: i64,
    priority: &str,
) -> Result<()> {
    let priority = known_priority(priority)?;
    let update = sqlx::query("UPDATE tickets SET priority = $2 WHERE id = $1");
    write(pool, context, "ticket.priority_changed", update.bind(id).bind(priority)).await
}

pub(crate) async fn close(pool: &PgPool, context: &AuditContext, id: i64) -> Result<()> {
    let update = sqlx::query("UPDATE tickets SET status = 'closed' WHERE id = $1");
    write(pool, context, "ticket.closed", update.bind(id)).await
}

pub(crate) async fn delete(pool: &PgPool, context: &AuditContext, id: i64) -> Result<()> {
    let delete = sqlx::query("DELETE FROM tickets WHERE id = $1");
    write(pool, context, "ticket.deleted", delete.bind(id)).await
}

/// Runs one statement as one audited transaction.
async fn write(
    pool: &PgPool,
    context: &AuditContext,
    action: impl Into<Action>,
    statement: Query<'_, Postgres, PgArguments>,
) -> Result<()> {
    let mut tx = AuditedWrite::new(context).action(action).begin(pool).await?;
    statement.execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Open tickets first, then the newest; of one customer or of all.
pub(crate) async fn list(pool: &PgPool, customer: Option<&str>) -> Result<Vec<Ticket>> {
    let select = "SELECT * FROM tickets WHERE $1::text IS NULL OR customer = $1
                  ORDER BY status = 'closed', id DESC LIMIT 100";
    Ok(sqlx::query_as(select).bind(customer).fetch_all(pool).await?)
}

pub(crate) async fn find(pool: &PgPool, id: i64) -> Result<Option<Ticket>> {
    Ok(sqlx::query_as("SELECT * FROM tickets WHERE id = $1").bind(id).fetch_optional(pool).await?)
}

pub(crate) async fn replies(pool: &PgPool, id: i64) -> Result<Vec<Reply>> {
    let select =
        "SELECT author, body, created_at FROM ticket_replies WHERE ticket_id = $1 ORDER BY id LIMIT 200";
    Ok(sqlx::query_as(select).bind(id).fetch_all(pool).await?)
}

/// The accounts that a ticket can be assigned to.
pub(crate) async fn staff(pool: &PgPool) -> Result<Vec<String>> {
    let select = "SELECT name FROM accounts WHERE role <> 'customer' ORDER BY name";
    Ok(sqlx::query_scalar(select).fetch_all(pool).await?)
}

/// A text field: not blank, not too long, with plain line ends, and without the one character PostgreSQL refuses.
fn text(field: &'static str, value: &str, longest: usize) -> Result<String> {
    let value = value.trim().replace("\r\n", "\n");
    if value.is_empty() {
        Err(invalid(field, format!("{field} must not be blank.")))
    } else if value.chars().count() > longest {
        Err(invalid(field, format!("{field} must not be longer than {longest} characters.")))
    } else if value.contains('\0') {
        Err(invalid(field, format!("{field} must not contain the null character.")))
    } else {
        Ok(value)
    }
}

fn known_priority(value: &str) -> Result<&str> {
    if PRIORITIES.contains(&value) {
        Ok(value)
    } else {
        Err(invalid("Priority", format!("Priority must be one of {}.", PRIORITIES.join(", "))))
    }
}

fn invalid(field: &'static str, sentence: impl Into<String>) -> Error {
    Error::Invalid(Problem { field, sentence: sentence.into() })
}
