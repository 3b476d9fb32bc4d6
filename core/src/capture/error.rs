//! Why a table cannot be captured.

use std::time::Duration;

use super::PolicyError;
use crate::config::paste;
use crate::lock::{self, BlockingSession};
use crate::{StorageSchema, TableName, describe_database_error};

/// Why a table cannot be captured. No table of the same call was changed, unless it is
/// [`Incomplete`](CaptureError::Incomplete).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The encoding of the database is not UTF8.
    #[error(
        "the database has the encoding {encoding}, and an audit trail needs UTF8: load a dump of it into a database made with \
         CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'"
    )]
    Encoding {
        /// What PostgreSQL calls it.
        encoding: String,
    },
    /// The storage schema holds no audit trail: triggers made now would fail every write.
    #[error("schema {schema} holds no audit trail: install it first")]
    NotInstalled {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// The storage schema holds an audit trail of an earlier version.
    #[error("schema {schema} holds no audit trail of this version: install it first")]
    Outdated {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// A newer version of this library made the trail.
    #[error("the audit trail in schema {schema} was made by a newer version of Threadline: use that version")]
    Newer {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// The schema holds a trail that belongs to the Elixir library.
    #[error(
        "schema {schema} holds an audit trail that the Elixir library keeps: it can be read as it is, and its capture stays \
         with that library; to capture with this one, install a trail into a schema of its own (--storage-schema)"
    )]
    ElixirTrail {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// Some of the tables are captured now, and others are not.
    #[error("{source}; {}not captured: {}", captured_before(captured), list(not_captured))]
    Incomplete {
        /// The tables that are captured as it was asked for.
        captured: Vec<TableName>,
        /// The others; the first one could not be captured.
        not_captured: Vec<TableName>,
        /// Why not.
        source: Box<Self>,
    },
    /// A lock on the table was not free in time.
    #[error("{} in use, {}", are(tables), lock::describe(*timeout, sessions))]
    LockTimeout {
        /// The table, with those that had to be locked together with it.
        tables: Vec<TableName>,
        /// How long it was waited.
        timeout: Duration,
        /// Who holds locks there.
        sessions: Vec<BlockingSession>,
    },
    /// Others took the same locks in another order, again and again.
    #[error(
        "{} written to by so many transactions at once that each of {attempts} attempts ended in a deadlock: try again when \
         there are fewer of them ({})",
        are(tables),
        describe_database_error(source)
    )]
    Deadlock {
        /// The table, with those that had to be locked together with it.
        tables: Vec<TableName>,
        /// How often it was tried.
        attempts: u32,
        /// What the database said.
        source: sqlx::Error,
    },
    /// There is no such table.
    #[error(
        "table {table} does not exist: check the spelling, and write the schema as in billing.invoices, a part with a dot \
         in double quotes"
    )]
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
    /// The database refused or went away.
    #[error("{}", describe_database_error(.0))]
    Database(#[from] sqlx::Error),
}

fn list(tables: &[TableName]) -> String {
    tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn captured_before(tables: &[TableName]) -> String {
    if tables.is_empty() { String::new() } else { format!("captured: {}; ", list(tables)) }
}

/// The subject of a sentence with its verb.
fn are(tables: &[TableName]) -> String {
    match tables {
        [table] => format!("table {table} is"),
        several => format!("tables {} are", list(several)),
    }
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
