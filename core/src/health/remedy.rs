//! Commands that fix findings.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::capture::{CaptureMode, identifier, relation};
use crate::{StorageSchema, TableName};

/// A command that fixes a finding. It displays as the exact text to run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Generates the capture triggers of a table again: `threadline gen triggers`, in the directory of `threadline.toml`.
    GenerateTriggers {
        /// The table.
        table: TableName,
        /// The storage schema of the trail that captures it.
        storage_schema: StorageSchema,
        /// The capture mode to pass; `None` leaves it to `threadline.toml`.
        mode: Option<CaptureMode>,
        /// True if replicated writes are captured as well.
        always: bool,
    },
    /// Runs SQL in the database, as the owner of what it names or as a superuser.
    Sql(String),
}

impl Remedy {
    /// Returns the language of the command: `shell` or `sql`.
    #[must_use]
    pub const fn language(&self) -> &'static str {
        match self {
            Self::GenerateTriggers { .. } => "shell",
            Self::Sql(_) => "sql",
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (table, storage_schema, mode, always) = match self {
            Self::GenerateTriggers { table, storage_schema, mode, always } => {
                (table, storage_schema, mode, *always)
            }
            Self::Sql(sql) => return f.write_str(sql),
        };
        // A name that begins with a hyphen would be read as another option.
        let table = table.to_string();
        let separator = if table.starts_with('-') { '=' } else { ' ' };
        write!(f, "threadline gen triggers --tables{separator}{}", shell_word(&table))?;
        if let Some(mode) = mode.filter(|mode| *mode != CaptureMode::default()) {
            write!(f, " --capture {}", mode.as_str())?;
        }
        if *storage_schema != StorageSchema::default() {
            write!(f, " --storage-schema {storage_schema}")?;
        }
        if always {
            f.write_str(" --always")?;
        }
        f.write_str(" --apply")
    }
}

impl Serialize for Remedy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Object {
            language: &'static str,
            text: String,
        }
        Object { language: self.language(), text: self.to_string() }.serialize(serializer)
    }
}

/// Returns `ALTER TABLE … ENABLE TRIGGER …` for several triggers, each with its clause, such as `ENABLE ALWAYS TRIGGER`.
pub(super) fn enable_triggers(table: &TableName, triggers: &[(&str, &str)]) -> String {
    let clauses = triggers.iter().map(|(clause, name)| format!("{clause} {}", identifier(name)));
    format!("ALTER TABLE {} {};", relation(table), clauses.collect::<Vec<_>>().join(", "))
}

/// Returns a `DROP TRIGGER` statement for each trigger.
pub(super) fn drop_triggers(table: &TableName, triggers: &[&str]) -> String {
    let drop = |name: &&str| format!("DROP TRIGGER {} ON {};", identifier(name), relation(table));
    triggers.iter().map(drop).collect::<Vec<_>>().join(" ")
}

/// Returns a role as SQL names it; `None` is `PUBLIC`.
pub(super) fn role(name: Option<&str>) -> String {
    name.map_or_else(|| "PUBLIC".to_owned(), identifier)
}

/// Quotes a word for a POSIX shell where it needs quotes.
fn shell_word(text: &str) -> String {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generate_triggers(table: TableName) -> Remedy {
        let storage_schema = StorageSchema::default();
        Remedy::GenerateTriggers { table, storage_schema, mode: None, always: false }
    }

    #[test]
    fn schema_with_dot_is_quoted_for_command_line() {
        let remedy = generate_triggers(TableName::new("acme.example", "orders"));
        assert_eq!(remedy.to_string(), r#"threadline gen triggers --tables '"acme.example".orders' --apply"#);
    }

    #[test]
    fn table_name_with_shell_syntax_stays_one_word() {
        let remedy = generate_triggers(TableName::new("public", "x; rm -rf '$HOME'"));
        assert_eq!(remedy.to_string(), r"threadline gen triggers --tables 'x; rm -rf '\''$HOME'\''' --apply");
    }
}
