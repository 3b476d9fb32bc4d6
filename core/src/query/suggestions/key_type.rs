//! The types of key columns, and their values as people write them.

use uuid::Uuid;

use super::names::singular;
use super::numbers::typed_number;
use crate::TableName;

/// The longest text of a key column, in bytes, that is tried in other spellings.
const MAX_TEXT_BYTES: usize = 256;

/// The values of a key column, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyType {
    /// Whole numbers from the first to the last.
    Integer(i64, i64),
    /// Numbers with digits after the point, or without.
    Number,
    /// UUIDs.
    Uuid,
    /// Any text, or a type whose values are compared as they are written.
    Other,
}

impl KeyType {
    pub(super) fn of(type_name: &str) -> Self {
        match type_name {
            "int2" => Self::Integer(i64::from(i16::MIN), i64::from(i16::MAX)),
            "int4" => Self::Integer(i64::from(i32::MIN), i64::from(i32::MAX)),
            "int8" => Self::Integer(i64::MIN, i64::MAX),
            "numeric" | "float4" | "float8" => Self::Number,
            "uuid" => Self::Uuid,
            _ => Self::Other,
        }
    }

    /// Returns a description of the values, such as `numbers`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Integer(..) | Self::Number => "numbers",
            Self::Uuid => "UUIDs",
            Self::Other => "texts",
        }
    }

    /// Reads a value in the form in which PostgreSQL writes it.
    pub(super) fn read(self, text: &str, names: &[String]) -> ReadValue {
        let trimmed = text.trim();
        match self {
            Self::Integer(min, max) => {
                let typed = trimmed.parse::<i128>().ok().map(|number| (number, false));
                let typed = typed
                    .or_else(|| typed_number(text, names).map(|typed| (typed.number, typed.has_other_label)));
                match typed.filter(|(number, _)| (i128::from(min)..=i128::from(max)).contains(number)) {
                    Some((number, false)) => ReadValue::Value(number.to_string()),
                    Some((number, true)) => ReadValue::Wrong(Some(number.to_string())),
                    None => ReadValue::Wrong(None),
                }
            }
            Self::Number if trimmed.parse::<f64>().is_ok() => ReadValue::Value(trimmed.to_owned()),
            Self::Number => match typed_number(text, names) {
                Some(typed) if !typed.has_other_label => ReadValue::Value(typed.number.to_string()),
                typed => ReadValue::Wrong(typed.map(|typed| typed.number.to_string())),
            },
            Self::Uuid => match Uuid::try_parse(without_label(trimmed, names).trim_matches(['{', '}'])) {
                Ok(uuid) => ReadValue::Value(uuid.hyphenated().to_string()),
                Err(_) => ReadValue::Wrong(None),
            },
            Self::Other => ReadValue::Value(text.to_owned()),
        }
    }
}

/// A value of a key column as it was read.
pub(super) enum ReadValue {
    Value(String),
    /// The type cannot hold the text. It may contain a value that was meant.
    Wrong(Option<String>),
}

/// Returns a text without the name of the record before it, such as `id: ` or `#`.
fn without_label<'t>(text: &'t str, names: &[String]) -> &'t str {
    let unmarked = |text: &'t str| text.trim_start_matches(|c: char| c.is_whitespace() || "#:=".contains(c));
    let text = unmarked(text);
    let label = names.iter().map(String::as_str).chain(["id"]).find_map(|name| {
        let rest = text.get(name.len()..)?;
        let is_label = text[..name.len()].eq_ignore_ascii_case(name)
            && rest.starts_with(|c: char| c.is_whitespace() || "#:=".contains(c));
        is_label.then(|| unmarked(rest))
    });
    label.unwrap_or(text)
}

