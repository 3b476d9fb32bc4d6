//! Why a table cannot be captured.

use crate::config::paste;
use crate::{StorageSchema, TableName};

/// A policy that no table could have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A column's name that cannot be one.
    #[error("{list} of table {table} names the column {column:?}: {reason}")]
    Column {
        /// The table.
        table: String,
        /// The list that names it.
        list: &'static str,
        /// The name.
        column: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A key without columns.
    #[error("primary_key of table {table} is empty: name its columns, as in primary_key = [\"id\"]")]
    EmptyKey {
        /// The table.
        table: String,
    },
    /// A column cannot be left out and replaced at once.
    #[error("{} of table {table} is in both exclude and mask: keep it in one", columns.join(", "))]
    ExcludedAndMasked {
        /// The table.
        table: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// Without its key a change could not be found.
    #[error(
        "key column {} of table {table} is in {list}: a change could not be tied to its row, take it out of {list}",
        columns.join(", ")
    )]
    RedactedKey {
        /// The table.
        table: String,
        /// The list.
        list: &'static str,
        /// The columns.
        columns: Vec<String>,
    },
    /// A placeholder that could not be read or could break a line.
    #[error(
        "mask_placeholder of table {table} is {placeholder:?}: use 1 to 200 characters without control characters"
    )]
    Placeholder {
        /// The table.
        table: String,
        /// The text.
        placeholder: String,
    },
}

/// Why a table cannot be captured; no table of the same call was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The storage schema holds no audit trail, or an older one: triggers made now would fail every write.
    #[error("schema \"{schema}\" holds no audit trail of this version: install it first")]
    NotInstalled {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// There is no such table.
    #[error("table {table} does not exist: check the spelling, and write the schema as in billing.invoices")]
    NoSuchTable {
        /// The table.
        table: TableName,
    },
    /// A view, a foreign table or an index: triggers see no rows there.
    #[error("{table} is not a table: only ordinary and partitioned tables can be captured")]
    NotATable {
        /// The relation.
        table: TableName,
    },
    /// One of the trail's own tables: capturing it would never end.
    #[error("{table} belongs to the audit trail and cannot be captured")]
    OwnTable {
        /// The table.
        table: TableName,
    },
    /// The same table twice in one call.
    #[error("table {table} is there twice: name each table once")]
    Twice {
        /// The table.
        table: TableName,
    },
    /// The policy contradicts itself.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Without a key a change could not be tied to its row.
    #[error("table {table} has no primary key, and changes must be tied to their row: {}", no_key_hint(table, candidate.as_deref()))]
    NoPrimaryKey {
        /// The table.
        table: TableName,
        /// The columns of a unique index that would do, if there is one.
        candidate: Option<Vec<String>>,
    },
    /// The table has a key of its own; a second opinion would split histories.
    #[error("table {table} has the primary key ({}): remove primary_key from its policy", key.join(", "))]
    NeedlessKey {
        /// The table.
        table: TableName,
        /// Its primary key.
        key: Vec<String>,
    },
    /// The declared key is not unique.
    #[error(
        "primary_key of table {table} is ({}), and no unique index guarantees it: {}",
        declared.join(", "),
        if rejected.is_empty() { "the table has no unique index".to_owned() } else { rejected.join("; ") }
    )]
    UnprovenKey {
        /// The table.
        table: TableName,
        /// The declared columns.
        declared: Vec<String>,
        /// Each unique index and why it does not do.
        rejected: Vec<String>,
    },
    /// The policy names a column that the table does not have.
    #[error("{list} of table {table} names {}, which the table does not have: it has {}", columns.join(", "), existing.join(", "))]
    NoSuchColumn {
        /// The table.
        table: TableName,
        /// The list that names it.
        list: &'static str,
        /// The missing columns.
        columns: Vec<String>,
        /// The columns there are.
        existing: Vec<String>,
    },
    /// A generated column gives away what it is computed from.
    #[error(
        "column {column} of table {table} is generated from {redacted}, which is redacted: put it in mask or exclude as well"
    )]
    GeneratedFromRedacted {
        /// The table.
        table: TableName,
        /// The generated column.
        column: String,
        /// The redacted column.
        redacted: String,
    },
    /// The text of such a key would depend on settings of the session, or equal keys could differ in it.
    #[error(
        "key column {column} of table {table} has type {column_type}, whose text is not stable: \
         use a whole number, numeric, text, uuid, enum, date, timestamp, boolean, bytea or network address as key"
    )]
    UnsupportedKeyType {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// Its type.
        column_type: String,
    },
    /// Whoever owns a type can make a cast of it to json, and capturing a row would run it with the rights of the trail.
    #[error(
        "table {table} uses the type {type_name}, which belongs to {owner}: {owner} could run code of its own when a row is \
         captured, so change the owner of the type to that of the table"
    )]
    ForeignType {
        /// The table.
        table: TableName,
        /// The type.
        type_name: String,
        /// The role that owns it.
        owner: String,
    },
    /// The database refused or went away.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A line for threadline.toml, or what the table lacks.
fn no_key_hint(table: &TableName, candidate: Option<&[String]>) -> String {
    let Some(columns) = candidate else {
        return "add one (it has no unique index on NOT NULL columns that could serve)".to_owned();
    };
    let (section, key) = (paste::section(table), paste::primary_key(columns));
    format!(
        "add one, or let its unique index serve: write {key} into the section [{section}] of threadline.toml, or at the \
         file's top {section}.{key}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn the_hint_for_a_table_without_a_key_can_be_pasted() {
        for (table, columns) in [
            (TableName::from("tickets"), vec!["number"]),
            (TableName::from("billing.invoices"), vec!["tenant id", "größe"]),
            (TableName::new("public", "a.b\"c\\d"), vec!["e\"f\\", "g\nh\u{1b}\u{202e}\u{7f}i", "x] # y"]),
        ] {
            let columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
            let candidate = Some(columns.clone());
            let error = CaptureError::NoPrimaryKey { table: table.clone(), candidate }.to_string();
            let (rest, line) = error.split_once(" or at the file's top ").unwrap();
            let (key, section) =
                rest.split_once(": write ").unwrap().1.split_once(" into the section ").unwrap();
            let section = section.strip_suffix(" of threadline.toml,").unwrap();
            let others = "\n[capture.tables.users]\nmask = [\"email\"]\n";
            for file in
                [line.to_owned() + others, format!("[capture]\nalways = true\n{others}{section}\n{key}")]
            {
                let config = Config::from_toml(&file).unwrap();
                assert_eq!(config.policy(table.clone()).primary_key.as_ref(), Some(&columns), "{file}");
                assert_eq!(config.policy("users").mask, ["email"]);
            }
        }
    }
}
