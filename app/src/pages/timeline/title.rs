//! The title of a timeline: the most specific conditions of its filter, by which tabs and bookmarks are told apart.

use threadline::query::Filter;

use super::condition_words::{Word, condition_in_words, listed_values};
use crate::names::Names;

/// The maximum length of the conditions, in characters.
const MAX_CHARACTERS: usize = 60;

/// Returns the title of a timeline: `ticket #5041 · priority · Timeline`. A value that was searched may be a secret, so it is not a
/// part of a title, which browsers keep in their history.
pub(super) fn title(names: Names<'_>, filter: &Filter) -> String {
    let mut parts = Vec::new();
    match filter.row() {
        // Without its recorded label, which may hold the value that was searched.
        Some((table, key)) => parts.push(names.record(table, key).title()),
        None => parts.extend(listed_values(names, filter, "table").map(text)),
    }
    parts.extend(
        ["field", "operation"].into_iter().filter_map(|key| listed_values(names, filter, key).map(text)),
    );
    if filter.actor.is_some() {
        let words = condition_in_words(names, filter, "actor", "").into_iter();
        let without_key = words.filter(|word| !matches!(word, Word::Plain(words) if words == "Who: "));
        parts.push(text(without_key.collect()));
    }
    parts.extend(listed_values(names, filter, "action").map(text));
    parts.extend(
        listed_values(names, filter, "on_behalf_of").map(|words| format!("on behalf of {}", text(words))),
    );
    for id in [&filter.correlation_id, &filter.request_id].into_iter().flatten() {
        parts.push(format!("request {id}"));
    }
    if parts.is_empty() {
        return "Timeline".to_owned();
    }
    format!("{} · Timeline", shortened(&parts.join(" · ")))
}

fn text(words: Vec<Word>) -> String {
    words
        .into_iter()
        .map(|word| match word {
            Word::Plain(text) | Word::Value(text) => text,
        })
        .collect()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PageContext;

    #[test]
    fn title_has_the_conditions_without_the_searched_value() {
        let context = PageContext::default();
        for (pairs, expected) in [
            (&[][..], "Timeline"),
            (&[("from", "2026-11-22T09:30")], "Timeline"),
            (&[("value", "secret")], "Timeline"),
            (
                &[("table", "tickets"), ("key", "id=5041"), ("field", "priority")],
                "tickets 5041 · priority · Timeline",
            ),
            (
                &[("table", "tickets,users"), ("operation", "-delete")],
                "tickets or users · not deleted · Timeline",
            ),
            (&[("actor", "user,admin"), ("value", "secret")], "People only · Timeline"),
            (&[("actor", "none")], "Not signed · Timeline"),
            (
                &[("actor", "user:42,-job"), ("action", "ticket.closed")],
                "user:42, not jobs · closed ticket · Timeline",
            ),
            (&[("request_id", "req-1")], "request req-1 · Timeline"),
        ] {
            let (filter, _) = Filter::from_pairs(pairs.iter().copied()).unwrap();
            assert_eq!(title(context.names(), &filter), expected);
        }
        let long = "größe".repeat(30);
        let (filter, _) = Filter::from_pairs([("request_id", &*long)]).unwrap();
        let title = title(context.names(), &filter);
        assert_eq!(title.chars().count(), MAX_CHARACTERS + "… · Timeline".chars().count());
    }
}
