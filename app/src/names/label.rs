//! The label of a record, from a recorded change: what tells it apart for people.

use threadline::query::{Change, SearchWords};

use super::record::RecordLabel;

/// The longest label, in characters.
const MAX_LABEL_CHARS: usize = 80;

/// Returns the label that a record has in a recorded change, on one short line.
pub(super) fn recorded(words: &SearchWords, change: &Change) -> Option<RecordLabel> {
    let (column, text) = words.label(change)?;
    Some(RecordLabel { text: line(&text)?, column: Some(column.to_owned()) })
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
}
