//! Sentences with values, and links to values that were probably meant.

use leptos::prelude::*;
use threadline::query::{Count, RowKey, Sentence, SentencePart, Suggestion};

use super::plural::counted_up_to;
use super::value::{isolated, one_line};
use crate::html::{Html, IntoHtml};

/// A value that was probably meant, with its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NearValue {
    pub(crate) value: String,
    pub(crate) href: String,
    /// The number of its changes, unless counting took too long.
    pub(crate) count: Option<Count>,
}

impl NearValue {
    /// Returns a suggestion with its link.
    pub(crate) fn suggested(near: Suggestion, href: impl FnOnce(&Suggestion) -> String) -> Self {
        Self { href: href(&near), value: near.value, count: near.count }
    }

    /// Returns the key of a row as people write it, with its link: the value alone, if it has one column.
    pub(crate) fn of_key(key: &RowKey, href: String) -> Self {
        let mut values = key.iter();
        let value = match (values.next(), values.next()) {
            (Some((_, Some(value))), None) => value.to_owned(),
            _ => key.to_string(),
        };
        Self { value, href, count: None }
    }
}

/// Renders a sentence. Its values are emphasised, and isolated from the text direction around them.
pub(crate) fn sentence_parts(sentence: Sentence) -> Html {
    let parts = sentence.into_iter().map(|part| match part {
        SentencePart::Value(value) => view! { <b>{isolated(value)}</b> }.into_html(),
        SentencePart::Words(words) => our_words(&words),
        _ => ().into_html(),
    });
    let parts: Vec<_> = parts.collect();
    view! { {parts} }.into_html()
}

/// Renders words with the blanks around them, which `one_line` would mark as special characters of a value.
fn our_words(words: &str) -> Html {
    let inner = words.trim();
    let (start, rest) = words.split_once(inner).unwrap_or(("", ""));
    // An empty text would become a blank.
    let shown = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let inner_html = (!inner.is_empty()).then(|| one_line(inner.to_owned()));
    view! { {shown(start)}{inner_html}{shown(rest)} }.into_html()
}

/// Renders the question for the values that were probably meant: `Did you mean tickets (6 changes)?`
pub(crate) fn did_you_mean(near: Vec<NearValue>) -> Option<Html> {
    let last = near.len().checked_sub(1)?;
    let values: Vec<_> = near
        .into_iter()
        .enumerate()
        .map(|(index, NearValue { value, href, count })| {
            let separator = match index {
                0 => None,
                index if index == last => Some(" or "),
                _ => Some(", "),
            };
            let count = count.map(|count| match count {
                Count::Exact(0) => " (no changes here)".to_owned(),
                count => format!(" ({})", counted_up_to(count, "change")),
            });
            view! { {separator}<a href=href>{isolated(value)}</a>{count} }
        })
        .collect();
    Some(view! { "Did you mean "{values}"?" }.into_html())
}
