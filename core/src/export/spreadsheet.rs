//! Escaping of values that a spreadsheet would take for a formula.

use std::borrow::Cow;

use serde::Serialize;

/// The characters that begin a formula in some spreadsheet of some language.
const FORMULA_PREFIXES: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// The characters after which a spreadsheet begins a cell if it expects another separator than ours, or ignores quotes.
const CELL_SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// Returns the text with an apostrophe wherever a formula could begin.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if !text.contains(FORMULA_PREFIXES) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 1);
    let mut begins_cell = true;
    for character in text.chars() {
        if begins_cell && FORMULA_PREFIXES.contains(&character) {
            safe.push('\'');
        }
        begins_cell = CELL_SEPARATORS.contains(&character);
        safe.push(character);
    }
    Cow::Owned(safe)
}

/// Returns JSON without a semicolon. JSON has none outside of strings, and within a string it may be escaped. Control characters
/// always are escaped, and the first character of JSON begins no formula.
pub(super) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string(value)?;
    Ok(if json.contains(';') { json.replace(';', "\\u003b") } else { json })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formula_is_escaped_wherever_a_cell_could_begin() {
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
    fn json_without_semicolons_has_the_same_value() {
        let value = serde_json::json!({ "a;b": [";=1+1;", "\\;", "\t=1"], "n": -1 });
        let written = json(&value).unwrap();
        assert!(!written.contains([';', '\t']), "{written}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
    }
}
