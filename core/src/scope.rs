//! The part of the trail that a reader may see.

use chrono::{DateTime, Utc};

use crate::TableName;
use crate::query::ActorFilter;

/// The part of the trail that a reader may see. Every query takes one. For the reader, a change outside of the scope does not
/// exist: lists, counts and errors are the same as without it.
///
/// ```
/// use threadline::{Predicate, Scope};
///
/// let everything = Scope::unscoped();
/// let support = Scope::tables(["tickets", "ticket_replies"]);
/// let tenant = Scope::new(Predicate::tables(["tickets"]).and(Predicate::field("tenant_id", "7")));
/// let nothing = Scope::nothing();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    predicate: Option<Predicate>,
}

/// A condition on a change, for a [`Scope`]. Combine conditions with [`and`](Self::and) and [`or`](Self::or). Values are always
/// bound as parameters, so they may come from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Predicate(pub(crate) Condition);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    Tables(Vec<TableName>),
    Schema(String),
    Field { column: String, value: String },
    Actor(ActorFilter),
    Since(DateTime<Utc>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Scope {
    /// Creates the scope of the whole trail. There is no default, so that a host has to choose this explicitly.
    #[must_use]
    pub const fn unscoped() -> Self {
        Self { predicate: None }
    }

    /// Creates the scope of the changes that meet this predicate.
    #[must_use]
    pub const fn new(predicate: Predicate) -> Self {
        Self { predicate: Some(predicate) }
    }

    /// Creates the scope of the changes of these tables. No tables means no changes.
    #[must_use]
    pub fn tables<I>(tables: I) -> Self
    where
        I: IntoIterator<Item: Into<TableName>>,
    {
        Self::new(Predicate::tables(tables))
    }

    /// Creates the scope of no changes.
    #[must_use]
    pub fn nothing() -> Self {
        Self::tables::<[&str; 0]>([])
    }

    /// Returns whether the scope may hide a change: `false` for [`unscoped`](Self::unscoped) only.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.predicate.is_some()
    }

    /// Returns whether the scope shows every change of this actor, or of all actors of its kind. Only then may a search begin
    /// with the transactions of the actor: otherwise the time that it takes would tell how many of them the scope hides.
    pub(crate) fn shows_all_of(&self, actor: &ActorFilter) -> bool {
        self.condition().is_none_or(|condition| condition.shows_all_of(actor))
    }

    /// Returns the tables of all visible changes, if the scope lists them. It may hide some changes of these tables.
    ///
    /// ```
    /// use threadline::{Predicate, Scope};
    ///
    /// assert_eq!(Scope::tables(["tickets"]).listed_tables(), Some(vec!["tickets".into()]));
    /// assert_eq!(Scope::new(Predicate::field("tenant", "7")).listed_tables(), None);
    /// ```
    #[must_use]
    pub fn listed_tables(&self) -> Option<Vec<TableName>> {
        self.condition().and_then(Condition::tables)
    }

    /// Returns whether the scope shows every change of this table.
    // Only then may a search begin with the changes that have a value: otherwise the time that it takes would tell how many of them
    // the scope hides.
    #[must_use]
    pub fn shows_all_of_table(&self, table: &TableName) -> bool {
        self.condition().is_none_or(|condition| condition.shows_all_of_table(table))
    }

    /// Returns the scope of whole tables: conditions on the values of rows do not apply to a TRUNCATE, which has none.
    pub(crate) fn of_whole_tables(&self) -> Self {
        Self { predicate: self.condition().and_then(Condition::of_whole_tables).map(Predicate) }
    }

    pub(crate) fn condition(&self) -> Option<&Condition> {
        self.predicate.as_ref().map(|predicate| &predicate.0)
    }

    /// Returns whether the name of a table may be shown: a limited scope shows only the names that it contains.
    pub(crate) fn names(&self, table: &TableName) -> bool {
        self.condition().is_none_or(|condition| condition.names(table) == Some(true))
    }
}

impl Predicate {
    /// Selects changes of these tables. No tables means no changes.
    pub fn tables<I>(tables: I) -> Self
    where
        I: IntoIterator<Item: Into<TableName>>,
    {
        Self(Condition::Tables(tables.into_iter().map(Into::into).collect()))
    }

    /// Selects changes of the tables of this schema.
    pub fn schema(schema: impl Into<String>) -> Self {
        Self(Condition::Schema(schema.into()))
    }

    /// Selects changes of rows in which this column has this value, as text: after the change, or for a deleted row before it.
    /// The change is hidden if the trail does not store the column: the table has none, it is redacted, the deleted row was not
    /// stored, or the table was truncated.
    pub fn field(column: impl Into<String>, value: impl Into<String>) -> Self {
        Self(Condition::Field { column: column.into(), value: value.into() })
    }

    /// Selects changes by this actor, or by all actors of a kind.
    pub fn actor(actor: impl Into<ActorFilter>) -> Self {
        Self(Condition::Actor(actor.into()))
    }

    /// Selects changes captured at this moment or later.
    pub fn since(moment: DateTime<Utc>) -> Self {
        Self(Condition::Since(moment))
    }

    /// Selects changes that meet both predicates.
    pub fn and(self, other: Self) -> Self {
        Self(Condition::And(Box::new(self.0), Box::new(other.0)))
    }

