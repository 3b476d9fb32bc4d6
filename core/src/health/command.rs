//! The texts of commands, whatever the names in them.

use super::finding::Command;
use crate::capture::{CaptureMode, StoredPolicy, identifier, relation};
use crate::{Config, StorageSchema, TableName};

/// `threadline gen triggers` for one table. A mode that is deployed and that the file leaves open stays as it is.
pub(super) fn generate(
    storage: &StorageSchema,
    config: &Config,
    table: &TableName,
    deployed: Option<&StoredPolicy>,
) -> Command {
    let kept = deployed.map(|policy| policy.mode).filter(|_| config.policy(table.clone()).mode.is_none());
    generate_with(storage, table, kept, "")
}

/// The same with a mode and further options.
pub(super) fn generate_with(
    storage: &StorageSchema,
    table: &TableName,
    mode: Option<CaptureMode>,
    options: &str,
) -> Command {
    let mut text = format!("threadline gen triggers --tables {}", shell_word(&table.to_string()));
    if let Some(mode) = mode.filter(|mode| *mode != CaptureMode::default()) {
        text += &format!(" --capture {}", mode.name());
    }
    if *storage != StorageSchema::default() {
        text += &format!(" --storage-schema {storage}");
    }
    Command::Shell(text + options + " --apply")
}

/// `ALTER TABLE … ENABLE TRIGGER …`, each trigger with the word that goes before it.
pub(super) fn enable(table: &TableName, triggers: &[(&str, &str)]) -> Command {
    let parts = triggers.iter().map(|(how, name)| format!("{how} {}", identifier(name)));
    Command::Sql(format!("ALTER TABLE {} {};", relation(table), parts.collect::<Vec<_>>().join(", ")))
}

/// A role as SQL names it.
pub(super) fn role(name: Option<&str>) -> String {
    name.map_or_else(|| "PUBLIC".to_owned(), identifier)
}

/// A word that a POSIX shell takes as it is.
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

    #[test]
    fn a_hostile_name_stays_one_word() {
        let command = generate(
            &StorageSchema::default(),
            &Config::default(),
            &TableName::new("public", "x; rm -rf '$HOME'"),
            None,
        );
        assert_eq!(command.text(), r"threadline gen triggers --tables 'x; rm -rf '\''$HOME'\''' --apply");
    }
}
