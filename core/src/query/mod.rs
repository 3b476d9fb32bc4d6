//! Reading the trail: every query asks for a [`Scope`](crate::Scope) and answers in bounded pages.

mod actor;
mod as_of;
mod bounded;
mod by_transaction;
mod change;
mod change_diff;
mod committed_since;
mod conditions;
mod cursor;
mod diff;
mod entries;
mod error;
mod filter;
mod history;
mod incident;
mod key_columns;
mod large_value;
mod layout;
mod newer;
mod occupants;
mod open_transactions;
mod page;
mod places;
mod presence;
mod reader;
mod related;
mod removal;
mod search;
mod session;
mod snapshot;
mod snapshot_mark;
mod timeline;
mod touched;
mod transaction;
mod transaction_record;
mod windows;

pub use as_of::{AsOf, CastError, Comparison};
pub use change::{Change, Operation, RowImage, RowKey};
pub use change_diff::{ChangeDiff, ExportRow};
pub use cursor::Cursor;
pub use diff::{FieldChange, FieldValue, OldValue};
pub use error::QueryError;
pub use filter::{ActorFilter, FILTER_KEYS, Filter, FilterError, FilterKey, Position};
pub use incident::IncidentBundle;
pub use large_value::LargeValue;
pub(crate) use layout::KnownLayout;
pub use newer::{NewerChanges, NewerCount};
pub use page::Page;
pub use removal::PossibleRemoval;
pub use session::RecordedSession;
pub use snapshot::Snapshot;
pub use snapshot_mark::SnapshotMark;
pub use timeline::{Count, TimelineEntry};
pub use touched::TablesTouched;
pub use transaction::{TransactionDetail, transaction_id};
pub use transaction_record::{ActionRecord, TransactionRecord};

use std::time::Duration;

/// How long a single statement of a question may keep the server busy.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