    /// Selects changes that meet at least one of the predicates.
    pub fn or(self, other: Self) -> Self {
        Self(Condition::Or(Box::new(self.0), Box::new(other.0)))
    }
}

impl Condition {
    /// Returns the condition without its parts on values; none if nothing remains, so that it holds for every table.
    fn of_whole_tables(&self) -> Option<Self> {
        match self {
            Self::Field { .. } => None,
            Self::And(one, other) => match (one.of_whole_tables(), other.of_whole_tables()) {
                (Some(one), Some(other)) => Some(Self::And(Box::new(one), Box::new(other))),
                (one, other) => one.or(other),
            },
            Self::Or(one, other) => {
                Some(Self::Or(Box::new(one.of_whole_tables()?), Box::new(other.of_whole_tables()?)))
            }
            Self::Tables(_) | Self::Schema(_) | Self::Actor(_) | Self::Since(_) => Some(self.clone()),
        }
    }

    /// Returns the tables of all visible changes, if the condition lists them.
    pub(crate) fn tables(&self) -> Option<Vec<TableName>> {
        match self {
            Self::Tables(tables) => Some(tables.clone()),
            Self::Schema(_) | Self::Field { .. } | Self::Actor(_) | Self::Since(_) => None,
            Self::And(one, other) => one.tables().or_else(|| other.tables()),
            Self::Or(one, other) => {
                let (mut tables, more) = (one.tables()?, other.tables()?);
                tables.extend(more);
                Some(tables)
            }
        }
    }

    /// Returns whether every change of this actor, or of all actors of its kind, meets the condition.
    fn shows_all_of(&self, actor: &ActorFilter) -> bool {
        match self {
            Self::Actor(shown) => shown == actor || shown.kind == actor.kind && shown.id.is_none(),
            Self::And(one, other) => one.shows_all_of(actor) && other.shows_all_of(actor),
            Self::Or(one, other) => one.shows_all_of(actor) || other.shows_all_of(actor),
            Self::Tables(_) | Self::Schema(_) | Self::Field { .. } | Self::Since(_) => false,
        }
    }

    /// Returns whether every change of this table meets the condition.
    fn shows_all_of_table(&self, table: &TableName) -> bool {
        match self {
            Self::Tables(tables) => tables.contains(table),
            Self::Schema(schema) => table.schema() == schema,
            Self::Field { .. } | Self::Actor(_) | Self::Since(_) => false,
            Self::And(one, other) => one.shows_all_of_table(table) && other.shows_all_of_table(table),
            Self::Or(one, other) => one.shows_all_of_table(table) || other.shows_all_of_table(table),
        }
    }

    /// Returns whether a part of the condition is about the actor.
    pub(crate) fn is_about_actor(&self) -> bool {
        match self {
            Self::Actor(_) => true,
            Self::And(one, other) | Self::Or(one, other) => one.is_about_actor() || other.is_about_actor(),
            Self::Tables(_) | Self::Schema(_) | Self::Field { .. } | Self::Since(_) => false,
        }
    }

    /// Returns whether the condition includes this table; none if it is not about tables.
    pub(crate) fn names(&self, table: &TableName) -> Option<bool> {
        match self {
            Self::Tables(tables) => Some(tables.contains(table)),
            Self::Schema(schema) => Some(table.schema() == schema),
            Self::Field { .. } | Self::Actor(_) | Self::Since(_) => None,
            Self::And(one, other) => match (one.names(table), other.names(table)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (one, other) => one.or(other),
            },
            Self::Or(one, other) => match (one.names(table), other.names(table)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (one, other) => one.or(other),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ActorKind;

    #[test]
    fn actor_is_listed_only_if_scope_shows_all_its_changes() {
        let ann = || ActorFilter { kind: ActorKind::User, id: Some("ann".to_owned()) };
        let of_ann = || Predicate::actor(ann());
        let a = || Predicate::tables(["a"]);
        for (scope, is_listed) in [
            (Scope::unscoped(), true),
            (Scope::new(of_ann()), true),
            (Scope::new(of_ann().and(a())), false),
            (Scope::new(a().or(of_ann())), true),
            (Scope::new(a()), false),
            (Scope::new(Predicate::actor(ActorKind::User)), true),
            (Scope::new(Predicate::actor(ActorKind::Job)), false),
            (Scope::nothing(), false),
        ] {
            assert_eq!(scope.shows_all_of(&ann()), is_listed, "{scope:?}");
        }
    }

    #[test]
    fn table_name_is_shown_only_if_scope_contains_it() {
        let a = || Predicate::tables(["a"]);
        let field = || Predicate::field("tenant_id", "7");
        for (scope, is_shown) in [
            (Scope::unscoped(), true),
            (Scope::nothing(), false),
            (Scope::new(a()), true),
            (Scope::tables(["b"]), false),
            (Scope::new(Predicate::schema("public")), true),
            (Scope::new(Predicate::schema("billing")), false),
            (Scope::new(field()), false),
            (Scope::new(a().and(field())), true),
            (Scope::new(field().and(Predicate::tables(["b"]))), false),
            (Scope::new(a().or(field())), true),
            (Scope::new(a().and(Predicate::schema("billing"))), false),
            (Scope::new(field().or(Predicate::since(DateTime::UNIX_EPOCH))), false),
        ] {
            assert_eq!(scope.names(&"a".into()), is_shown, "{scope:?}");
        }
    }
}
