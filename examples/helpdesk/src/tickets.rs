//! The operations on tickets.
//!
//! Pages, simulated agents and the seed all come through here: every write is one audited transaction that carries its
//! actor (the context) and its name (the action).

mod forms;
mod records;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Json;
use sqlx::{PgPool, Postgres};
use threadline::{Action, AuditContext};

pub(crate) use self::forms::{
    Draft, Edit, LONGEST_NAME, LONGEST_REASON, LONGEST_SUBJECT, LONGEST_TAGS, LONGEST_TEXT, MOST_MINUTES,
    PRIORITIES,
};
use self::forms::{invalid, known_priority, optional_text, text};
pub(crate) use self::records::{Reply, Ticket, find, list, replies, staff};
use crate::audit;
use crate::error::Result;
use crate::jobs::{self, AssignTicket};

/// Opens a ticket, and leaves it to a job to find somebody for it: in one transaction, so neither is there without the other.
pub(crate) async fn open(pool: &PgPool, context: &AuditContext, draft: &Draft) -> Result<i64> {
    let customer = text("Customer", &draft.customer, LONGEST_NAME)?;
    let subject = text("Subject", &draft.subject, LONGEST_SUBJECT)?;
    let body = text("Description", &draft.body, LONGEST_TEXT)?;
    let priority = known_priority(&draft.priority)?;

    let mut tx = audit::trail(pool).write(context).action("ticket.opened").begin().await?;
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
    let action = Action::named("ticket.assigned").reason("Had the fewest open tickets.");
    write(pool, context, action, update.bind(id)).await
}

/// Edits the texts and details of a ticket. The reason is for the trail only: the ticket does not keep it.
pub(crate) async fn edit(pool: &PgPool, context: &AuditContext, id: i64, edit: &Edit) -> Result<()> {
    let subject = text("Subject", &edit.subject, LONGEST_SUBJECT)?;
    let body = text("Description", &edit.body, LONGEST_TEXT)?;
    let details = edit.details()?;
    let mut action = Action::named("ticket.edited");
    if let Some(reason) = optional_text("Reason", &edit.reason, LONGEST_REASON)? {
        action = action.reason(reason);
    }
    // The trail tells which of the columns are different, and an edit that leaves all as they are is not recorded.
    let update = sqlx::query("UPDATE tickets SET subject = $2, body = $3, details = $4 WHERE id = $1");
    write(pool, context, action, update.bind(id).bind(subject).bind(body).bind(Json(details))).await
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

/// Closes all open tickets of a customer: many changes in one transaction, under one action and one reason.
pub(crate) async fn close_all_of(
    pool: &PgPool,
    context: &AuditContext,
    customer: &str,
    reason: &str,
) -> Result<()> {
    let action = Action::named("customer.tickets_closed").reason(text("Reason", reason, LONGEST_REASON)?);
    let update = sqlx::query("UPDATE tickets SET status = 'closed' WHERE customer = $1 AND status = 'open'");
    write(pool, context, action, update.bind(customer)).await
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
    let mut tx = audit::trail(pool).write(context).action(action).begin().await?;
    statement.execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
