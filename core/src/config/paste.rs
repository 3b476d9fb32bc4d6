//! Lines for a `threadline.toml`.

use crate::TableName;

/// The section of a table.
pub(crate) fn section(table: &TableName) -> String {
    format!("capture.tables.{}", quoted(&table.to_string()))
}

/// The key of a table, for its section.
pub(crate) fn primary_key(columns: &[String]) -> String {
    list("primary_key", columns)
}

/// A list of columns under a key of a table's section.
pub(crate) fn list(key: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    format!("{key} = [{}]", columns.join(", "))
}

/// A text as TOML writes it. Whatever could hide in a terminal is escaped.
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
