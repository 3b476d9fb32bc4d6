//! Tickets and replies as they are in the database.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};

use crate::error::Result;

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
    #[sqlx(json)]
    pub(crate) details: Details,
}

/// Details of a ticket, in one `jsonb` column. A missing detail has no key.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Details {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    /// The response time that the customer was promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sla_minutes: Option<u32>,
}

#[derive(Debug, FromRow)]
pub(crate) struct Reply {
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) created_at: DateTime<Utc>,
}

impl Ticket {
    /// Returns whether the ticket is open and nobody has taken it.
    pub(crate) fn waits(&self) -> bool {
        self.assignee.is_none() && self.status == "open"
    }
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
