//! The label of a record, from a recorded change: what tells it apart for people.

use threadline::TableWords;
use threadline::query::{Change, FieldValue};

use super::record::RecordLabel;
use super::words::TableNames;

/// The longest label, in characters.
const MAX_LABEL_CHARS: usize = 80;

/// Returns the label that a record has in a recorded change. A column of the key tells nothing that the key does not tell, and a
/// redacted one has no value to show.
pub(super) fn recorded(words: &TableNames, change: &Change) -> Option<RecordLabel> {
    let from = |column: &str| {
        let may_show =
            !change.key.contains(column) && !words.redacted.iter().any(|redacted| redacted == column);
        let value = may_show.then(|| change.recorded_value(column))??;
        let text = value_as_label(words, value)?;
        Some(RecordLabel { text, column: Some(column.to_owned()) })
    };
    match &words.label {
        Some(columns) => columns.iter().find_map(|column| from(column)),
        None => TableWords::USUAL_LABELS.into_iter().find_map(from),
    }
}

fn value_as_label(words: &TableNames, value: FieldValue) -> Option<String> {
    match value {
        FieldValue::Text(text) if words.is_placeholder(&text) => None,
        FieldValue::Text(text) | FieldValue::Number(text) | FieldValue::Shortened { start: text, .. } => {
            line(&text)
        }
        _ => None,
    }
}

/// Makes a short line of a text: without blanks at its ends, one blank for several, and an ellipsis for what is too long. Returns
/// `None` for a blank text.
pub(super) fn line(text: &str) -> Option<String> {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let separator = usize::from(!line.is_empty());
        let rest = MAX_LABEL_CHARS.saturating_sub(length + separator);
        let chars = word.chars().count();
        if chars > rest {
            line.extend((separator == 1 && rest > 0).then_some(' '));
            line.extend(word.chars().take(rest));
            line.push('…');
            return Some(line);
        }
        line.extend((separator == 1).then_some(' '));
        line.push_str(word);
        length += separator + chars;
    }
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_is_one_short_line() {
        let (x, long) = ("x".repeat(80), "ab ".repeat(40));
        for (text, expected) in [
            ("", None),
            (" \n\t\u{a0}", None),
            ("Invoice 8841", Some("Invoice 8841".to_owned())),
            ("  two\r\n lines\t ", Some("two lines".to_owned())),
            ("\u{202e}evil", Some("\u{202e}evil".to_owned())),
            (&x, Some(x.clone())),
            (&format!("{x}y"), Some(format!("{x}…"))),
            (&format!("{x} y"), Some(format!("{x}…"))),
            (&long, Some(format!("{}ab…", "ab ".repeat(26)))),
            (&"é".repeat(100), Some(format!("{}…", "é".repeat(80)))),
        ] {
            let label = line(text);
            assert_eq!(label, expected, "{text}");
            assert!(label.is_none_or(|label| label.chars().count() <= MAX_LABEL_CHARS + 1));
        }
    }

    #[test]
    fn only_texts_and_numbers_are_labels() {
        let words = TableNames { placeholder: "-".to_owned(), ..TableNames::default() };
        let text = |text: &str| FieldValue::Text(text.to_owned());
        for (value, expected) in [
            (text("Printer"), Some("Printer")),
            (text("-"), None),
            (text("[REDACTED]"), None),
            (FieldValue::Number("8841".to_owned()), Some("8841")),
            (FieldValue::Shortened { start: "Long".to_owned(), bytes: 100_000 }, Some("Long")),
            (FieldValue::Null, None),
            (FieldValue::Bool(true), None),
            (FieldValue::Json("[1]".to_owned()), None),
            (FieldValue::Omitted, None),
        ] {
            assert_eq!(value_as_label(&words, value.clone()).as_deref(), expected, "{value:?}");
        }
    }
}
