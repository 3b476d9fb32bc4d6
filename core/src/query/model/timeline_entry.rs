//! A change together with its transaction.

use super::change::Change;
use super::transaction_record::TransactionRecord;

/// A change together with its transaction, which holds its actor and its action.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TimelineEntry {
    /// The change.
    pub change: Change,
    /// The transaction that made it.
    pub transaction: TransactionRecord,
}
