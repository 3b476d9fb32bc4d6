//! The name of a captured table.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::InvalidParameter;
use crate::capture::identifier;

/// The name of a table with its schema.
///
/// Written `tickets` in schema `public`, `billing.invoices` elsewhere: `name` is a table of schema `public`, and `schema.name`
/// is split at the first dot. A part in double quotes is taken literally, as in SQL, with quotes doubled inside:
/// `"acme.example".orders`.
///
/// ```
/// use threadline::TableName;
///
/// let table: TableName = "billing.invoices".parse()?;
/// assert_eq!((table.schema(), table.name()), ("billing", "invoices"));
/// assert_eq!("public.tickets".parse(), Ok(TableName::new("public", "tickets")));
/// assert_eq!(r#""acme.example".orders"#.parse(), Ok(TableName::new("acme.example", "orders")));
/// assert!("billing.".parse::<TableName>().is_err());
/// # Ok::<(), threadline::InvalidParameter>(())
/// ```
///
/// The displayed text can be read again, alone and in a list. A name in source code needs no error handling:
/// `TableName::from("tickets")`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    schema: String,
    name: String,
}

impl TableName {
    pub(crate) const EXPECTED: &str = "a table such as tickets or billing.invoices";

    /// Creates the name from its parts, which are taken literally and not checked.
    #[must_use]
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// Reads a list such as `tickets,billing.invoices`. A comma within double quotes is part of a name; white space around a
    /// name is not.
    ///
    /// ```
    /// use threadline::TableName;
    ///
    /// let tables = TableName::list(r#"tickets, "a,b".c"#)?;
    /// assert_eq!(tables, [TableName::new("public", "tickets"), TableName::new("a,b", "c")]);
    /// assert!(TableName::list("tickets,,billing.invoices").is_err());
    /// # Ok::<(), threadline::InvalidParameter>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidParameter`] if one of the names is empty, has a part of more than 63 bytes, or contains a NUL character.
    pub fn list(text: &str) -> Result<Vec<Self>, InvalidParameter> {
        let tables = Self::read_list(text);
        match tables.iter().find(|table| !table.can_exist()) {
            Some(table) => Err(InvalidParameter::new("table", &table.to_string(), Self::EXPECTED)),
            None => Ok(tables),
        }
    }

    fn read_list(text: &str) -> Vec<Self> {
        let mut tables = Vec::new();
        let mut rest = text;
        loop {
            let (table, comma) = first_of_list(rest);
            tables.push(Self::read(table.trim()));
            match comma {
                Some(after) => rest = after,
                None => return tables,
            }
        }
    }

    /// Returns the schema.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Returns the name within the schema.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether PostgreSQL can store both parts.
    fn can_exist(&self) -> bool {
        [&self.schema, &self.name].iter().all(|part| (1..=63).contains(&part.len()) && !part.contains('\0'))
    }

    /// Reads any text, even if there can be no such table.
    fn read(text: &str) -> Self {
        let part = |text: &str| quoted_part(text).filter(|(_, rest)| rest.is_empty()).map(|(part, _)| part);
        let rest_as_name = |text: &str| part(text).unwrap_or_else(|| text.to_owned());
        match quoted_part(text) {
            Some((name, "")) => return Self::new("public", name),
            Some((schema, rest)) => {
                if let Some(name) = rest.strip_prefix('.') {
                    return Self::new(schema, rest_as_name(name));
                }
            }
            None => {}
        }
        match text.split_once('.') {
            Some((schema, name)) => Self::new(schema, rest_as_name(name)),
            None => Self::new("public", text),
        }
    }

    /// Returns the spellings of this table, the plainest first. The last one can be read only as this table.
    fn spellings(&self) -> [String; 4] {
        let (schema, name) = (&self.schema, &self.name);
        if schema == "public" {
            let quoted = identifier(name);
            [name.clone(), format!("{schema}.{name}"), quoted.clone(), quoted]
        } else {
            [
                format!("{schema}.{name}"),
                format!("{}.{name}", identifier(schema)),
                format!("{schema}.{}", identifier(name)),
                format!("{}.{}", identifier(schema), identifier(name)),
            ]
        }
    }

    /// Returns whether no character of either part has a meaning in a name or in a list.
    fn is_plain(&self) -> bool {
        let is_plain = |part: &str| !part.contains(['.', '"', ',']) && part.trim() == part;
        is_plain(&self.schema) && is_plain(&self.name)
    }
}

impl FromStr for TableName {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        let table = Self::read(text);
        if table.can_exist() { Ok(table) } else { Err(InvalidParameter::new("table", text, Self::EXPECTED)) }
    }
}

/// Converts a literal in source code, without checking it. Parse a text from any other source with [`FromStr`].
impl From<&'static str> for TableName {
    fn from(name: &'static str) -> Self {
        Self::read(name)
    }
}

