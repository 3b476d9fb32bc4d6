//! The key of a row as people write it on a command line: `id=42`, `order=7&line=2`, or as this program prints it.
//!
//! An address of the console writes a key as a form does, where `+` is a space. Nobody thinks of that in a terminal: here a
//! character is what it is, and only `%XX` stands for another one.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use threadline::InvalidParameter;
use threadline::query::{Filter, QueryError, RowKey};
use threadline::{AuditTrail, Scope, TableName};
use uuid::Uuid;

use crate::escape::{is_plain, table};
use crate::filters::expected;
use crate::text;

/// The longest name of a column, in bytes: PostgreSQL's.
const MAX_COLUMN_BYTES: usize = 63;

/// Reads a key. Its values are taken as they stand there, white space included.
pub(crate) fn read(text: &str) -> Result<RowKey, InvalidParameter> {
    let refused = || InvalidParameter::new("key", text, expected("key"));
    let mut key = BTreeMap::new();
    for (column, value) in printed(text).or_else(|| encoded(text)).ok_or_else(refused)? {
        let Some(value) = value else {
            let expected = format!(
                "a value: write {column}=\"NULL\" where that is a text, a row without a value in its key cannot be asked for"
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
            return Err(refused());
        }
    }
    Ok(key.into_iter().collect())
}

type Columns = Vec<(String, Option<String>)>;

/// A key as [`text::key`] prints it, `order=7,line="a b"`. What is not plain stands in quotes there, so there is one way to
/// read it. `&` may stand for the comma.
fn printed(text: &str) -> Option<Columns> {
    let mut columns = Vec::new();
    let mut rest = text;
    loop {
        let (column, after) = word(rest)?;
        let after = after.strip_prefix('=')?;
        let is_quoted = after.starts_with('"');
        let (value, after) = word(after)?;
        columns.push((column, (is_quoted || value != "NULL").then_some(value)));
        if after.is_empty() {
            return Some(columns);
        }
        rest = after.strip_prefix([',', '&'])?;
    }
}

/// A plain or a quoted word at the beginning of a text, and what stands behind it.
fn word(text: &str) -> Option<(String, &str)> {
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

/// Columns with their values, separated by `&`, with `%XX` for what could not stand there.
fn encoded(text: &str) -> Option<Columns> {
    let column = |part: &str| {
        let (column, value) = part.split_once('=')?;
        Some((decoded(column)?, Some(decoded(value)?)))
    };
    text.split('&').map(column).collect()
}

fn decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

/// The key under which the trail has the row: PostgreSQL writes a UUID in lower case, so one in upper case stands for that
/// unless there is a row with just this text.
pub(crate) async fn with_lower_case_uuids(
    trail: &AuditTrail,
    table: &TableName,
    key: RowKey,
) -> Result<RowKey, QueryError> {
    let lower = |value: &str| {
        let is_uuid = value.len() == 36 && Uuid::try_parse(value).is_ok();
        if is_uuid { value.to_ascii_lowercase() } else { value.to_owned() }
    };
    let lowered: RowKey =
        key.iter().map(|(column, value)| (column, lower(value.unwrap_or_default()))).collect();
    if lowered == key || has_history(trail, table, &key).await? { Ok(key) } else { Ok(lowered) }
}

/// Anything is recorded of the row.
async fn has_history(trail: &AuditTrail, table: &TableName, key: &RowKey) -> Result<bool, QueryError> {
    let row = Filter { table: Some(table.clone()), key: Some(key.clone()), ..Filter::default() };
    Ok(!trail.timeline(&Scope::unscoped(), &row, 1).await?.is_empty())
}

/// How many of the newest changes are asked for a key: a truncate has none.
const CHANGES_ASKED: usize = 5;

/// Why nothing may be found of a row of which nothing is recorded; nothing, where there is something.
pub(crate) async fn explain_empty(
    trail: &AuditTrail,
    named: &TableName,
    key: &RowKey,
) -> Result<String, QueryError> {
    if has_history(trail, named, key).await? {
        return Ok(String::new());
    }
    let of_table = Filter { table: Some(named.clone()), ..Filter::default() };
    let newest = trail.timeline(&Scope::unscoped(), &of_table, CHANGES_ASKED).await?;
    let example = newest.iter().map(|entry| &entry.change.key).find(|key| !key.is_empty());
    Ok(example.map_or_else(String::new, |example| {
        let (table, key) = (table(named), text::key(example));
        format!("Keys are matched by their text; the newest change of {table} has the key {key}.\n")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        read(text).unwrap().into_iter().filter_map(|(column, value)| Some((column, value?))).collect()
    }

    #[test]
    fn a_character_is_what_it_is_unless_it_is_encoded() {
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
    fn what_is_no_key_names_what_was_given_and_what_is_expected() {
        for text in
            ["", "42", "id", "=1", "id=1&", "id=1&id=2", "id=1,id=2", "id=%00", "id=%FF", "i%0Ad=1", "\"\"=1"]
        {
            let error = read(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("key is {text:?}: expected the key of a row such as id=42")),
                "{error}"
            );
        }
        let null = read("id=NULL").unwrap_err().to_string();
        assert!(null.contains("write id=\"NULL\" where that is a text"), "{null}");
        assert_eq!(pairs("id=\"NULL\""), [("id".to_owned(), "NULL".to_owned())]);
    }

    /// Every key over characters that mean something somewhere, with one column and with two.
    #[test]
    fn a_printed_key_is_read_as_the_same_key() {
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
            assert_eq!(read(&text::key(&key)), Ok(key.clone()), "{}", text::key(&key));
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
