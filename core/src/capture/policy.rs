//! The capture policy of a table.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PolicyError;
use crate::TableName;

/// The granularity of a table's capture triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMode {
    /// The triggers fire once per statement, with all its rows. This is several times faster for statements that write many
    /// rows.
    #[default]
    Statement,
    /// The triggers fire once per row. This is faster where nearly every statement writes one row, and captures partitions that
    /// are created later.
    Row,
}

impl CaptureMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Statement, Self::Row];

    /// Returns the word for the mode in `threadline.toml` and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Row => "row",
        }
    }
}

impl fmt::Display for CaptureMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The effect of a TRUNCATE of a captured table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruncatePolicy {
    /// Records that the table, or one of its partitions, was emptied. The rows are not read.
    #[default]
    Record,
    /// Records each row as deleted, and the TRUNCATE. Reads the whole table first.
    Rows,
    /// Makes the TRUNCATE fail.
    Refuse,
}

impl TruncatePolicy {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Record, Self::Rows, Self::Refuse];

    /// Returns the word for the value in `threadline.toml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Rows => "rows",
            Self::Refuse => "refuse",
        }
    }
}

impl fmt::Display for TruncatePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The placeholder for masked values, unless the policy sets another.
pub const DEFAULT_PLACEHOLDER: &str = "[REDACTED]";

/// The capture policy of one table. The default records every column and old value, and redacts nothing.
///
/// Fields without a setter are public: `policy.mask_null = true`.
///
/// ```
/// use threadline::capture::TablePolicy;
///
/// let policy = TablePolicy::new("users").mask(["email"]).exclude(["password_hash"]);
/// assert!(policy.validate().is_ok());
/// assert!(policy.mask(["password_hash"]).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TablePolicy {
    /// The table.
    pub table: TableName,
    /// The mode. `None` selects statement mode, except for tables with inheritance and for tables whose rows one foreign key
    /// deletes while another sets columns to NULL or a default: there, statement mode could record changes in a wrong order.
    pub mode: Option<CaptureMode>,
    /// True to capture in sessions with `session_replication_role = replica` as well, such as the apply worker of a
    /// subscription. The default is false.
    pub always: bool,
    /// Columns that the trail never contains.
    pub exclude: Vec<String>,
    /// Columns whose values are replaced by the placeholder. The trail still shows that a value changed.
    pub mask: Vec<String>,
    /// The text that replaces a masked value: 1 to 200 characters without control characters. The default is
    /// [`DEFAULT_PLACEHOLDER`].
    pub mask_placeholder: String,
    /// True to mask NULL as well, so that the trail does not show whether there is a value. The default is false.
    pub mask_null: bool,
    /// Columns that are left out of the changed fields and the old values, but kept in the row after the change.
    pub except_columns: Vec<String>,
    /// The columns that identify a row of a table without a primary key. A unique index on exactly these columns must exist.
    pub primary_key: Option<Vec<String>>,
    /// True to store the old values of changed columns, which is the default.
    pub store_changed_from: bool,
    /// True to store the whole row that a DELETE removed, which is the default.
    pub store_deleted_row: bool,
    /// True to record updates that change no value as well. The default is false.
    pub store_unchanged: bool,
    /// The effect of a TRUNCATE.
    pub truncate: TruncatePolicy,
    /// True to store the session's role, application name and client address in the metadata of a transaction without an actor,
    /// which is the default.
    pub record_session: bool,
}

impl TablePolicy {
    /// Creates the default policy of a table.
    #[must_use]
    pub fn new(table: impl Into<TableName>) -> Self {
        Self {
            table: table.into(),
            mode: None,
            always: false,
            exclude: Vec::new(),
            mask: Vec::new(),
            mask_placeholder: DEFAULT_PLACEHOLDER.to_owned(),
            mask_null: false,
            except_columns: Vec::new(),
            primary_key: None,
            store_changed_from: true,
            store_deleted_row: true,
            store_unchanged: false,
            truncate: TruncatePolicy::Record,
            record_session: true,
        }
    }

