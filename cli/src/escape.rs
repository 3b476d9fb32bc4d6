//! Text that other people wrote, made safe to show on a terminal.
//!
//! A stored value may hold terminal commands, line ends that would forge a line of ours, and marks that make text look like
//! another. All of these are shown as `\u{…}`.

use threadline::TableName;

/// The text on one line, with everything hidden made visible.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The text in double quotes, so that it cannot be taken for a word of ours: quotes and backslashes inside are escaped.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(&text.replace('\\', r"\\").replace('"', "\\\"")))
}

/// A name as it is where that is plain, else quoted, so that it ends where it seems to end.
pub(crate) fn name(text: &str) -> String {
    if !text.is_empty() && text != "NULL" && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A table so that it can be given to a command again: each part as it is where that is plain, else quoted as in SQL. Only
/// hidden characters are shown otherwise than they are written.
pub(crate) fn table(table: &TableName) -> String {
    let part = |text: &str| {
        if !text.is_empty() && text.chars().all(|c| is_plain(c) && c != '.') {
            text.to_owned()
        } else {
            format!("\"{}\"", escaped(&text.replace('"', "\"\"")))
        }
    };
    match table.schema() {
        "public" => part(table.name()),
        schema => format!("{}.{}", part(schema), part(table.name())),
    }
}

/// JSON with the same characters as JSON's own escapes: the values stay equal. Outside of strings JSON knows no such
/// characters but white space, which stays.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if is_hidden(character) && !character.is_ascii_whitespace() {
            for unit in character.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A character that means nothing to this program.
pub(crate) fn is_plain(character: char) -> bool {
    (character.is_alphanumeric() || "_-.:/@+#".contains(character)) && !is_hidden(character)
}

/// Control characters, line separators, and what shows nothing or reorders its neighbours.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_stays_hidden() {
        for (text, shown) in [
            ("plain ü 漢字 👍", "plain ü 漢字 👍"),
            ("a\nb\r\tc", r"a\u{a}b\u{d}\u{9}c"),
            ("\u{1b}[2J\u{9b}2J\u{7f}\0", r"\u{1b}[2J\u{9b}2J\u{7f}\u{0}"),
            ("\u{202a}\u{202e}\u{2066}\u{2069}", r"\u{202a}\u{202e}\u{2066}\u{2069}"),
            ("\u{200b}\u{200d}\u{2060}\u{feff}\u{2028}", r"\u{200b}\u{200d}\u{2060}\u{feff}\u{2028}"),
        ] {
            assert_eq!(escaped(text), shown);
        }
    }

    #[test]
    fn a_quoted_text_ends_at_its_quote() {
        assert_eq!(quoted(r#"a" -> "b"#), r#""a\" -> \"b""#);
        assert_eq!(quoted("\\u{a}\n"), r#""\\u{a}\u{a}""#);
    }

    #[test]
    fn only_plain_names_go_without_quotes() {
        for plain in ["ticket.escalated", "billing.invoices", "größe", "4711"] {
            assert_eq!(name(plain), plain);
        }
        for odd in ["", "NULL", "a b", "a=b", "a,b", "a\"b", "(none)", "a\u{200d}b", "a\u{3164}b"] {
            assert!(name(odd).starts_with('"'), "{odd:?}");
        }
    }

    #[test]
    fn a_table_is_shown_as_it_can_be_given() {
        for (schema, name, shown) in [
            ("public", "tickets", "tickets"),
            ("billing", "invoices", "billing.invoices"),
            ("acme.example", "orders", r#""acme.example".orders"#),
            ("public", "a b", r#""a b""#),
            ("public", "a.b", r#""a.b""#),
            ("x\"y", "a=b", r#""x""y"."a=b""#),
            ("public", "a,b", r#""a,b""#),
        ] {
            let named = TableName::new(schema, name);
            assert_eq!(table(&named), shown);
            assert_eq!(TableName::list(shown), Ok(vec![named]));
        }
        assert_eq!(table(&TableName::new("public", "a\n\u{202e}b")), r#""a\u{a}\u{202e}b""#);
    }

    #[test]
    fn escaped_json_means_the_same() {
        let json = "{\"a\": \"\u{9b}\u{202e}\u{7f}\u{e0041}\",\n \"b\": 1}";
        let safe = escaped_json(json);
        assert_eq!(safe, "{\"a\": \"\\u009b\\u202e\\u007f\\udb40\\udc41\",\n \"b\": 1}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&safe), read(json));
    }
}
