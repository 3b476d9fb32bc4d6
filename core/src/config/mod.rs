//! `threadline.toml`: how each table is captured.

mod error;
#[cfg(test)]
mod guide;
mod keys;
mod lists;
pub(crate) mod paste;
mod read;
mod source;
mod suggest;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use error::{ConfigError, ConfigProblem};

use crate::capture::TablePolicy;
use crate::{StorageSchema, TableName};

/// What `threadline.toml` says: the policies of tables, and what a table has unless its own entry says otherwise.
///
/// The default is an empty file.
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
    /// The schema of the trail, where the file names one.
    pub storage_schema: Option<StorageSchema>,
    /// Tables that need no capture, besides those of [`EXPECTED_UNCOVERED`](crate::health::EXPECTED_UNCOVERED).
    pub expected_uncovered_tables: Vec<TableName>,
    /// Tables of that list which are to be captured all the same.
    pub audit_anyway: Vec<TableName>,
    /// Tables without whose capture `threadline verify-coverage` fails.
    pub expected_tables: Vec<TableName>,
    /// The policy of a table without an entry; its name means nothing.
    defaults: TablePolicy,
    tables: BTreeMap<TableName, TablePolicy>,
}

impl Config {
    /// Reads the text of a `threadline.toml`. Changes nothing in a database: a policy takes effect once its SQL is generated
    /// and applied.
    ///
    /// ```
    /// let error = threadline::Config::from_toml("[capture.tables.users]\nmask = \"email\"").unwrap_err();
    /// assert_eq!(error.to_string(), r#"line 2: mask of table users is "email": expected a list such as ["email"]"#);
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] with the line and the first thing that is wrong.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        read::config(text)
    }

    /// The policy of a table: its own entry over the defaults of the file.
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
        let of_its_own = self.tables.get(&table).cloned();
        of_its_own.unwrap_or_else(|| TablePolicy { table, ..self.defaults.clone() })
    }

    /// Whether a table has an entry.
    pub(crate) fn has_policy(&self, table: &TableName) -> bool {
        self.tables.contains_key(table)
    }

    /// The policies of the tables that have an entry, by schema and name.
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
            defaults: TablePolicy::new(""),
            tables: BTreeMap::new(),
        }
    }
}
