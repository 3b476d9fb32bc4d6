//! Reading the trail: every query asks for a [`Scope`](crate::Scope) and answers in bounded pages.

mod actor;
mod as_of;
mod by_transaction;
mod change;
mod change_diff;
mod conditions;
mod cursor;
mod diff;
mod entries;
mod error;
mod filter;
mod history;
mod incident;
mod key_columns;
mod layout;
mod page;
mod places;
mod reader;
mod related;
mod search;
mod snapshot;
mod timeline;
mod touched;
mod transaction;
mod windows;

pub use as_of::{AsOf, CastError, Comparison};
pub use change::{ActionRecord, Change, Operation, RowImage, RowKey, TransactionRecord};
pub use change_diff::{ChangeDiff, ExportRow};
pub use cursor::Cursor;
pub use diff::{FieldChange, FieldValue, OldValue};
pub use error::QueryError;
pub use filter::{ActorFilter, FILTER_KEYS, Filter, FilterError, FilterKey, Position};
pub use incident::IncidentBundle;
pub(crate) use layout::KnownLayout;
pub use page::Page;
pub use snapshot::Snapshot;
pub use timeline::{Count, TimelineEntry};
pub use touched::TablesTouched;
pub use transaction::{TransactionDetail, transaction_id};

use std::time::Duration;

/// How long a single statement of a question may keep the server busy.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
