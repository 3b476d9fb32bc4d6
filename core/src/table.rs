//! The name of an audited table.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::capture::identifier;

/// A table with its schema. Written `tickets` in schema `public`, `billing.invoices` elsewhere. A part with a dot stands in
/// double quotes as in SQL, doubled inside: `"acme.example".orders`.
///
/// ```
/// use threadline::TableName;
///
/// assert_eq!(TableName::from("public.tickets"), TableName::from("tickets"));
/// assert_eq!(TableName::from("billing.invoices").schema(), "billing");
/// assert_eq!(TableName::from(r#""acme.example".orders"#), TableName::new("acme.example", "orders"));
/// ```
///
/// What is displayed can be read again: `TableName::from(&*table.to_string())` is the same table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    schema: String,
    name: String,
}

impl TableName {
    /// The table of exactly this name in exactly this schema, dots and all.
    #[must_use]
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// Reads a list such as `tickets,billing.invoices`. A comma inside of double quotes belongs to a name; white space around
    /// a name does not.
    ///
    /// ```
    /// use threadline::TableName;
    ///
    /// let tables: Vec<String> = TableName::list(r#"tickets, "a,b".c"#).iter().map(ToString::to_string).collect();
    /// assert_eq!(tables, ["tickets", r#""a,b".c"#]);
    /// ```
    #[must_use]
    pub fn list(text: &str) -> Vec<Self> {
        let mut tables = Vec::new();
        let mut rest = text;
        loop {
            let (table, comma) = first_of_list(rest);
            tables.push(Self::from(table.trim()));
            match comma {
                Some(after) => rest = after,
                None => return tables,
            }
        }
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The name within the schema.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Schema and name are such as PostgreSQL keeps.
    pub(crate) fn can_exist(&self) -> bool {
        [&self.schema, &self.name].iter().all(|part| (1..=63).contains(&part.len()) && !part.contains('\0'))
    }

    /// The spellings of this table, the plainest first. The last one can only be read as this table.
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

    /// Nothing in either part means anything to [`From`], or to a list.
    fn is_plain(&self) -> bool {
        let is_plain = |part: &str| !part.contains(['.', '"', ',']) && part.trim() == part;
        is_plain(&self.schema) && is_plain(&self.name)
    }
}

/// Reads `name` as a table of schema `public`, and `schema.name` at the first dot. A part in double quotes is taken as it
/// stands there.
impl From<&str> for TableName {
    fn from(text: &str) -> Self {
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
}

/// Quotes a part only where it would be read differently without, alone or in a list.
impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            return match &*self.schema {
                "public" => f.write_str(&self.name),
                schema => write!(f, "{schema}.{}", self.name),
            };
        }
        let is_read_back = |text: &&String| matches!(&*Self::list(&format!("{text},{text}")), [one, other] if one == self && other == self);
        let [.., last] = &self.spellings();
        f.write_str(self.spellings().iter().find(is_read_back).unwrap_or(last))
    }
}

/// A quoted identifier at the beginning of a text, and what stands behind it. A quote that never ends begins none.
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

/// The first table of a list, and what stands behind its comma.
fn first_of_list(text: &str) -> (&str, Option<&str>) {
    let mut at = 0;
    let mut begins_part = true;
    while let Some(character) = text[at..].chars().next() {
        match character {
            '"' if begins_part => {
                // A quote that never ends is an ordinary character.
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
    fn quoted_parts_are_read_as_in_sql() {
        for (text, schema, name) in [
            ("orders", "public", "orders"),
            ("a.b.c", "a", "b.c"),
            (r#""acme.example".orders"#, "acme.example", "orders"),
            (r#""acme.example"."or""ders""#, "acme.example", "or\"ders"),
            (r#"acme."a.b""#, "acme", "a.b"),
            (r#""a.b""#, "public", "a.b"),
            // No complete quoted part: the quote is a character of the name.
            (r#""a.b"#, "\"a", "b"),
            (r#""a"b.c"#, "\"a\"b", "c"),
            (r#"a."b"c"#, "a", "\"b\"c"),
        ] {
            assert_eq!(TableName::from(text), TableName::new(schema, name), "{text}");
        }
    }

    #[test]
    fn only_what_would_be_read_differently_is_quoted() {
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
    fn a_list_is_split_at_commas_outside_of_quotes() {
        for (text, tables) in [
            ("a, b.c ,d", &["a", "b.c", "d"][..]),
            (r#""a,b".c,"d""#, &[r#""a,b".c"#, "d"]),
            (r#"a."b,c",d"#, &[r#"a."b,c""#, "d"]),
            (r#"a"b,c"d"#, &["a\"b", "c\"d"]),
            (r#""a,b"#, &["\"a", "b"]),
            ("a,,b,", &["a", "", "b", ""]),
        ] {
            assert_eq!(TableName::list(text), tables.iter().map(|&t| TableName::from(t)).collect::<Vec<_>>());
        }
    }

    /// Every pair of short parts over the characters that mean something, alone and in a list.
    #[test]
    fn what_is_displayed_is_read_as_the_same_table() {
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
                assert_eq!(TableName::from(&*text), table, "{text}");
                assert_eq!(TableName::list(&format!("{text}, {text}")), [table.clone(), table], "{text}");
            }
        }
    }
}
