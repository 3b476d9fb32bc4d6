//! Words of a search that name a condition, such as `who:maria` or `table:tickets`.

/// The words before the colon, each with the key of the filter that it stands for.
const QUALIFIERS: [(&str, &str); 15] = [
    ("table", "table"),
    ("record", "key"),
    ("key", "key"),
    ("who", "actor"),
    ("actor", "actor"),
    ("action", "action"),
    ("field", "field"),
    ("value", "value"),
    ("kind", "operation"),
    ("operation", "operation"),
    ("request", "correlation_id"),
    ("request_id", "request_id"),
    ("correlation", "correlation_id"),
    ("from", "from"),
    ("to", "to"),
];

/// The words for operations that pages show.
const OPERATIONS: [(&str, &str); 5] = [
    ("created", "insert"),
    ("changed", "update"),
    ("updated", "update"),
    ("deleted", "delete"),
    ("emptied", "truncate"),
];

/// Returns the pairs of a filter for a text with qualifiers; `None` for one without. The other words are searched as a value.
///
/// The pairs are not checked: [`Filter::from_pairs`](crate::query::Filter::from_pairs) returns an error for a value that it cannot read.
///
/// ```
/// use threadline::query::search_qualifiers;
///
/// let pairs = search_qualifiers("table:tickets kind:deleted invoice 8841").unwrap_or_default();
/// let expected = [("table", "tickets"), ("operation", "delete"), ("value", "invoice 8841")];
/// assert_eq!(pairs, expected.map(|(key, value)| (key, value.to_owned())));
/// assert_eq!(search_qualifiers("user:maria"), None);
/// ```
#[must_use]
pub fn search_qualifiers(text: &str) -> Option<Vec<(&'static str, String)>> {
    let (mut pairs, mut words) = (Vec::new(), Vec::new());
    for word in text.split_whitespace() {
        match qualifier(word) {
            Some(pair) => pairs.push(pair),
            None => words.push(word),
        }
    }
    if pairs.is_empty() {
        return None;
    }
    if !words.is_empty() {
        pairs.push(("value", words.join(" ")));
    }
    Some(pairs)
}

fn qualifier(word: &str) -> Option<(&'static str, String)> {
    let (name, value) = word.split_once(':').filter(|(_, value)| !value.is_empty())?;
    let (_, key) = QUALIFIERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let known = OPERATIONS.iter().find(|(shown, _)| *key == "operation" && shown.eq_ignore_ascii_case(value));
    Some((key, known.map_or(value, |(_, operation)| operation).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualifiers_become_conditions_and_other_words_a_value() {
        for (text, expected) in [
            ("who:user:maria table:tickets", &[("actor", "user:maria"), ("table", "tickets")][..]),
            ("Kind:Deleted", &[("operation", "delete")]),
            ("kind:upsert", &[("operation", "upsert")]),
            ("field:priority very urgent", &[("field", "priority"), ("value", "very urgent")]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
            assert_eq!(search_qualifiers(text), Some(expected), "{text}");
        }
        for text in ["", "5041", "user:maria", "note: call back", "table:", "https://example.org"] {
            assert_eq!(search_qualifiers(text), None, "{text}");
        }
    }
}
