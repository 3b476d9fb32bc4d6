//! The form fields of the filter's keys.

use leptos::prelude::*;
use threadline::query::{Operation, Timestamp};

use super::InvalidFilter;
use crate::Zone;
use crate::components::{TIME_EXAMPLE, one_line, operation_word};
use crate::diff::accessible_line;
use crate::html::IntoHtml;

/// The field of a key.
pub(super) struct Field {
    pub(super) key: &'static str,
    label: &'static str,
    input: Input,
    pub(super) column: Column,
}

#[derive(Clone, Copy)]
enum Input {
    /// A text, with an example of it.
    Text(&'static str),
    /// A text, with the captured tables as suggestions.
    Table,
    Operation,
    /// A time, with an example of it.
    Time(&'static str),
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Column {
    /// Beside the presets.
    Window,
    Main,
    /// Folded until it is used.
    More,
}

/// The id of the list of captured tables.
pub(super) const TABLES_LIST: &str = "captured-tables";
/// The fragment of the field for the start of a time window that is not a preset.
pub(super) const CUSTOM_WINDOW: &str = "#filter-from";

/// Every key has a field. Applying the form would drop a key without one.
pub(super) const FIELDS: [Field; 12] = {
    use Column::{Main, More, Window};
    use Input::{Operation, Table, Text, Time};
    const fn field(key: &'static str, label: &'static str, input: Input, column: Column) -> Field {
        Field { key, label, input, column }
    }
    [
        field("from", "From", Time(TIME_EXAMPLE), Window),
        field("to", "To", Time("now"), Window),
        field("table", "Table", Table, Main),
        field("key", "Record", Text("42, or order=7&line=2"), Main),
        field("actor", "Who", Text("user:42, or job"), Main),
        field("action", "Action", Text("ticket.escalated"), Main),
        field("value", "Value", Text("text, or =whole value"), Main),
        field("correlation_id", "Request", Text("request or error id"), Main),
        field("on_behalf_of", "On behalf of", Text("user:42"), More),
        field("operation", "Kind", Operation, More),
        field("field", "Field", Text("any"), More),
        field("request_id", "Request id", Text("any"), More),
    ]
};

/// Returns the label of a key.
pub(super) fn label(key: &str) -> &'static str {
    FIELDS.iter().find(|field| field.key == key).map_or("Filter", |field| field.label)
}

/// Returns the fragment of the field of a key, if there is one.
pub(super) fn link_to(key: &str) -> Option<String> {
    FIELDS.iter().find(|field| field.key == key).map(|field| format!("#filter-{}", field.key))
}

impl Field {
    /// Returns whether this field is the invalid one.
    pub(super) fn is_wrong(&self, invalid: Option<&InvalidFilter>) -> bool {
        invalid.is_some_and(|invalid| invalid.key == self.key)
    }

    /// Renders the field with its label, its value, and what is wrong with it.
    pub(super) fn view(&self, value: &str, invalid: Option<&InvalidFilter>) -> impl IntoView + use<> {
        let invalid = invalid.filter(|invalid| invalid.key == self.key);
        let id = format!("filter-{}", self.key);
        let sentence_id = format!("{id}-mistake");
        let sentence = invalid.map(|invalid| {
            view! { <span class="mistake" id=sentence_id.clone()>{one_line(invalid.hint.clone())}</span> }
        });
        let aria_invalid = invalid.map(|_| "true");
        let described = invalid.map(|_| sentence_id);
        let name = self.key;
        let text = |value: String, example, list| {
            view! {
                <input type="text" id=id.clone() name=name value=value placeholder=example list=list autofocus=aria_invalid.is_some()
                    autocomplete="off" autocapitalize="none" spellcheck="false"
                    aria-invalid=aria_invalid aria-describedby=described.clone()/>
            }
            .into_html()
        };
        let input = match self.input {
            Input::Text(example) => text(value.to_owned(), Some(example), None),
            Input::Table => text(value.to_owned(), Some("any"), Some(TABLES_LIST)),
            Input::Time(example) => text(written(value), Some(example), None),
            Input::Operation => view! {
                <select id=id.clone() name=name autofocus=aria_invalid.is_some() aria-invalid=aria_invalid aria-describedby=described.clone()>
                    <option value="">"any"</option>
                    {operations(value)}
                </select>
            }
            .into_html(),
        };
        let label = match self.input {
            Input::Time(_) => format!("{} ({})", self.label, Zone::current().label()),
            _ => self.label.to_owned(),
        };
        view! { <div class="field"><label for=id>{label}</label> {input} {sentence}</div> }
    }
}

/// Renders the operations by the words of the lists. A list of several, or a typed value that is no operation, stays selected until it is
/// changed.
fn operations(value: &str) -> Vec<impl IntoView + use<>> {
    let known = Operation::ALL.map(|operation| (operation.as_str(), operation_word(operation).to_owned()));
    let is_other = !value.is_empty() && known.iter().all(|(word, _)| *word != value);
    let other = is_other.then(|| (value, accessible_line(value)));
    let option = |(exact, label): (&str, String)| {
        view! { <option value=exact.to_owned() selected=exact == value>{label}</option> }
    };
    known.into_iter().chain(other).map(option).collect()
}

/// Writes a time in the zone of the page. What is no time stays as it was typed.
fn written(value: &str) -> String {
    value.parse::<Timestamp>().map_or_else(|_| value.to_owned(), |time| Zone::current().written(time.0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use threadline::query::FILTER_KEYS;

    use super::*;

    #[test]
    fn filter_key_has_exactly_one_field() {
        let fields: BTreeSet<&str> = FIELDS.iter().map(|field| field.key).collect();
        assert_eq!(fields, FILTER_KEYS.iter().map(|key| key.name).collect());
        assert_eq!(fields.len(), FIELDS.len());
    }
}