    /// Sets the capture mode.
    #[must_use]
    pub const fn mode(mut self, mode: CaptureMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Captures replicated writes as well.
    #[must_use]
    pub const fn always(mut self) -> Self {
        self.always = true;
        self
    }

    /// Sets the columns to exclude from the trail.
    #[must_use]
    pub fn exclude<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.exclude = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the columns to mask.
    #[must_use]
    pub fn mask<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.mask = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the columns to leave out of the changed fields and the old values.
    #[must_use]
    pub fn except_columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.except_columns = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the columns that identify a row, for a table without a primary key.
    #[must_use]
    pub fn primary_key<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.primary_key = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the effect of a TRUNCATE.
    #[must_use]
    pub const fn truncate(mut self, truncate: TruncatePolicy) -> Self {
        self.truncate = truncate;
        self
    }

    /// Returns whether the policy excludes or masks a column.
    #[must_use]
    pub fn redacts(&self) -> bool {
        !self.exclude.is_empty() || !self.mask.is_empty()
    }

    /// Returns the excluded and the masked columns.
    pub(super) fn redacted(&self) -> Vec<String> {
        [&self.exclude[..], &self.mask[..]].concat()
    }

    /// Returns every list of columns with its key in `threadline.toml`.
    pub(super) fn column_lists(&self) -> [(&'static str, &[String]); 4] {
        [
            ("exclude", &self.exclude),
            ("mask", &self.mask),
            ("except_columns", &self.except_columns),
            ("primary_key", self.primary_key.as_deref().unwrap_or_default()),
        ]
    }

    /// Checks what can be checked without the database: names, the placeholder, and columns in two lists.
    ///
    /// # Errors
    /// [`PolicyError`] for the first problem.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let table = || self.table.to_string();
        for (list, columns) in self.column_lists() {
            for (at, column) in columns.iter().enumerate() {
                let reason = if column.is_empty() {
                    "it is empty"
                } else if column.contains('\0') {
                    "it holds a NUL byte"
                } else if column.trim() != column {
                    "it begins or ends with white space"
                } else if column.len() > 63 {
                    "it is longer than the 63 bytes that PostgreSQL keeps of a name"
                } else if columns[..at].contains(column) {
                    "it is listed twice"
                } else {
                    continue;
                };
                return Err(PolicyError::Column { table: table(), list, column: column.clone(), reason });
            }
        }
        if self.primary_key.as_ref().is_some_and(Vec::is_empty) {
            return Err(PolicyError::EmptyKey { table: table() });
        }
        let both = overlap(&self.exclude, &self.mask);
        if !both.is_empty() {
            return Err(PolicyError::ExcludedAndMasked { table: table(), columns: both });
        }
        for (list, columns) in [("exclude", &self.exclude), ("mask", &self.mask)] {
            let keys = overlap(self.primary_key.as_deref().unwrap_or_default(), columns);
            if !keys.is_empty() {
                return Err(PolicyError::RedactedKey { table: table(), list, columns: keys });
            }
        }
        let characters = self.mask_placeholder.chars().count();
        if !(1..=200).contains(&characters) || self.mask_placeholder.chars().any(char::is_control) {
            return Err(PolicyError::Placeholder {
                table: table(),
                placeholder: self.mask_placeholder.clone(),
            });
        }
        Ok(())
    }
}

impl From<&'static str> for TablePolicy {
    fn from(table: &'static str) -> Self {
        Self::new(table)
    }
}

/// Returns the names of `these` that are in `those` as well.
pub(crate) fn overlap(these: &[String], those: &[String]) -> Vec<String> {
    these.iter().filter(|name| those.contains(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validate_refuses_names_and_placeholders_that_no_database_accepts() {
        let users = || TablePolicy::new("users");
        let placeholder = |text: &str| TablePolicy { mask_placeholder: text.to_owned(), ..users() };
        for (policy, words) in [
            (users().mask(["email", "a"]).exclude(["email"]), "email of table users is in both"),
            (users().mask([""]), r#"mask of table users names the column "": it is empty"#),
            (users().exclude([" a"]), "white space"),
            (users().exclude(["a\0b"]), "NUL"),
            (users().except_columns(["a", "a"]), "twice"),
            (users().primary_key([String::from("a").repeat(64)]), "63 bytes"),
            (users().primary_key(Vec::<String>::new()), r#"primary_key = ["id"]"#),
            (users().primary_key(["id"]).mask(["id"]), "key column id of table users is in mask"),
            (placeholder(""), "mask_placeholder"),
            (placeholder(&"x".repeat(201)), "mask_placeholder"),
            (placeholder("a\nb"), "mask_placeholder"),
        ] {
            let error = policy.validate().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert_eq!(placeholder(&"ж".repeat(200)).validate(), Ok(()));
    }
}
