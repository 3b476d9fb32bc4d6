//! The name of an audited table.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A table with its schema. Written `tickets` in schema `public`, `billing.invoices` elsewhere.
///
/// ```
/// use threadline::TableName;
///
/// assert_eq!(TableName::from("public.tickets"), TableName::from("tickets"));
/// assert_eq!(TableName::from("billing.invoices").schema(), "billing");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    schema: String,
    name: String,
}

impl TableName {
    /// The table of exactly this name in exactly this schema, dots and all.
    #[must_use]
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The name within the schema.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Schema and name are such as PostgreSQL keeps.
    pub(crate) fn can_exist(&self) -> bool {
        [&self.schema, &self.name].iter().all(|part| (1..=63).contains(&part.len()) && !part.contains('\0'))
    }
}

/// Reads `name` as a table of schema `public`, and `schema.name` at the first dot.
impl From<&str> for TableName {
    fn from(text: &str) -> Self {
        match text.split_once('.') {
            Some((schema, name)) => Self::new(schema, name),
            None => Self::new("public", text),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema == "public" && !self.name.contains('.') {
            f.write_str(&self.name)
        } else {
            write!(f, "{}.{}", self.schema, self.name)
        }
    }
}
