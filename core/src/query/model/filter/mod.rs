//! What is asked for: one filter for the timeline, counts, exports, saved views, addresses and the command line.

mod error;
mod keys;
mod pairs;
#[cfg(test)]
mod tests;

pub use error::InvalidParameter;
pub use keys::{FILTER_KEYS, FilterKey};

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::query::{Cursor, Operation};
use crate::{ActorError, ActorKind, ActorRef, TableName};

/// Which changes are wanted: those that meet every condition that is set.
///
/// ```
/// use threadline::query::Filter;
///
/// let filter = Filter { table: Some("tickets".into()), actor: Some("user:42".parse()?), ..Filter::default() };
/// assert_eq!(serde_json::to_string(&filter)?, r#"{"actor":"user:42","table":"tickets"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is read and written as pairs of texts, in a URL, in JSON and in TOML alike; [`FILTER_KEYS`] lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only changes captured at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Only changes captured at this moment or earlier.
    pub to: Option<DateTime<Utc>>,
    /// Only changes of this table.
    pub table: Option<TableName>,
    /// Only changes of the row with this key; with a table.
    pub key: Option<BTreeMap<String, String>>,
    /// Only changes of this kind.
    pub operation: Option<Operation>,
    /// Only updates that changed this field.
    pub field: Option<String>,
    /// Only changes by this actor.
    pub actor: Option<ActorFilter>,
    /// Only changes under an action of this name.
    pub action: Option<String>,
    /// Only changes under an action with this correlation id.
    pub correlation_id: Option<String>,
    /// Only changes under an action with this request id.
    pub request_id: Option<String>,
}

/// An actor, or every actor of a type. Written `user:42` or `user`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorFilter {
    /// The type.
    pub kind: ActorKind,
    /// The id; none for all of the type.
    pub id: Option<String>,
}

impl From<&ActorRef> for ActorFilter {
    /// This very actor; an anonymous one stands for all anonymous ones.
    fn from(actor: &ActorRef) -> Self {
        Self { kind: actor.kind(), id: actor.id().map(str::to_owned) }
    }
}

impl From<ActorKind> for ActorFilter {
    fn from(kind: ActorKind) -> Self {
        Self { kind, id: None }
    }
}

impl FromStr for ActorFilter {
    type Err = ActorError;

    fn from_str(text: &str) -> Result<Self, ActorError> {
        match text.split_once(':') {
            None => Ok(text.parse::<ActorKind>()?.into()),
            Some((kind, id)) => Ok(Self::from(&ActorRef::new(kind.parse()?, id)?)),
        }
    }
}

impl fmt::Display for ActorFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        self.id.as_ref().map_or(Ok(()), |id| write!(f, ":{id}"))
    }
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Position {
    /// At the newest end.
    #[default]
    Newest,
    /// At the changes just older than this place.
    OlderThan(Cursor),
    /// At the changes just newer than this place.
    NewerThan(Cursor),
}

impl Position {
    /// The order in which one goes from there.
    pub(in crate::query) const fn order(self) -> &'static str {
        match self {
            Self::Newest | Self::OlderThan(_) => "DESC",
            Self::NewerThan(_) => "ASC",
        }
    }

    /// The first and the last moment of what there can be from there on.
    pub(in crate::query) fn bounds(self, filter: &Filter) -> [Option<DateTime<Utc>>; 2] {
        match self {
            Self::Newest => [filter.from, filter.to],
            Self::OlderThan(Cursor { captured_at, .. }) => {
                [filter.from, Some(filter.to.map_or(captured_at, |to| to.min(captured_at)))]
            }
            Self::NewerThan(Cursor { captured_at, .. }) => [filter.from.max(Some(captured_at)), filter.to],
        }
    }
}

impl Filter {
    /// Whether nothing is filtered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether no change can meet it: only updates have changed fields.
    pub(in crate::query) fn is_impossible(&self) -> bool {
        self.field.is_some() && self.operation.is_some_and(|operation| operation != Operation::Update)
    }

    /// Whether any condition is about the transaction or its action instead of the change.
    pub(in crate::query) const fn is_about_transactions(&self) -> bool {
        self.actor.is_some() || self.is_about_actions()
    }

    /// Whether any condition is about the action.
    pub(in crate::query) const fn is_about_actions(&self) -> bool {
        self.action.is_some() || self.correlation_id.is_some() || self.request_id.is_some()
    }
}