/// Returns other spellings of a text that is a key by itself.
pub(super) fn spellings(text: &str, names: &[String]) -> Vec<String> {
    if text.len() > MAX_TEXT_BYTES {
        return Vec::new();
    }
    let trimmed = text.trim();
    let bare = without_label(trimmed, names);
    let mut spellings = Vec::new();
    for spelling in [trimmed, bare] {
        spellings.extend([spelling.to_owned(), spelling.to_lowercase(), spelling.to_uppercase()]);
    }
    let mut unique: Vec<String> = Vec::new();
    for spelling in spellings {
        if spelling != text && !spelling.is_empty() && !unique.contains(&spelling) {
            unique.push(spelling);
        }
    }
    unique
}

/// Returns the names that people put before a key of the table: those of the table and of the column, and their singulars.
pub(super) fn labels(table: &TableName, column: &str) -> Vec<String> {
    let spaced = table.name().to_lowercase().replace(['_', '-', '.'], " ");
    let (head, last) = spaced.rsplit_once(' ').unwrap_or(("", &spaced));
    let one = format!("{head} {}", singular(last)).trim().to_owned();
    let mut labels =
        vec![table.name().to_lowercase(), one.replace(' ', "_"), spaced, one, column.to_lowercase()];
    labels.dedup();
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_read_by_the_type_of_its_column() {
        let names = labels(&"tickets".into(), "id");
        let uuid = "0193c2aa-0000-7000-8000-00000000008d";
        for (type_name, text, expected) in [
            ("int8", "5041", Ok("5041")),
            ("int8", "#5,041", Ok("5041")),
            ("int8", "05041", Ok("5041")),
            ("int8", "ticket 5041", Ok("5041")),
            ("int8", "-5", Ok("-5")),
            ("int8", "abc", Err(None)),
            ("int8", "5.5", Err(None)),
            ("int8", "", Err(None)),
            ("int8", "Invoice 8841", Err(Some("8841"))),
            ("int8", "9223372036854775808", Err(None)),
            ("int4", "2147483648", Err(None)),
            ("int2", "32767", Ok("32767")),
            ("numeric", "1.50", Ok("1.50")),
            ("numeric", "#5041", Ok("5041")),
            ("numeric", "abc", Err(None)),
            ("uuid", "0193C2AA-0000-7000-8000-00000000008D", Ok(uuid)),
            ("uuid", "{0193c2aa00007000800000000000008d}", Ok(uuid)),
            ("uuid", "id: 0193c2aa-0000-7000-8000-00000000008d", Ok(uuid)),
            ("uuid", "42", Err(None)),
            ("text", " #05041 ", Ok(" #05041 ")),
            ("date", "2026-11-22", Ok("2026-11-22")),
        ] {
            let read = match KeyType::of(type_name).read(text, &names) {
                ReadValue::Value(value) => Ok(value),
                ReadValue::Wrong(meant) => Err(meant),
            };
            let expected =
                expected.map(str::to_owned).map_err(|meant: Option<&str>| meant.map(str::to_owned));
            assert_eq!(read, expected, "{type_name} {text:?}");
        }
    }

    #[test]
    fn labels_name_the_table_and_the_column() {
        let labels = |table: &str| labels(&table.parse().unwrap(), "Id");
        assert_eq!(labels("tickets"), ["tickets", "ticket", "tickets", "ticket", "id"]);
        assert!(labels("billing.Ticket_Replies").contains(&"ticket reply".to_owned()));
        assert!(labels("billing.Ticket_Replies").contains(&"ticket_reply".to_owned()));
    }

    #[test]
    fn text_is_tried_in_few_other_spellings() {
        let names = labels(&"users".into(), "email");
        assert_eq!(
            spellings(" Email: Ann@X ", &names),
            ["Email: Ann@X", "email: ann@x", "EMAIL: ANN@X", "Ann@X", "ann@x", "ANN@X"]
        );
        assert_eq!(spellings("ann", &names), ["ANN"]);
        assert!(spellings(&"x".repeat(257), &names).is_empty());
    }
}
