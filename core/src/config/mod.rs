//! Reads `threadline.toml`: the storage schema, the capture policies, the lists of tables for health checks, and the words of the
//! console.

mod console;
mod error;
#[cfg(test)]
mod guide;
mod keys;
mod read;
mod source;
mod suggest;
mod table_lists;
#[cfg(test)]
mod tests;
pub(crate) mod toml_snippet;

use std::collections::BTreeMap;

pub use console::{ConsoleWords, TableWords};
pub use error::{ConfigError, ConfigProblem};

use crate::capture::TablePolicy;
use crate::{StorageSchema, TableName};

/// The contents of a `threadline.toml`. The default is that of an empty file.
///
/// ```
/// use threadline::Config;
/// use threadline::capture::CaptureMode;
///
/// let config = Config::from_toml(
///     r#"
///     [capture]
///     mode = "row"
///
///     [capture.tables.users]
///     mask = ["email"]
///     "#,
/// )?;
/// assert_eq!(config.policy("public.users").mask, ["email"]);
/// assert_eq!(config.policy("tickets").mode, Some(CaptureMode::Row));
/// # Ok::<(), threadline::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The storage schema, if the file names one.
    pub storage_schema: Option<StorageSchema>,
    /// The tables that are exempt from capture, besides those of
    /// [`EXPECTED_UNCOVERED_TABLES`](crate::health::EXPECTED_UNCOVERED_TABLES).
    pub expected_uncovered_tables: Vec<TableName>,
    /// The tables that need capture although they would otherwise be exempt.
    pub audit_anyway: Vec<TableName>,
    /// The tables that must be captured: `threadline verify-coverage` fails otherwise.
    pub expected_tables: Vec<TableName>,
    /// The words of the console for tables and actions.
    pub console: ConsoleWords,
    /// The policy of a table without a section. Its table name is not used.
    defaults: TablePolicy,
    tables: BTreeMap<TableName, TablePolicy>,
}

impl Config {
    /// Parses the text of a `threadline.toml`. A policy takes effect only after
    /// [`AuditTrail::capture`](crate::AuditTrail::capture) or a generated migration has applied it.
    ///
    /// ```
    /// let error = threadline::Config::from_toml("[capture.tables.users]\nmask = \"email\"").unwrap_err();
    /// assert_eq!(error.to_string(), r#"line 2: mask of table users is "email": expected a list such as ["email"]"#);
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] with the first problem and its line.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        read::config(text)
    }

    /// Returns the policy of a table: that of its section, with the defaults of `[capture]` for keys that the section does not
    /// set.
    ///
    /// ```
    /// use threadline::Config;
    /// use threadline::capture::TablePolicy;
    ///
    /// assert_eq!(Config::default().policy("users"), TablePolicy::new("users"));
    /// ```
    #[must_use]
    pub fn policy(&self, table: impl Into<TableName>) -> TablePolicy {
        let table = table.into();
        let own = self.tables.get(&table).cloned();
        own.unwrap_or_else(|| TablePolicy { table, ..self.defaults.clone() })
    }

    /// Returns whether a table has a section.
    pub(crate) fn has_policy(&self, table: &TableName) -> bool {
        self.tables.contains_key(table)
    }

    /// Returns the policies of the tables that have a section, sorted by schema and name.
    ///
    /// ```no_run
    /// # async fn start(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// let config = threadline::Config::from_toml(&std::fs::read_to_string("threadline.toml")?)?;
    /// trail.capture(config.policies().cloned()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn policies(&self) -> impl Iterator<Item = &TablePolicy> {
        self.tables.values()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            storage_schema: None,
            expected_uncovered_tables: Vec::new(),
            audit_anyway: Vec::new(),
            expected_tables: Vec::new(),
            console: ConsoleWords::default(),
            defaults: TablePolicy::new(""),
            tables: BTreeMap::new(),
        }
    }
}
