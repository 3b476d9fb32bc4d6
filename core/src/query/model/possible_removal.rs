//! A possible reason why a row is gone, other than a change of its own.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::change::Change;
use crate::TableName;

/// An event that may have removed a row, but that no trigger recorded completely. Displayed, it is a sentence without a full
/// stop.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PossibleRemoval {
    /// A partition was emptied, and it is not known whether the row was in it.
    PartitionTruncated {
        /// The partition, with its schema.
        partition: String,
        /// The transaction that emptied it.
        transaction_id: Uuid,
        /// The time.
        at: DateTime<Utc>,
    },
    /// Two rows had the key within a transaction, which deleted one of them, and the deleted row was not stored. It may have
    /// been this one.
    OtherRow {
        /// The transaction.
        transaction_id: Uuid,
    },
    /// A partition was detached or dropped, and it is not known whether the row was in it.
    PartitionGone {
        /// The partition.
        partition: TableName,
        /// The time at which it was last seen.
        last_seen: DateTime<Utc>,
    },
    /// The table has other key columns since, such as a renamed one, and changes are recorded under those.
    KeyColumnsReplaced {
        /// The key columns now.
        columns: Vec<String>,
        /// The time at which that was first seen.
        known_at: DateTime<Utc>,
    },
    /// The table was dropped.
    TableGone {
        /// The table.
        table: TableName,
        /// The time at which it was last seen; not known for a table that this library did not capture.
        last_seen: Option<DateTime<Utc>>,
    },
    /// The table has another name or schema now, and changes are recorded under that one.
    TableRenamed {
        /// The current name.
        to: TableName,
        /// The time at which it was last seen under the earlier name.
        last_seen: DateTime<Utc>,
    },
}

impl PossibleRemoval {
    /// Creates the cause from the TRUNCATE of a partition.
    pub(in crate::query) fn of_truncate(change: &Change) -> Self {
        Self::PartitionTruncated {
            partition: change.partition.clone().unwrap_or_default(),
            transaction_id: change.transaction_id,
            at: change.captured_at,
        }
    }
}

impl fmt::Display for PossibleRemoval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |at: &DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S UTC");
        match self {
            Self::PartitionTruncated { partition, at, .. } => {
                write!(f, "the partition {partition} was truncated at {}", time(at))
            }
            Self::OtherRow { transaction_id } => {
                write!(
                    f,
                    "the transaction {transaction_id} deleted this record or another one that had the same key"
                )
            }
            Self::PartitionGone { partition, last_seen } => {
                write!(f, "the partition {partition} was detached or dropped after {}", time(last_seen))
            }
            Self::KeyColumnsReplaced { columns, known_at } => {
                let columns = columns.join(", ");
                write!(f, "records of the table have the key ({columns}) since {} or earlier", time(known_at))
            }
            Self::TableGone { table, last_seen: Some(last_seen) } => {
                write!(f, "the table {table} was dropped after {}", time(last_seen))
            }
            Self::TableGone { table, last_seen: None } => {
                write!(f, "there is no table {table} any more: it was dropped, renamed or moved")
            }
            Self::TableRenamed { to, last_seen } => {
                write!(f, "the table is called {to} since some time after {}", time(last_seen))
            }
        }
    }
}
