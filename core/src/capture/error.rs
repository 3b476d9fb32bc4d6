//! The errors of capturing tables.

use std::time::Duration;

use super::PolicyError;
use crate::config::toml_snippet;
use crate::lock::{self, BlockingSession};
use crate::{StorageSchema, TableName, describe_database_error};

/// An error of capturing tables. No table of the call was changed, unless the error is
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
        /// The name of the encoding.
        encoding: String,
    },
    /// The storage schema holds no audit trail, so triggers made now would make every write fail.
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
    /// A newer version of this library installed the trail.
    #[error("the audit trail in schema {schema} was made by a newer version of Threadline: use that version")]
    Newer {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// The Elixir library installed the trail in the schema.
    #[error(
        "schema {schema} holds an audit trail of the Elixir library: it can be read, but only that library captures into it; \
         to capture with this one, install a trail in another schema (--storage-schema)"
    )]
    ElixirTrail {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// Some of the tables are captured now, and others are not.
    #[error("{source}; {}not captured: {}", captured_before(captured), list(not_captured))]
    Incomplete {
        /// The tables that are captured with the new policy.
        captured: Vec<TableName>,
        /// The other tables, beginning with the one that failed.
        not_captured: Vec<TableName>,
        /// The error of the first of them.
        source: Box<Self>,
    },
    /// The lock on the table was not granted in time.
    #[error("{} in use, {}", tables_are(tables), lock::describe(*timeout, sessions))]
    LockTimeout {
        /// The table, and the tables that are locked together with it.
        tables: Vec<TableName>,
        /// The lock timeout.
        timeout: Duration,
        /// The sessions that hold conflicting locks.
        sessions: Vec<BlockingSession>,
    },
    /// Every attempt ended in a deadlock with other transactions.
    #[error(
        "{} written to by so many transactions at once that each of {attempts} attempts ended in a deadlock: try again when \
         there are fewer of them ({})",
        tables_are(tables),
        describe_database_error(source)
    )]
    Deadlock {
        /// The table, and the tables that are locked together with it.
        tables: Vec<TableName>,
        /// The number of attempts.
        attempts: u32,
        /// The error of the last attempt.
        source: sqlx::Error,
    },
    /// The table does not exist.
    #[error(
        "table {table} does not exist: check the spelling, and write the schema as in billing.invoices, a part with a dot \
         in double quotes"
    )]
    NoSuchTable {
        /// The table.
        table: TableName,
    },
    /// The relation is a view, a foreign table or an index, where triggers see no rows.
    #[error("{table} is not a table: only ordinary and partitioned tables can be captured")]
    NotATable {
        /// The relation.
        table: TableName,
    },
    /// The table belongs to the audit trail, and capturing it would recurse.
    #[error("{table} belongs to the audit trail and cannot be captured")]
    AuditTable {
        /// The table.
        table: TableName,
    },
    /// The call names the same table twice.
    #[error("table {table} is listed twice: name each table once")]
    DuplicateTable {
        /// The table.
        table: TableName,
    },
    /// The policy contradicts itself.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The table has no primary key, and the policy declares no key.
    #[error("table {table} has no primary key, and changes must be tied to their row: {}", no_key_hint(table, candidate.as_deref()))]
    NoPrimaryKey {
        /// The table.
        table: TableName,
        /// The columns of a unique index that can serve as the key, if there is one.
        candidate: Option<Vec<String>>,
    },
    /// The policy declares a key for a table with a primary key. Two keys would split the histories of its rows.
    #[error("table {table} has the primary key ({}): remove primary_key from its policy", key.join(", "))]
    RedundantKey {
        /// The table.
        table: TableName,
        /// Its primary key.
        key: Vec<String>,
    },
    /// No unique index guarantees the declared key.
    #[error(
        "primary_key of table {table} is ({}), and no unique index guarantees it: {}",
        declared.join(", "),
        if rejected.is_empty() { "the table has no unique index".to_owned() } else { rejected.join("; ") }
    )]
    KeyNotUnique {
        /// The table.
        table: TableName,
        /// The declared columns.
        declared: Vec<String>,
        /// Each unique index, with the reason why it does not guarantee the key.
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
        /// The columns of the table.
        existing: Vec<String>,
    },
    /// A captured column is generated from a redacted one and would reveal it.
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
    /// The type of a key column has no stable text: it depends on settings, or equal values can have different texts.
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
    /// The database returned an error, or the connection failed.
    #[error("{}", describe_database_error(.0))]
    Database(#[from] sqlx::Error),
}

fn list(tables: &[TableName]) -> String {
    tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn captured_before(tables: &[TableName]) -> String {
    if tables.is_empty() { String::new() } else { format!("captured: {}; ", list(tables)) }
}

/// Returns the tables as the subject of a sentence, with its verb.
fn tables_are(tables: &[TableName]) -> String {
    match tables {
        [table] => format!("table {table} is"),
        several => format!("tables {} are", list(several)),
    }
}

/// Returns the line for threadline.toml that makes the candidate the key, or what the table lacks.
fn no_key_hint(table: &TableName, candidate: Option<&[String]>) -> String {
    let Some(columns) = candidate else {
        return "add one (it has no unique index on NOT NULL columns that could serve)".to_owned();
    };
    let (section, key) = (toml_snippet::section(table), toml_snippet::primary_key(columns));
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
    fn no_primary_key_error_has_a_line_that_threadline_toml_accepts() {
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
