//! Makes stored text safe to print on a terminal.
//!
//! A stored value may contain terminal commands, line breaks that forge a line of the output, and marks that disguise text. All of
//! these are printed as `\u{…}`.

use threadline::TableName;

/// Returns the text on one line, with all invisible characters escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Returns the text in double quotes, so that it cannot be mistaken for a word of the output. Escapes quotes and backslashes.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(&text.replace('\\', r"\\").replace('"', "\\\"")))
}

/// Returns a plain name unchanged and any other name in quotes.
pub(crate) fn name(text: &str) -> String {
    if !text.is_empty() && text != "NULL" && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Returns a text as one word of a shell command; none if it has invisible characters, which a terminal does not pass on.
pub(crate) fn shell_word(text: &str) -> Option<String> {
    let is_bare = |c: char| (c.is_ascii_alphanumeric() || "_-.:/@+=,%".contains(c)) && !is_hidden(c);
    if text.chars().any(is_hidden) {
        None
    } else if !text.is_empty() && text.chars().all(is_bare) {
        Some(text.to_owned())
    } else {
        Some(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

/// Returns the name of a table so that it can be passed to another command: parts that are not plain are quoted as in SQL. Only
/// invisible characters are printed differently.
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

/// Escapes invisible characters in JSON with JSON's own escapes, so the values stay the same. Outside of strings JSON allows only
/// white space of these, which is kept.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if is_hidden(character) && !character.is_ascii_whitespace() {
            for unit in character.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Returns whether a character needs no quotes.
pub(crate) fn is_plain(character: char) -> bool {
    (character.is_alphanumeric() || "_-.:/@+#".contains(character)) && !is_hidden(character)
}

/// Returns whether a character is a control character or line separator, or is invisible or reorders its neighbours.
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
    fn invisible_characters_are_escaped() {
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
    fn quotes_inside_quoted_text_are_escaped() {
        assert_eq!(quoted(r#"a" -> "b"#), r#""a\" -> \"b""#);
        assert_eq!(quoted("\\u{a}\n"), r#""\\u{a}\u{a}""#);
    }

    #[test]
    fn only_plain_names_are_unquoted() {
        for plain in ["ticket.escalated", "billing.invoices", "größe", "4711"] {
            assert_eq!(name(plain), plain);
        }
        for odd in ["", "NULL", "a b", "a=b", "a,b", "a\"b", "(none)", "a\u{200d}b", "a\u{3164}b"] {
            assert!(name(odd).starts_with('"'), "{odd:?}");
        }
    }

    #[test]
    fn shell_word_is_quoted_unless_it_is_plain() {
        for (text, word) in [
            ("user:support", Some("user:support")),
            ("id=5041", Some("id=5041")),
            ("a b", Some("'a b'")),
            ("it's", Some(r"'it'\''s'")),
            ("$(rm -rf ~)", Some("'$(rm -rf ~)'")),
            ("größe", Some("'größe'")),
            ("", Some("''")),
            ("a\u{1b}[2J", None),
            ("a\u{202e}b", None),
        ] {
            assert_eq!(shell_word(text).as_deref(), word, "{text:?}");
        }
    }

    #[test]
    fn printed_table_name_is_parsed_as_same_table() {
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
    fn escaped_json_keeps_values() {
        let json = "{\"a\": \"\u{9b}\u{202e}\u{7f}\u{e0041}\",\n \"b\": 1}";
        let safe = escaped_json(json);
        assert_eq!(safe, "{\"a\": \"\\u009b\\u202e\\u007f\\udb40\\udc41\",\n \"b\": 1}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&safe), read(json));
    }
}
