//! The filter of the timeline, of counts, exports and saved views, of URLs and of the command line.

mod keys;
mod pairs;
mod selection;
#[cfg(test)]
mod tests;
mod value_filter;

pub use keys::{FILTER_KEYS, FilterKey};
pub use selection::Selection;
pub use value_filter::ValueFilter;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::cursor::{Cursor, Position};
use super::operation::Operation;
use super::row_key::RowKey;
use crate::{ActorError, ActorKind, ActorRef, InvalidParameter, TableName};

/// The conditions that select changes. A change must meet every condition that is set; the default selects every change.
///
/// ```
/// use threadline::query::Filter;
///
/// let filter = Filter { table: Some("tickets".into()), actor: Some("user:42".parse()?), ..Filter::default() };
/// assert_eq!(serde_json::to_string(&filter)?, r#"{"actor":"user:42","table":"tickets"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In a URL, in JSON and in TOML, a filter is a list of pairs of texts. [`FILTER_KEYS`] lists their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Selects changes captured at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Selects changes captured at this moment or earlier.
    pub to: Option<DateTime<Utc>>,
    /// Selects changes of these tables.
    pub table: Option<Selection<TableName>>,
    /// Selects changes of the row with this key. Set one table as well: [`from_pairs`](Self::from_pairs) requires it, and
    /// without one the key is compared with the rows of every table that is selected.
    pub key: Option<RowKey>,
    /// Selects changes of these kinds.
    pub operation: Option<Selection<Operation>>,
    /// Selects updates that changed one of these columns. Excluded columns leave out the updates that changed one of them, and nothing
    /// else. Together with [`value`](Self::value), the columns are those whose values are compared: selects their changes from or to
    /// the value, created and deleted rows as well.
    pub field: Option<Selection<String>>,
    /// Selects changes with this value: in [`field`](Self::field), or in any recorded column of the row before or after the change.
    pub value: Option<ValueFilter>,
    /// Selects changes by these actors, or by all actors of a kind. Excluding actors selects changes without a recorded actor as well;
    /// [`Selection::unsigned`] selects those alone.
    pub actor: Option<Selection<ActorFilter>>,
    /// Selects changes that others made on behalf of these actors. Excluding them selects changes on behalf of nobody as well.
    pub on_behalf_of: Option<Selection<ActorFilter>>,
    /// Selects changes under an action of one of these names. Excluding names selects changes without an action as well.
    pub action: Option<Selection<String>>,
    /// Selects changes under an action with this correlation id.
    pub correlation_id: Option<String>,
    /// Selects changes under an action with this request id.
    pub request_id: Option<String>,
}

impl Filter {
    /// Returns whether no condition is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the table, if exactly one is selected.
    #[must_use]
    pub fn only_table(&self) -> Option<&TableName> {
        self.table.as_ref().and_then(Selection::only)
    }

    /// Returns the table and the key of the row, if the filter names one.
    #[must_use]
    pub fn row(&self) -> Option<(&TableName, &RowKey)> {
        self.only_table().zip(self.key.as_ref())
    }

    /// Returns whether changes of this kind are selected.
    pub(in crate::query) fn selects_operation(&self, operation: Operation) -> bool {
        self.operation.as_ref().is_none_or(|selection| selection.selects(|selected| *selected == operation))
    }

    /// Returns whether changes of this table are selected.
    pub(in crate::query) fn selects_table(&self, table: &TableName) -> bool {
        self.table.as_ref().is_none_or(|selection| selection.selects(|selected| selected == table))
    }

    /// Returns whether no change can meet the filter: only updates have changed fields, and a TRUNCATE has no values.
    pub(in crate::query) fn is_unsatisfiable(&self) -> bool {
        let is_changed =
            self.value.is_none() && self.field.as_ref().is_some_and(|field| !field.included().is_empty());
        let can_match = |operation: &Operation| match operation {
            Operation::Update => true,
            Operation::Insert | Operation::Delete => !is_changed,
            Operation::Truncate => !is_changed && self.value.is_none(),
        };
        !Operation::ALL.iter().any(|operation| can_match(operation) && self.selects_operation(*operation))
    }

    /// Returns whether any condition is on the transaction or its action instead of the change.
    pub(in crate::query) const fn has_transaction_conditions(&self) -> bool {
        self.actor.is_some() || self.on_behalf_of.is_some() || self.has_action_conditions()
    }

    /// Returns whether any condition is on the action.
    pub(in crate::query) const fn has_action_conditions(&self) -> bool {
        self.action.is_some() || self.correlation_id.is_some() || self.request_id.is_some()
    }

