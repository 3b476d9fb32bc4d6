//! Writes lines of a `threadline.toml` for messages.

use crate::TableName;

/// Returns the name of a table's section.
pub(crate) fn section(table: &TableName) -> String {
    format!("capture.tables.{}", quoted(&table.to_string()))
}

/// Returns the line that sets the key columns in a table's section.
pub(crate) fn primary_key(columns: &[String]) -> String {
    list("primary_key", columns)
}

/// Returns the line that sets a list of columns in a table's section.
pub(crate) fn list(key: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    format!("{key} = [{}]", columns.join(", "))
}

/// Quotes a text for TOML. Escapes every character that could be invisible in a terminal.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ if character.is_alphanumeric() => quoted.push(character),
            _ => quoted += &format!("\\U{:08x}", u32::from(character)),
        }
    }
    quoted + "\""
}
