//! Selections from texts and from single values, and as text.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::Selection;
use super::text::escaped;
use crate::query::model::filter::ActorFilter;
use crate::query::model::operation::Operation;
use crate::{ActorKind, ActorRef, InvalidParameter, TableName};

impl FromStr for Selection<ActorFilter> {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        Self::read(text, str::parse)
    }
}

impl FromStr for Selection<Operation> {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        Self::read(text, str::parse)
    }
}

impl FromStr for Selection<TableName> {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        Self::read(text, str::parse)
    }
}

impl FromStr for Selection<String> {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        Self::read(text, |value| Ok(value.to_owned()))
    }
}

impl<T: Display> Display for Selection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let included = self.included.iter().map(|value| ("", value));
        let excluded = self.excluded.iter().map(|value| ("-", value));
        for (index, (sign, value)) in included.chain(excluded).enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator}{sign}{}", escaped(&value.to_string()))?;
        }
        Ok(())
    }
}

impl<T> From<T> for Selection<T> {
    /// Selects this value.
    fn from(value: T) -> Self {
        Self { included: vec![value], excluded: Vec::new() }
    }
}

impl From<&str> for Selection<String> {
    /// Selects this value, which is taken literally.
    fn from(value: &str) -> Self {
        Self::from(value.to_owned())
    }
}

impl From<&'static str> for Selection<TableName> {
    /// Selects the table of a name in source code. Parse a text from any other source with [`FromStr`].
    fn from(name: &'static str) -> Self {
        Self::from(TableName::from(name))
    }
}

impl From<&TableName> for Selection<TableName> {
    fn from(table: &TableName) -> Self {
        Self::from(table.clone())
    }
}

impl From<ActorKind> for Selection<ActorFilter> {
    fn from(kind: ActorKind) -> Self {
        Self::from(ActorFilter::from(kind))
    }
}

impl From<&ActorRef> for Selection<ActorFilter> {
    fn from(actor: &ActorRef) -> Self {
        Self::from(ActorFilter::from(actor))
    }
}
