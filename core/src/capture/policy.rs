//! What of a table is captured, and how.

use serde::{Deserialize, Serialize};

use super::PolicyError;
use crate::TableName;

/// How the triggers of a table run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMode {
    /// Once per statement, with all its rows: several times faster where statements write many rows.
    #[default]
    Statement,
    /// Once per row: faster where nearly every statement writes one row. New partitions are captured without being asked.
    Row,
}

impl CaptureMode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Statement, Self::Row];

    /// The word for it in `threadline.toml` and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Row => "row",
        }
    }
}

/// What a TRUNCATE of a captured table leaves in the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruncatePolicy {
    /// One record that the table, or one of its partitions, was emptied. The rows are not read.
    #[default]
    Record,
    /// Each row as deleted, and the record of the TRUNCATE. Reads the whole table first.
    Rows,
    /// Nothing, because the TRUNCATE fails.
    Refuse,
}

impl TruncatePolicy {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Record, Self::Rows, Self::Refuse];

    /// The word for it in `threadline.toml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Rows => "rows",
            Self::Refuse => "refuse",
        }
    }
}

/// What stands in the place of a masked value, unless the policy says otherwise.
pub const DEFAULT_PLACEHOLDER: &str = "[REDACTED]";

/// How one table is captured. Every field has the default that loses least.
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
    /// Once per statement or once per row. `None`: per statement, except where that would record something else than what
    /// happened, which is for tables that take part in inheritance, and for tables whose rows one foreign key deletes while
    /// another sets them to NULL or a default.
    pub mode: Option<CaptureMode>,
    /// Fire in sessions with `session_replication_role = replica` as well, such as the apply worker of a subscription.
    pub always: bool,
    /// Columns that appear nowhere in the trail.
    pub exclude: Vec<String>,
    /// Columns whose values are replaced by the placeholder. That a value changed stays visible.
    pub mask: Vec<String>,
    /// 1 to 200 characters without control characters.
    pub mask_placeholder: String,
    /// Put the placeholder in the place of NULL as well, so that nobody sees whether there is a value.
    pub mask_null: bool,
    /// Columns left out of the changed fields and old values, but kept in the row after the change.
    pub except_columns: Vec<String>,
    /// The columns that identify a row, in this order: for a table without a primary key, which needs a unique index on
    /// exactly these columns.
    pub primary_key: Option<Vec<String>>,
    /// Keep the old values of changed columns.
    pub store_changed_from: bool,
    /// Keep the whole row that a DELETE removed.
    pub store_deleted_row: bool,
    /// Record updates that change no value, too.
    pub store_unchanged: bool,
    /// What a TRUNCATE leaves in the trail.
    pub truncate: TruncatePolicy,
    /// Keep the session's role, application name and client address in the metadata of a transaction without an actor.
    pub record_session: bool,
}

impl TablePolicy {
    /// The default policy of a table: everything is kept, nothing is redacted.
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

    /// Captures in this mode.
    #[must_use]
    pub const fn mode(mut self, mode: CaptureMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Fires for replicated writes as well.
    #[must_use]
    pub const fn always(mut self) -> Self {
        self.always = true;
        self
    }

    /// Leaves these columns out of the trail.
    #[must_use]
    pub fn exclude<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.exclude = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Replaces the values of these columns.
    #[must_use]
    pub fn mask<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.mask = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Leaves these columns out of the changed fields and old values.
    #[must_use]
    pub fn except<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.except_columns = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Identifies rows by these columns.
    #[must_use]
    pub fn primary_key<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.primary_key = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Sets what a TRUNCATE leaves in the trail.
    #[must_use]
    pub const fn truncate(mut self, truncate: TruncatePolicy) -> Self {
        self.truncate = truncate;
        self
    }

    /// Whether a value of the table is kept out of the trail.
    #[must_use]
    pub fn redacts(&self) -> bool {
        !self.exclude.is_empty() || !self.mask.is_empty()
    }

    /// The columns whose values are kept out of the trail.
    pub(super) fn redacted(&self) -> Vec<String> {
        [&self.exclude[..], &self.mask[..]].concat()
    }

    /// Every list that names columns, with its key.
    pub(super) fn column_lists(&self) -> [(&'static str, &[String]); 4] {
        [
            ("exclude", &self.exclude),
            ("mask", &self.mask),
            ("except_columns", &self.except_columns),
            ("primary_key", self.primary_key.as_deref().unwrap_or_default()),
        ]
    }

    /// Everything that can be said without the database: names, the placeholder, columns in two lists.
    ///
    /// # Errors
    /// [`PolicyError`] with the field, the value and the way out.
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
                    "it is there twice"
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

/// Which names of `these` are in `those`.
pub(crate) fn overlap(these: &[String], those: &[String]) -> Vec<String> {
    these.iter().filter(|name| those.contains(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_database_could_accept_is_refused_at_once() {
        let users = || TablePolicy::new("users");
        let placeholder = |text: &str| TablePolicy { mask_placeholder: text.to_owned(), ..users() };
        for (policy, words) in [
            (users().mask(["email", "a"]).exclude(["email"]), "email of table users is in both"),
            (users().mask([""]), r#"mask of table users names the column "": it is empty"#),
            (users().exclude([" a"]), "white space"),
            (users().exclude(["a\0b"]), "NUL"),
            (users().except(["a", "a"]), "twice"),
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
