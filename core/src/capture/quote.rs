//! Quotes names and texts for SQL.

/// Returns a quoted identifier.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns the qualified name of a table, quoted.
pub(crate) fn relation(table: &crate::TableName) -> String {
    format!("{}.{}", identifier(table.schema()), identifier(table.name()))
}

/// Returns a string literal on one line.
///
/// A text with a backslash, a line break or two underscores becomes an escape string: its meaning depends on no setting, it
/// stays on one line, and it cannot be mistaken for a placeholder of a template.
pub(crate) fn literal(text: &str) -> String {
    let escaped =
        text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace("__", "_\\137");
    let escape = if escaped == text { "" } else { "E" };
    format!("{escape}'{}'", escaped.replace('\'', "''"))
}

/// Returns an array of texts, with line breaks.
pub(super) fn text_array(names: &[String], indent: usize) -> String {
    const WIDTH: usize = 118;
    if names.is_empty() {
        return "'{}'::text[]".to_owned();
    }
    let mut text = "ARRAY[".to_owned();
    let mut column = indent + text.len();
    for (at, name) in names.iter().enumerate() {
        let item = literal(name);
        if at > 0 {
            let fits = column + item.chars().count() + 2 <= WIDTH;
            text += if fits { ", " } else { ",\n    " };
            column = if fits { column + 2 } else { 4 };
        }
        column += item.chars().count();
        text += &item;
    }
    text + "]"
}

/// Returns a dollar quote that does not occur in the text.
pub(super) fn dollar_quote(text: &str) -> String {
    let mut quote = "$threadline$".to_owned();
    while text.contains(&quote) {
        quote.insert(1, '_');
    }
    quote
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_quoted() {
        assert_eq!(identifier("pub\"lic"), "\"pub\"\"lic\"");
        assert_eq!(literal("or'der"), "'or''der'");
        assert_eq!(literal("c'd\\"), "E'c''d\\\\'");
        assert_eq!(literal("a\nb"), "E'a\\nb'");
        assert_eq!(literal("____"), "E'_\\137_\\137'");
        assert_eq!(dollar_quote("a $threadline$ b"), "$_threadline$");
    }

    #[test]
    fn long_lists_are_broken_into_lines() {
        let names: Vec<String> = (0..40).map(|n| format!("column_{n}")).collect();
        assert!(text_array(&names, 20).lines().count() > 2);
        assert!(text_array(&names, 20).lines().all(|line| line.len() <= 120));
        assert_eq!(text_array(&[], 0), "'{}'::text[]");
    }
}