    /// Returns whether the transaction of each change has to be looked up, because no index lists the transactions of several actors or
    /// actions.
    pub(in crate::query) fn needs_each_transaction(&self) -> bool {
        let is_actor_list = self.actor.as_ref().is_some_and(|actors| actors.only().is_none());
        let is_action_list = self.action.as_ref().is_some_and(|actions| actions.only().is_none());
        is_actor_list || is_action_list || self.on_behalf_of.is_some()
    }

    /// Returns the first and the last moment of the changes that one can read from this position.
    pub(in crate::query) fn bounds(&self, position: Position) -> [Option<DateTime<Utc>>; 2] {
        match position {
            Position::Newest => [self.from, self.to],
            Position::OlderThan(Cursor { captured_at, .. }) => {
                [self.from, Some(self.to.map_or(captured_at, |to| to.min(captured_at)))]
            }
            Position::NewerThan(Cursor { captured_at, .. }) => [self.from.max(Some(captured_at)), self.to],
        }
    }

    /// Returns the conditions that choose an index to read changes from, without those that are checked for each change.
    pub(in crate::query) fn of_path(&self) -> Self {
        let Self { from, to, table, key, .. } = self.clone();
        Self { from, to, table, key, ..Self::default() }
    }

    /// Returns the conditions on the change itself.
    pub(in crate::query) fn without_transaction_conditions(&self) -> Self {
        let own = self.clone();
        Self { actor: None, on_behalf_of: None, action: None, correlation_id: None, request_id: None, ..own }
    }
}

/// One actor, or all actors of a kind. Written `user:42` or `user`.
///
/// ```
/// use threadline::ActorKind;
/// use threadline::query::ActorFilter;
///
/// let actor: ActorFilter = "user:42".parse()?;
/// assert_eq!((actor.kind, actor.id.as_deref()), (ActorKind::User, Some("42")));
/// assert_eq!(actor.to_string(), "user:42");
/// # Ok::<(), threadline::InvalidParameter>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorFilter {
    /// The kind.
    pub kind: ActorKind,
    /// The id; `None` for all actors of the kind.
    pub id: Option<String>,
}

impl ActorFilter {
    const EXPECTED: &str = "an actor such as user:42, or one of the types user, admin, service_account, job, system and anonymous";

    /// Creates the filter of one actor. For [`ActorKind::Anonymous`] the id is dropped. Ids that [`ActorRef::new`] rejects because
    /// of invisible characters are accepted: an application that sets the actor with SQL may have recorded one.
    ///
    /// ```
    /// use threadline::ActorKind;
    /// use threadline::query::ActorFilter;
    ///
    /// let actor = ActorFilter::new(ActorKind::User, "42")?;
    /// assert_eq!(actor.to_string(), "user:42");
    /// # Ok::<(), threadline::ActorError>(())
    /// ```
    ///
    /// # Errors
    /// [`ActorError::MissingId`] if the id is empty and the kind needs one; [`ActorError::InvalidId`] if it contains a NUL
    /// character, which PostgreSQL cannot store.
    pub fn new(kind: ActorKind, id: impl Into<String>) -> Result<Self, ActorError> {
        Ok(Self::from(&ActorRef::recorded(kind, id)?))
    }

    fn read(text: &str) -> Result<Self, ActorError> {
        match text.split_once(':') {
            None => Ok(text.parse::<ActorKind>()?.into()),
            Some((kind, id)) => Self::new(kind.parse()?, id),
        }
    }
}

impl From<&ActorRef> for ActorFilter {
    /// Selects this actor. An anonymous actor selects all anonymous actors.
    fn from(actor: &ActorRef) -> Self {
        Self { kind: actor.kind(), id: actor.id().map(str::to_owned) }
    }
}

impl From<ActorKind> for ActorFilter {
    fn from(kind: ActorKind) -> Self {
        Self { kind, id: None }
    }
}

impl ActorFilter {
    /// Returns whether the actor is selected.
    #[must_use]
    pub fn selects(&self, actor: &ActorRef) -> bool {
        self.kind == actor.kind() && self.id.as_deref().is_none_or(|id| actor.id() == Some(id))
    }
}

impl FromStr for ActorFilter {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        Self::read(text).map_err(|_| InvalidParameter::new("actor", text, Self::EXPECTED))
    }
}

impl fmt::Display for ActorFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        self.id.as_ref().map_or(Ok(()), |id| write!(f, ":{id}"))
    }
}
