//! Why a `threadline.toml` cannot be used.

use crate::capture::PolicyError;
use crate::{StorageSchemaError, TableName};

/// A `threadline.toml` that cannot be used: where, and why.
///
/// ```
/// let error = threadline::Config::from_toml("[capture.tables.users]\npk = [\"id\"]").unwrap_err();
/// assert_eq!(error.line, 2);
/// assert_eq!(error.to_string(), r#"line 2: "pk" is not a key of table users: did you mean primary_key?"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: ConfigProblem,
}

/// What is wrong in a `threadline.toml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// The text is not TOML.
    #[error("this is not TOML: {message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A key is there twice; TOML reads neither.
    #[error(
        "{key} is there twice: keep one; a dotted line cannot add to a section, so move what it says into the section"
    )]
    Duplicate {
        /// The key as it is written.
        key: String,
    },
    /// A key that nothing reads.
    #[error("{key:?} is not a key of {place}: {hint}")]
    UnknownKey {
        /// The key.
        key: String,
        /// What holds it.
        place: String,
        /// The way out.
        hint: String,
    },
    /// A value of the wrong type or form.
    #[error("{key} of {place} is {found}: expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// What holds it.
        place: String,
        /// The value as it is written.
        found: String,
        /// What may stand there.
        expected: String,
    },
    /// A key of `capture.tables` that names no table.
    #[error(
        "{key:?} cannot be a table: name it as in [capture.tables.users] or [capture.tables.\"billing.invoices\"]"
    )]
    TableName {
        /// The key.
        key: String,
    },
    /// Two keys for one table.
    #[error("{earlier:?} and {later:?} are the same table {table}: keep one of them")]
    SameTable {
        /// The key that comes first.
        earlier: String,
        /// The other one.
        later: String,
        /// The table.
        table: TableName,
    },
    /// The storage schema has a name that it cannot have.
    #[error(transparent)]
    StorageSchema(#[from] StorageSchemaError),
    /// A policy that no table could have.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}
