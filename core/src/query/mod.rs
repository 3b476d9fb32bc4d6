//! Reading the trail: every query asks for a [`Scope`](crate::Scope) and answers in bounded pages.

mod change;
mod cursor;
mod diff;
mod filter;
mod page;
mod timeline;
mod transaction;

pub use change::{ActionRecord, Change, Operation, RowImage, RowKey, TransactionRecord};
pub use cursor::Cursor;
pub use diff::{FieldChange, FieldValue};
pub use filter::{Filter, FilterError, Position};
pub use page::Page;
pub use timeline::TimelineEntry;
pub use transaction::{TransactionDetail, transaction_id};

use std::time::Duration;

use sqlx::{AssertSqlSafe, Postgres, Transaction};

use crate::{AuditTrail, pool};

/// How long one reading transaction may keep the server busy with a single statement.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the trail could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The database refused, took longer than 5 seconds, or is away.
    #[error("the audit trail could not be read: {0}")]
    Database(#[from] sqlx::Error),
}

impl AuditTrail {
    /// A transaction that cannot write and cannot run for long.
    ///
    /// Its statements are not persistent: a named one may be missing, or belong to somebody else, behind a pooler in
    /// transaction mode; and each is planned for the values that it looks for.
    async fn read(&self) -> Result<Transaction<'static, Postgres>, QueryError> {
        let mut transaction = pool::begin(&self.pool, "BEGIN READ ONLY").await?;
        let limit = format!("SET LOCAL statement_timeout = {}", STATEMENT_TIMEOUT.as_millis());
        sqlx::raw_sql(AssertSqlSafe(limit)).execute(&mut *transaction).await?;
        Ok(transaction)
    }
}
