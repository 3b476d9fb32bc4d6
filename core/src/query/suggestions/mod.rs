//! Explanations of empty results: what a filter means, which of its values no change has, which values are near to them, and which
//! condition excludes everything.
//!
//! Every candidate comes from tables and changes that the scope shows, and is chosen by the typed text alone. So a value that only
//! hidden changes have is answered exactly as one that no change has, with the same statements. All statements of one explanation
//! together have the [search time](crate::AuditTrail::search_time) of a page.
//!
//! | File | Part |
//! |---|---|
//! | `names` | compares a typed name with existing ones, without a query |
//! | `numbers` | reads a number as people write it, without a query |
//! | `key_type` | reads the value of a key column by its type, without a query |
//! | `typed_key` | reads the key of a row as it was typed |
//! | `candidates` | reads the existing tables, fields, actors and actions |
//! | `excluding` | leaves out each condition in turn |
//! | `explain` | puts an explanation together |
//! | `describe`, `sentence` | words |
//! | `budget` | the time of an explanation |

mod budget;
mod candidates;
mod describe;
mod excluding;
mod explain;
pub(super) mod key_type;
mod names;
mod numbers;
mod sentence;
pub(super) mod typed_key;

use chrono::{DateTime, Utc};

pub use self::sentence::{Sentence, SentencePart};
use crate::query::model::filter::Filter;
use crate::query::model::page::Count;

/// The explanation of an empty result, by [`Snapshot::explain_empty`](crate::query::Snapshot::explain_empty).
///
/// [`Filter::describe_empty`] says how the filter was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmptyResult {
    /// The conditions whose values no change has, or none of the newest changes.
    pub unknown: Vec<UnknownValue>,
    /// The conditions each of which excludes everything by itself: without it, there are changes.
    pub excluding: Vec<ExcludingCondition>,
    /// True if the search time ended before every condition was tried.
    pub truncated: bool,
}

/// A value of a filter that no change in the scope has, or that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownValue {
    /// The [name of the filter's key](crate::query::FilterKey::name), such as `field`.
    pub key: &'static str,
    /// The value as it was typed.
    pub typed: String,
    /// True if no change in the scope has the value. Otherwise it was only looked for in the newest changes, because the search time
    /// ended before.
    pub is_certain: bool,
    /// The existing values that are near to it, the nearest first.
    pub suggestions: Vec<Suggestion>,
}

/// An existing value that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suggestion {
    /// The value, as the filter's key is written.
    pub value: String,
    /// The filter with this value.
    pub filter: Filter,
    /// The number of its changes; `None` if the search time ended before.
    pub count: Option<Count>,
}

/// A condition without which a filter finds changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExcludingCondition {
    /// The [name of the filter's key](crate::query::FilterKey::name), or [`WINDOW`](Self::WINDOW).
    pub key: &'static str,
    /// The filter without the condition.
    pub filter: Filter,
    /// The number of its changes.
    pub count: Count,
    /// The time of its newest change.
    pub newest: DateTime<Utc>,
}

impl ExcludingCondition {
    /// The key of the time window, which is one condition: both `from` and `to`.
    pub const WINDOW: &str = "window";
}

impl EmptyResult {
    /// Returns the suggestions for a key of the filter.
    pub fn suggestions_for(&self, key: &str) -> impl Iterator<Item = &Suggestion> {
        self.unknown.iter().filter(move |unknown| unknown.key == key).flat_map(|unknown| &unknown.suggestions)
    }
}
