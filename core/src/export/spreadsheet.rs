//! What keeps a spreadsheet from taking a value for a formula.

use std::borrow::Cow;

use serde::Serialize;

/// What begins a formula, in some spreadsheet of some language.
const BEGINS_FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// After which a spreadsheet that expects another separator than ours, or that does not know quotes, begins a cell.
const BEGINS_CELL: [char; 4] = [';', '\t', '\r', '\n'];

/// A text with an apostrophe wherever a formula could begin.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if !text.contains(BEGINS_FORMULA) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for character in text.chars() {
        if begins && BEGINS_FORMULA.contains(&character) {
            safe.push('\'');
        }
        begins = BEGINS_CELL.contains(&character);
        safe.push(character);
    }
    Cow::Owned(safe)
}

/// JSON that holds no semicolon. Outside of its strings JSON has none; within, any character may be written by its number.
/// Control characters always are, and its first character begins no formula.
pub(super) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string(value)?;
    Ok(if json.contains(';') { json.replace(';', "\\u003b") } else { json })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_as_a_formula() {
        for (given, written) in [
            ("tickets", "tickets"),
            ("a-b", "a-b"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("a;=1;b", "a;'=1;b"),
            ("\t=1", "\t'=1"),
            ("a\r\n-1", "a\r\n'-1"),
            ("", ""),
        ] {
            assert_eq!(text(given), written, "{given:?}");
        }
    }

    #[test]
    fn json_means_the_same_without_its_semicolons() {
        let value = serde_json::json!({ "a;b": [";=1+1;", "\\;", "\t=1"], "n": -1 });
        let written = json(&value).unwrap();
        assert!(!written.contains([';', '\t']), "{written}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
    }
}
