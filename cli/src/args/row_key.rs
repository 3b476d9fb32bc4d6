//! The key of a row on the command line: `id=42`, `order=7&line=2`, or as this program prints it.
//!
//! A URL of the console encodes a key like a form, where `+` is a space. Nobody expects that in a terminal: here every character
//! stands for itself, and only `%XX` is decoded.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use threadline::InvalidParameter;
use threadline::query::{Filter, QueryError, RowKey};
use threadline::{AuditTrail, Scope, TableName};

use super::filter::expected;
use crate::escape::is_plain;

/// PostgreSQL's maximum length of a column name in bytes.
const MAX_COLUMN_BYTES: usize = 63;

/// Parses a key. Keeps white space in values.
pub(crate) fn parse(text: &str) -> Result<RowKey, InvalidParameter> {
    let invalid = || InvalidParameter::new("key", text, expected("key"));
    let mut key = BTreeMap::new();
    for (column, value) in parse_printed(text).or_else(|| parse_encoded(text)).ok_or_else(invalid)? {
        let Some(value) = value else {
            let expected = format!(
                "a value: write {column}=\"NULL\" for the text NULL; rows cannot be looked up by NULL"
            );
            return Err(InvalidParameter::new("key", text, expected));
        };
        let is_name = (1..=MAX_COLUMN_BYTES).contains(&column.len()) && !column.contains(char::is_control);
        let can_be_stored = |text: &str| !text.contains(['\0', char::REPLACEMENT_CHARACTER]);
        if !is_name
            || !can_be_stored(&column)
            || !can_be_stored(&value)
            || key.insert(column, value).is_some()
        {
            return Err(invalid());
        }
    }
    Ok(key.into_iter().collect())
}

type Columns = Vec<(String, Option<String>)>;

/// Parses a key in the form in which [`text::key`](crate::text::key) prints it: `order=7,line="a b"`. The printed form quotes
/// everything that is not plain, so it is unambiguous. Accepts `&` instead of a comma.
fn parse_printed(text: &str) -> Option<Columns> {
    let mut columns = Vec::new();
    let mut rest = text;
    loop {
        let (column, after) = parse_word(rest)?;
        let after = after.strip_prefix('=')?;
        let is_quoted = after.starts_with('"');
        let (value, after) = parse_word(after)?;
        columns.push((column, (is_quoted || value != "NULL").then_some(value)));
        if after.is_empty() {
            return Some(columns);
        }
        rest = after.strip_prefix([',', '&'])?;
    }
}

/// Parses a plain or a quoted word at the beginning of a text, and returns it with the rest.
fn parse_word(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find(|c| !is_plain(c)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut word = String::new();
    loop {
        let at = rest.find(['"', '\\'])?;
        word += &rest[..at];
        if let Some(after) = rest[at..].strip_prefix('"') {
            return Some((word, after));
        }
        let escape = &rest[at + 1..];
        (rest, word) = if let Some(after) = escape.strip_prefix("u{") {
            let (digits, after) = after.split_once('}')?;
            (after, word + char::from_u32(u32::from_str_radix(digits, 16).ok()?)?.encode_utf8(&mut [0; 4]))
        } else {
            let escaped = escape.chars().next().filter(|c| "\"\\".contains(*c))?;
            (&escape[1..], word + escaped.encode_utf8(&mut [0; 4]))
        };
    }
}

/// Parses columns with their values, separated by `&`, in which `%XX` encodes other characters.
fn parse_encoded(text: &str) -> Option<Columns> {
    let column = |part: &str| {
        let (column, value) = part.split_once('=')?;
        Some((decode(column)?, Some(decode(value)?)))
    };
    text.split('&').map(column).collect()
}

fn decode(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

/// Parses a key, or returns `None` for a text that can only be the value of a key, because it names no column.
pub(crate) fn parse_unless_bare(text: &str) -> Result<Option<RowKey>, InvalidParameter> {
    match parse(text) {
        Err(_) if !text.contains(['=', '\0']) => Ok(None),
        key => key.map(Some),
    }
}

/// Returns whether the trail has changes of a row.
pub(crate) async fn has_history(
    trail: &AuditTrail,
    table: &TableName,
    key: &RowKey,
) -> Result<bool, QueryError> {
    let row = Filter { table: Some(table.into()), key: Some(key.clone()), ..Filter::default() };
    Ok(!trail.timeline(&Scope::unscoped(), &row, 1).await?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().into_iter().filter_map(|(column, value)| Some((column, value?))).collect()
    }

    #[test]
    fn characters_stand_for_themselves_unless_encoded() {
        for (text, expected) in [
            ("email=ann+news@example.org", &[("email", "ann+news@example.org")][..]),
            ("email=tail ", &[("email", "tail ")]),
            ("email= x", &[("email", " x")]),
            ("email=ann%2Bnews%20x%26y", &[("email", "ann+news x&y")]),
            ("email=100%", &[("email", "100%")]),
            ("line=%31&order=7", &[("line", "1"), ("order", "7")]),
            ("order=7&line=", &[("line", ""), ("order", "7")]),
            ("name=Smith, John", &[("name", "Smith, John")]),
            ("name=a=b", &[("name", "a=b")]),
            ("name=\"a", &[("name", "\"a")]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(c, v)| ((*c).to_owned(), (*v).to_owned())).collect();
            assert_eq!(pairs(text), expected, "{text}");
        }
    }

    #[test]
    fn invalid_key_error_names_value_and_expected() {
        for text in
            ["", "42", "id", "=1", "id=1&", "id=1&id=2", "id=1,id=2", "id=%00", "id=%FF", "i%0Ad=1", "\"\"=1"]
        {
            let error = parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("key is {text:?}: expected the key of a record such as id=42")),
                "{error}"
            );
        }
        let null = parse("id=NULL").unwrap_err().to_string();
        assert!(null.contains("write id=\"NULL\" for the text NULL"), "{null}");
        assert_eq!(pairs("id=\"NULL\""), [("id".to_owned(), "NULL".to_owned())]);
    }

    /// Tests keys of one and two columns over all pairs of special characters.
    #[test]
    fn printed_key_is_parsed_as_same_key() {
        const PIECES: [&str; 16] = [
            "a", " ", "+", "%41", "=", ",", "&", "\"", "\\", "\\u{a}", "\n", "\u{202e}", "NULL", "ü", "{",
            "\u{1b}",
        ];
        let texts: Vec<String> = std::iter::once(String::new())
            .chain(PIECES.map(str::to_owned))
            .chain(PIECES.iter().flat_map(|one| PIECES.map(|other| format!("{one}{other}"))))
            .collect();
        let check = |columns: &[(&str, &str)]| {
            let key: RowKey = columns.iter().copied().collect();
            assert_eq!(parse(&text::key(&key)), Ok(key.clone()), "{}", text::key(&key));
        };
        for value in &texts {
            check(&[("id", value)]);
            check(&[("a b", value), ("c,\"d\"", "x=1,y")]);
            if !value.is_empty() && !value.contains(char::is_control) {
                check(&[(value, value), ("id", "1")]);
            }
        }
    }
}
