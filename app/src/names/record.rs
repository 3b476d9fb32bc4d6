//! The name of a record: its noun, its key as people write it, and its label.

use leptos::prelude::*;
use threadline::TableWords;
use threadline::query::RowKey;

use crate::components::{isolated, key_in_words, one_line};
use crate::html::{Html, IntoHtml};

/// The name of a record, such as "Ticket #5041" with the label "Invoice 8841 shows the wrong total".
#[derive(Debug, Clone)]
pub(crate) struct RecordName {
    noun: String,
    /// True if the noun is the name of the table, whose letters stay as they are.
    is_table_name: bool,
    prefix: String,
    key: RowKey,
    /// The label.
    pub(crate) label: Option<RecordLabel>,
}

/// What tells a record apart for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordLabel {
    /// One short line.
    pub(crate) text: String,
    /// The column that it is the value of, unless the host gave it.
    pub(crate) column: Option<String>,
}

impl RecordLabel {
    /// Returns a label that the host gave.
    pub(super) const fn of_host(text: String) -> Self {
        Self { text, column: None }
    }
}

impl RecordName {
    pub(super) fn new(noun: String, words: &TableWords, key: RowKey, label: Option<RecordLabel>) -> Self {
        Self { noun, is_table_name: words.singular.is_none(), prefix: words.prefix.clone(), key, label }
    }

    /// Sets the label, unless there is one.
    pub(super) fn or_label(self, label: impl FnOnce() -> Option<RecordLabel>) -> Self {
        Self { label: self.label.or_else(label), ..self }
    }

    /// Returns the noun and the key with a capital letter, then the label: `Ticket #5041 · Invoice 8841`. Its characters are as
    /// recorded.
    pub(crate) fn title(&self) -> String {
        let label = self.label.iter().map(|label| format!(" · {}", label.text));
        let key = self.key_parts().into_iter().map(KeyPart::text);
        [self.heading_noun()].into_iter().chain(key).chain(label).collect()
    }

    /// Renders the noun and the key with a capital letter. Each part is isolated, so that a right-to-left value does not reorder the
    /// rest.
    pub(crate) fn heading(&self) -> Html {
        let key: Vec<_> = self
            .key_parts()
            .into_iter()
            .map(|KeyPart { separator, column, value, is_word }| {
                let value = if is_word {
                    view! { <span class="kind">{value}</span> }.into_html()
                } else {
                    isolated(value).into_html()
                };
                let column = column.map(|column| view! { {isolated(column)}" " });
                view! { {separator}{column}{value} }
            })
            .collect();
        view! { {isolated(self.heading_noun())}{key} }.into_html()
    }

    /// Renders the same with the label behind it.
    pub(crate) fn heading_with_label(&self) -> Html {
        let label = self.label.clone().map(|label| view! { " · "{isolated(label.text)} });
        view! { {self.heading()}{label} }.into_html()
    }

    /// Renders the record in a line: `ticket #5041 Invoice 8841`. Without the noun, where the words before it name the table, it is
    /// `#5041 Invoice 8841` if keys have a prefix. The stylesheet cuts off a label that is too long for the line.
    pub(crate) fn in_line(&self, without_noun: bool) -> Html {
        let is_short = without_noun && self.key.iter().len() == 1 && !self.prefix.is_empty();
        let noun = (!is_short).then(|| view! { <bdi class="table">{one_line(self.noun.clone())}</bdi>" " });
        let label = self.label.clone().map(|label| view! { " "<bdi>{one_line(label.text)}</bdi> });
        view! { {noun}{self.without_noun()}{label} }.into_html()
    }

    /// Renders the record in a sentence, if the host has a noun for it: `ticket #5041`.
    pub(crate) fn in_sentence(&self) -> Option<Html> {
        let unlabelled = Self { label: None, ..self.clone() };
        (!self.is_table_name).then(|| unlabelled.in_line(false))
    }

    /// Renders the key alone, in a line.
    pub(crate) fn without_noun(&self) -> Html {
        let mut columns = self.key.iter();
        match (columns.next(), columns.next()) {
            (None, _) => view! { <span class="kind">"key not recorded"</span> }.into_html(),
            (Some((_, Some(value))), None) => {
                let key = format!("{}{value}", self.prefix);
                view! { <bdi class="key">{one_line(key)}</bdi> }.into_html()
            }
            _ => key_in_words(self.key.clone()),
        }
    }

    fn heading_noun(&self) -> String {
        let mut letters = self.noun.chars();
        match letters.next() {
            Some(first) if !self.is_table_name => first.to_uppercase().chain(letters).collect(),
            _ => self.noun.clone(),
        }
    }

    /// Returns the parts of the key: its value alone behind the prefix, or each column with its value.
    fn key_parts(&self) -> Vec<KeyPart> {
        let is_alone = self.key.iter().len() == 1;
        let part = |(column, value): (&str, Option<&str>)| {
            let (value, is_word) = match value {
                None => ("NULL".to_owned(), true),
                Some("") => ("(empty text)".to_owned(), true),
                Some(value) if is_alone => (format!("{}{value}", self.prefix), false),
                Some(value) => (value.to_owned(), false),
            };
            let column = (!is_alone).then(|| column.to_owned());
            KeyPart { separator: if is_alone { " " } else { ", " }, column, value, is_word }
        };
        self.key.iter().map(part).collect()
    }
}

/// A part of a key in a name.
struct KeyPart {
    separator: &'static str,
    /// The column, if the key has several.
    column: Option<String>,
    value: String,
    /// True if the value is a word of ours, such as NULL.
    is_word: bool,
}

impl KeyPart {
    fn text(self) -> String {
        let column = self.column.map(|column| column + " ").unwrap_or_default();
        format!("{}{column}{}", self.separator, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(singular: Option<&str>, prefix: &str, key: RowKey, label: Option<&str>) -> String {
        let singular = singular.map(str::to_owned);
        let mut words = TableWords::default();
        (words.singular, words.prefix) = (singular.clone(), prefix.to_owned());
        let noun = singular.unwrap_or_else(|| "tickets".to_owned());
        let label = label.map(|label| RecordLabel::of_host(label.to_owned()));
        RecordName::new(noun, &words, key, label).title()
    }

    #[test]
    fn record_is_written_as_people_write_it() {
        let id = || RowKey::from([("id", 5041)]);
        assert_eq!(title(Some("ticket"), "#", id(), Some("Invoice 8841")), "Ticket #5041 · Invoice 8841");
        assert_eq!(title(Some("élan"), "", id(), None), "Élan 5041");
        assert_eq!(title(None, "", id(), Some("Invoice")), "tickets 5041 · Invoice");
        assert_eq!(title(None, "#", id(), None), "tickets #5041");
        let two = RowKey::from([("order", "7"), ("line", "2")]);
        assert_eq!(title(Some("order line"), "#", two, None), "Order line, line 2, order 7");
        assert_eq!(title(None, "#", RowKey::from([("id", "")]), None), "tickets (empty text)");
        assert_eq!(title(Some("ticket"), "#", RowKey::default(), None), "Ticket");
    }
}
