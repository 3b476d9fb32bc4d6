//! Errors in a `threadline.toml`.

use crate::capture::PolicyError;
use crate::{StorageSchemaError, TableName};

/// An error in a `threadline.toml`, with its line.
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
    /// The line of the file, counted from 1.
    pub line: usize,
    /// The problem.
    pub problem: ConfigProblem,
}

/// A problem in a `threadline.toml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// The text is not valid TOML.
    #[error("this is not valid TOML: {message}")]
    Syntax {
        /// The parser's message.
        message: String,
    },
    /// A key is set twice, which TOML does not allow.
    #[error(
        "{key} is set twice: keep one; a dotted key cannot add to a section, so move its value into the section"
    )]
    Duplicate {
        /// The key as written.
        key: String,
    },
    /// A key is not known.
    #[error("{key:?} is not a key of {section}: {hint}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The section that holds it.
        section: String,
        /// The similar keys, or all keys of the section, as the end of a sentence.
        hint: String,
    },
    /// A value has the wrong type or format.
    #[error("{key} of {section} is {found}: expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// The section that holds it.
        section: String,
        /// The value as written.
        found: String,
        /// The values that are allowed.
        expected: String,
    },
    /// A key of a section of tables cannot be the name of a table.
    #[error(
        "{key:?} cannot be the name of a table: write it as in [{section}.tables.users] or [{section}.tables.\"billing.invoices\"]"
    )]
    TableName {
        /// The key.
        key: String,
        /// The section that holds the tables: `capture` or `console`.
        section: &'static str,
    },
    /// Two keys name the same table.
    #[error("{earlier:?} and {later:?} are the same table {table}: keep one of them")]
    SameTable {
        /// The key of the earlier line.
        earlier: String,
        /// The key of the later line.
        later: String,
        /// The table.
        table: TableName,
    },
    /// The name of the storage schema is invalid.
    #[error(transparent)]
    StorageSchema(#[from] StorageSchemaError),
    /// A policy is not valid.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}
