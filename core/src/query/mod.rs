//! Queries of the trail. Each takes a [`Scope`](crate::Scope), which limits what the reader may see, and returns a bounded
//! result.
//!
//! [`Snapshot`] has every query; [`AuditTrail`](crate::AuditTrail) has the most frequent ones, each in a snapshot of its own. A
//! query selects changes by a [`Filter`], and returns a [`Page`] of [`TimelineEntry`] values, newest first. To read the next
//! page, pass the cursor of the page before:
//!
//! ```no_run
//! # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
//! use threadline::Scope;
//! use threadline::query::{Filter, Position};
//!
//! let (scope, filter) = (Scope::unscoped(), Filter::default());
//! let mut position = Position::Newest;
//! loop {
//!     let page = trail.timeline_page(&scope, &filter, position, 100).await?;
//!     for entry in &page.entries {
//!         println!("{} {} {}", entry.change.captured_at, entry.change.operation, entry.change.table);
//!     }
//!     let Some(older) = page.older else { break };
//!     position = Position::OlderThan(older);
//! }
//! # Ok(())
//! # }
//! ```

// The module has three parts: `model` holds the values that queries take and return, `engine` chooses an access path and runs
// statements, and each other file has the queries about one subject.
mod active_actors;
mod activity;
mod actor;
mod engine;
mod lines;
pub(crate) mod model;
mod newer_changes;
mod occurring_values;
mod row;
mod search;
mod shortcuts;
mod suggestions;
mod table_counts;
mod tables;
mod timeline;
mod transaction;
mod unsearched;
mod value_index;
mod whole_values;

pub use active_actors::{ActiveActor, ActiveActors};
pub use activity::{Activity, ActivityBar, ActivitySegment};
pub(crate) use engine::schema_features::SchemaFeatureCache;
pub use engine::snapshot::Snapshot;
pub use lines::{LargeTransaction, TimelineLine};
pub use model::as_of::{AsOf, CastError, Comparison};
pub use model::change::{Change, RowImage};
pub use model::change_diff::ChangeDiff;
pub use model::cursor::{Cursor, Direction, Position};
pub use model::error::QueryError;
pub use model::field_change::{FieldChange, FieldValue, OldValueSource};
pub use model::filter::{ActorFilter, FILTER_KEYS, Filter, FilterKey, Selection, ValueFilter};
pub use model::human_time::parse_human_time;
pub use model::large_value::LargeValue;
pub use model::operation::Operation;
pub use model::page::{Count, Page};
pub use model::possible_removal::PossibleRemoval;
pub use model::recorded_session::RecordedSession;
pub use model::row_key::RowKey;
pub use model::snapshot_mark::SnapshotMark;
pub use model::timeline_entry::TimelineEntry;
pub use model::timestamp::{RelativeRange, TimeRange, Timestamp};
pub use model::transaction_id::TransactionId;
pub use model::transaction_record::{ActionRecord, TransactionRecord};
pub use model::value_limits::{ShortenedValue, ShortenedValues, ValueLimits};
pub use newer_changes::{NewerChanges, NewerCount};
pub use occurring_values::OccurringValues;
pub use row::field_counts::FieldCounts;
pub use search::{FoundActor, FoundRecord, SearchResult, SearchTarget, SearchWords, search_qualifiers};
pub use suggestions::key_type::KeyType;
pub use suggestions::typed_key::TypedKey;
pub use suggestions::{EmptyResult, ExcludingCondition, Sentence, SentencePart, Suggestion, UnknownValue};
pub use table_counts::TableCounts;
pub use tables::CapturedTable;
pub use transaction::{TransactionDetail, TransactionWithOldValues};
pub use unsearched::UnsearchedColumns;
pub use value_index::{ValueIndexError, ValueIndexPlan};
pub use whole_values::{Side, ValueAddress, ValuePart};
