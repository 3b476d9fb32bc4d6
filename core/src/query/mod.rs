//! Reading the trail: every query asks for a [`Scope`](crate::Scope) and answers in bounded pages.

mod actor;
mod engine;
mod model;
mod newer_changes;
mod related;
mod row;
mod table_counts;
mod timeline;
mod transaction;

pub use engine::old_values::TransactionWithOldValues;
pub use engine::page_slice::Page;
pub(crate) use engine::schema_features::KnownLayout;
pub use engine::snapshot::Snapshot;
pub use model::change::{Change, Operation, RowImage, RowKey};
pub use model::change_diff::{ChangeDiff, ExportRow};
pub use model::cursor::Cursor;
pub use model::error::QueryError;
pub use model::field_change::{FieldChange, FieldValue, OldValueSource};
pub use model::filter::{ActorFilter, FILTER_KEYS, Filter, FilterKey, InvalidParameter, Position};
pub use model::large_value::LargeValue;
pub use model::recorded_session::RecordedSession;
pub use model::snapshot_mark::SnapshotMark;
pub use model::transaction_record::{ActionRecord, TransactionRecord};
pub use newer_changes::{NewerChanges, NewerCount};
pub use row::as_of::{AsOf, CastError, Comparison};
pub use row::removal::PossibleRemoval;
pub use table_counts::TableCounts;
pub use timeline::{Count, TimelineEntry};
pub use transaction::{TransactionDetail, transaction_id};

use std::time::Duration;

/// How long a single statement of a question may keep the server busy.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
