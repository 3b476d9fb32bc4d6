//! What part of the trail a reader may see.

use chrono::{DateTime, Utc};

use crate::TableName;
use crate::query::ActorFilter;

/// The part of the trail that a reader may see. Every query asks for one; nothing outside of it can be told from what does
/// not exist.
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

/// A condition on a change, as part of a [`Scope`]. A change that does not meet it does not exist for the reader. Values are
/// always bound as parameters, never put into SQL.
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
    /// Everything: a choice that the host makes in so many words.
    #[must_use]
    pub const fn unscoped() -> Self {
        Self { predicate: None }
    }

    /// Only changes that meet this predicate.
    #[must_use]
    pub const fn new(predicate: Predicate) -> Self {
        Self { predicate: Some(predicate) }
    }

    /// Only changes of these tables; of none, if there are none.
    #[must_use]
    pub fn tables<I>(tables: I) -> Self
    where
        I: IntoIterator<Item: Into<TableName>>,
    {
        Self::new(Predicate::tables(tables))
    }

    /// No change at all.
    #[must_use]
    pub fn nothing() -> Self {
        Self::tables::<[&str; 0]>([])
    }

    /// Whether anything at all is hidden.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.predicate.is_some()
    }

    /// What the scope says of a table as a whole: conditions on the values of rows do not apply to a TRUNCATE, which has none.
    pub(crate) fn of_whole_tables(&self) -> Self {
        Self { predicate: self.condition().and_then(Condition::of_whole_tables).map(Predicate) }
    }

    pub(crate) fn condition(&self) -> Option<&Condition> {
        self.predicate.as_ref().map(|predicate| &predicate.0)
    }

    /// Whether the name of a table may be told: unlimited scopes tell every name, others those that they name themselves.
    pub(crate) fn names(&self, table: &TableName) -> bool {
        self.condition().is_none_or(|condition| condition.names(table) == Some(true))
    }
}

impl Predicate {
    /// Changes of these tables; of none, if there are none.
    pub fn tables<I>(tables: I) -> Self
    where
        I: IntoIterator<Item: Into<TableName>>,
    {
        Self(Condition::Tables(tables.into_iter().map(Into::into).collect()))
    }

    /// Changes of the tables of this schema.
    pub fn schema(schema: impl Into<String>) -> Self {
        Self(Condition::Schema(schema.into()))
    }

    /// Changes of rows in which this column has this value, as text: after the change, or for a deleted row before it. Where
    /// the trail does not keep the column (the table has none, it is redacted, the deleted row was not kept, the table was
    /// truncated), the change is hidden.
    pub fn field(column: impl Into<String>, value: impl Into<String>) -> Self {
        Self(Condition::Field { column: column.into(), value: value.into() })
    }

    /// Changes by this actor, or by all actors of a type.
    pub fn actor(actor: impl Into<ActorFilter>) -> Self {
        Self(Condition::Actor(actor.into()))
    }

    /// Changes captured at this moment or later.
    pub fn since(moment: DateTime<Utc>) -> Self {
        Self(Condition::Since(moment))
    }

    /// Changes that meet both.
    pub fn and(self, other: Self) -> Self {
        Self(Condition::And(Box::new(self.0), Box::new(other.0)))
    }

    /// Changes that meet one of the two, or both.
    pub fn or(self, other: Self) -> Self {
        Self(Condition::Or(Box::new(self.0), Box::new(other.0)))
    }
}

impl Condition {
    /// The condition without its parts on values; none where it then holds for everything.
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

    /// The tables of all that can be seen, where the condition names them.
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

    /// Whether the condition names this table; none where it is not about tables.
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

    #[test]
    fn only_names_that_the_scope_names_are_told() {
        let a = || Predicate::tables(["a"]);
        let field = || Predicate::field("tenant_id", "7");
        for (scope, told) in [
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
            assert_eq!(scope.names(&"a".into()), told, "{scope:?}");
        }
    }
}