/// Quotes a part only if it would be parsed differently without quotes, alone or in a list.
impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            return match &*self.schema {
                "public" => f.write_str(&self.name),
                schema => write!(f, "{schema}.{}", self.name),
            };
        }
        let is_read_back = |text: &&String| matches!(&*Self::read_list(&format!("{text},{text}")), [one, other] if one == self && other == self);
        let [.., last] = &self.spellings();
        f.write_str(self.spellings().iter().find(is_read_back).unwrap_or(last))
    }
}

/// Returns the quoted identifier at the beginning of a text, and the rest. A quote that is not closed begins none.
fn quoted_part(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut part = String::new();
    loop {
        let (before, after) = rest.split_once('"')?;
        part += before;
        match after.strip_prefix('"') {
            Some(after) => {
                part.push('"');
                rest = after;
            }
            None => return Some((part, after)),
        }
    }
}

/// Returns the first name of a list, and the rest after its comma.
fn first_of_list(text: &str) -> (&str, Option<&str>) {
    let mut at = 0;
    let mut begins_part = true;
    while let Some(character) = text[at..].chars().next() {
        match character {
            '"' if begins_part => {
                // A quote that is not closed is an ordinary character.
                at = quoted_part(&text[at..]).map_or(at + 1, |(_, behind)| text.len() - behind.len());
                begins_part = false;
                continue;
            }
            ',' => return (&text[..at], Some(&text[at + 1..])),
            '.' => begins_part = true,
            other => begins_part = begins_part && other.is_whitespace(),
        }
        at += character.len_utf8();
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_part_is_read_as_in_sql() {
        for (text, schema, name) in [
            ("orders", "public", "orders"),
            ("a.b.c", "a", "b.c"),
            (r#""acme.example".orders"#, "acme.example", "orders"),
            (r#""acme.example"."or""ders""#, "acme.example", "or\"ders"),
            (r#"acme."a.b""#, "acme", "a.b"),
            (r#""a.b""#, "public", "a.b"),
            // There is no complete quoted part: the quote is a character of the name.
            (r#""a.b"#, "\"a", "b"),
            (r#""a"b.c"#, "\"a\"b", "c"),
            (r#"a."b"c"#, "a", "\"b\"c"),
        ] {
            assert_eq!(TableName::read(text), TableName::new(schema, name), "{text}");
        }
    }

    #[test]
    fn part_is_quoted_only_where_it_would_be_read_differently() {
        for (schema, name, text) in [
            ("public", "orders", "orders"),
            ("public", "a b", "a b"),
            ("public", "a.b", "public.a.b"),
            ("public", "a,b", r#""a,b""#),
            ("public", " a", "public. a"),
            ("public", "a ", r#""a ""#),
            ("billing", "invoices", "billing.invoices"),
            ("billing", "a.b", "billing.a.b"),
            ("acme.example", "orders", r#""acme.example".orders"#),
            ("acme.example", "a,b", r#""acme.example"."a,b""#),
            ("a", "\"b\"", r#"a."""b""""#),
            ("a\"b", "c\"", "a\"b.c\""),
        ] {
            assert_eq!(TableName::new(schema, name).to_string(), text);
        }
    }

    #[test]
    fn name_that_no_table_can_have_is_refused() {
        let long = "x".repeat(64);
        for text in ["", "a.", ".a", "a\0", r#""""#, &long] {
            assert_eq!(text.parse::<TableName>().unwrap_err().value, text);
        }
        assert_eq!(TableName::list("a,,b").unwrap_err().name, "table");
    }

    #[test]
    fn list_is_split_at_commas_outside_of_quotes() {
        for (text, tables) in [
            ("a, b.c ,d", &["a", "b.c", "d"][..]),
            (r#""a,b".c,"d""#, &[r#""a,b".c"#, "d"]),
            (r#"a."b,c",d"#, &[r#"a."b,c""#, "d"]),
            (r#"a"b,c"d"#, &["a\"b", "c\"d"]),
            (r#""a,b"#, &["\"a", "b"]),
            ("a,,b,", &["a", "", "b", ""]),
        ] {
            assert_eq!(
                TableName::read_list(text),
                tables.iter().map(|&t| TableName::from(t)).collect::<Vec<_>>()
            );
        }
    }

    /// Checks every pair of short parts over the characters with a meaning, alone and in a list.
    #[test]
    fn displayed_name_is_read_as_the_same_table() {
        const CHARACTERS: [&str; 7] = ["a", ".", "\"", ",", " ", "ü", "\\"];
        let mut parts = vec![String::new(), "public".to_owned()];
        for length in 0..3 {
            let shorter: Vec<String> =
                parts.iter().filter(|part| part.chars().count() == length).cloned().collect();
            parts
                .extend(shorter.iter().flat_map(|part| CHARACTERS.map(|character| part.clone() + character)));
        }
        for schema in &parts {
            for name in &parts {
                let table = TableName::new(&**schema, &**name);
                let text = table.to_string();
                assert_eq!(TableName::read(&text), table, "{text}");
                assert_eq!(
                    TableName::read_list(&format!("{text}, {text}")),
                    [table.clone(), table],
                    "{text}"
                );
            }
        }
    }
}
