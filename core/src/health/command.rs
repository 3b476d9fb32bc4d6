//! The texts of commands, whatever the names in them.

use super::finding::Command;
use crate::capture::{CaptureMode, identifier, relation};
use crate::{StorageSchema, TableName};

/// `threadline gen triggers` for one table, with a mode and further options.
pub(super) fn generate(
    storage: &StorageSchema,
    table: &TableName,
    mode: Option<CaptureMode>,
    options: &str,
) -> Command {
    let mut text = format!("threadline gen triggers --tables {}", shell_word(&table.to_string()));
    if let Some(mode) = mode.filter(|mode| *mode != CaptureMode::default()) {
        text += &format!(" --capture {}", mode.as_str());
    }
    if *storage != StorageSchema::default() {
        text += &format!(" --storage-schema {storage}");
    }
    Command::Shell(text + options + " --apply")
}

/// `ALTER TABLE … ENABLE TRIGGER …`, each trigger with the word that goes before it.
pub(super) fn enable(table: &TableName, triggers: &[(&str, &str)]) -> String {
    let parts = triggers.iter().map(|(how, name)| format!("{how} {}", identifier(name)));
    format!("ALTER TABLE {} {};", relation(table), parts.collect::<Vec<_>>().join(", "))
}

/// `DROP TRIGGER …` for each.
pub(super) fn drop_triggers(table: &TableName, triggers: &[&str]) -> String {
    let drop = |name: &&str| format!("DROP TRIGGER {} ON {};", identifier(name), relation(table));
    triggers.iter().map(drop).collect::<Vec<_>>().join(" ")
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
    fn a_dotted_schema_is_quoted_as_the_command_reads_it() {
        let table = TableName::new("acme.example", "orders");
        let command = generate(&StorageSchema::default(), &table, None, "");
        assert_eq!(command.text(), r#"threadline gen triggers --tables '"acme.example".orders' --apply"#);
    }

    #[test]
    fn a_hostile_name_stays_one_word() {
        let table = TableName::new("public", "x; rm -rf '$HOME'");
        let command = generate(&StorageSchema::default(), &table, None, "");
        assert_eq!(command.text(), r"threadline gen triggers --tables 'x; rm -rf '\''$HOME'\''' --apply");
    }
}
