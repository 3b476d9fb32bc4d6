//! The conditions of a filter in words, for chips and titles.

use threadline::query::{Filter, Selection};

use super::filter_fields::label;
use crate::components::{isolated, operation_word};
use crate::html::{Html, IntoHtml};
use crate::names::Names;

/// The number of records for which a noun is in the plural.
const SEVERAL: usize = 2;

/// A part of a condition in words.
pub(super) enum Word {
    /// Words of the console.
    Plain(String),
    /// A value, which may contain any character.
    Value(String),
}

impl Word {
    pub(super) fn view(self) -> Html {
        match self {
            Self::Plain(text) => text.into_html(),
            Self::Value(text) => isolated(text).into_html(),
        }
    }
}

/// Returns a condition in words: `Who: Maria Santos or Ken Adams`, `Who: not job:sla-sweeper`, `People only`.
pub(super) fn condition_in_words(names: Names<'_>, filter: &Filter, key: &str, value: &str) -> Vec<Word> {
    let name = label(key);
    let whole = match key {
        "actor" if filter.actor == Some(Selection::people()) => Some("People only"),
        "actor" if filter.actor.as_ref().is_some_and(Selection::is_unsigned) => Some("Not signed"),
        _ => None,
    };
    if let Some(words) = whole {
        return vec![Word::Plain(words.to_owned())];
    }
    let listed = listed_values(names, filter, key).unwrap_or_else(|| vec![Word::Value(value.to_owned())]);
    [Word::Plain(format!("{name}: "))].into_iter().chain(listed).collect()
}

/// Returns the values of a condition that accepts several, by their names.
pub(super) fn listed_values(names: Names<'_>, filter: &Filter, key: &str) -> Option<Vec<Word>> {
    Some(match key {
        "actor" => listed(filter.actor.as_ref()?, |actor| names.filtered_actor(actor)),
        "on_behalf_of" => listed(filter.on_behalf_of.as_ref()?, |actor| names.filtered_actor(actor)),
        "action" => listed(filter.action.as_ref()?, |action| names.action(action)),
        "table" => listed(filter.table.as_ref()?, |table| names.noun(table, SEVERAL).into_owned()),
        "operation" => listed(filter.operation.as_ref()?, |operation| operation_word(*operation).to_owned()),
        "field" => listed(filter.field.as_ref()?, Clone::clone),
        _ => return None,
    })
}

fn listed<T>(selection: &Selection<T>, name: impl Fn(&T) -> String) -> Vec<Word> {
    let mut words = Vec::new();
    let included = selection.included().iter().map(|value| (" or ", "", value));
    for (separator, sign, value) in
        included.chain(selection.excluded().iter().map(|value| (", ", "not ", value)))
    {
        let separator = if words.is_empty() { "" } else { separator };
        let before = format!("{separator}{sign}");
        // An empty text would become a blank.
        words.extend((!before.is_empty()).then_some(Word::Plain(before)));
        words.push(Word::Value(name(value)));
    }
    words
}
