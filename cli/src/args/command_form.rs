//! Writes commands that a reader can run.

use threadline::TableName;
use threadline::query::{Filter, Selection};

use crate::escape::{self, shell_word};
use crate::text;

/// The form of a command: the keys of the filter that it takes as arguments, and what follows them.
#[derive(Debug, Clone)]
pub(crate) struct CommandForm {
    pub(crate) command: &'static str,
    /// The keys that are arguments, in their order; the others are options.
    pub(crate) required: &'static [&'static str],
    /// Arguments after those keys.
    pub(crate) rest: Vec<String>,
}

impl CommandForm {
    /// Returns the command with a filter; none if a value cannot be typed in a terminal, or a required one is missing.
    pub(crate) fn with(&self, filter: &Filter) -> Option<String> {
        let mut words = vec!["threadline".to_owned(), self.command.to_owned()];
        for key in self.required {
            words.push(shell_word(&required_value(filter, key)?)?);
        }
        words.extend(self.rest.iter().map(|word| shell_word(word)).collect::<Option<Vec<_>>>()?);
        for (key, _) in filter.to_pairs() {
            if !self.required.contains(&key) {
                words.extend([format!("--{}", key.replace('_', "-")), value(filter, key)?]);
            }
        }
        Some(words.join(" "))
    }
}

/// Returns the value of a key as one word of a shell.
fn value(filter: &Filter, key: &str) -> Option<String> {
    let text = match key {
        "table" => {
            let tables = filter.table.as_ref()?;
            let names = |tables: &[TableName]| tables.iter().map(escape::table).collect::<Vec<_>>();
            Selection::new(names(tables.included()), names(tables.excluded())).ok()?.to_string()
        }
        "key" => text::key(filter.key.as_ref()?),
        key => filter.to_pairs().into_iter().find(|(name, _)| *name == key)?.1,
    };
    shell_word(&text)
}

/// Returns the value of a key that is an argument, which has one value only.
fn required_value(filter: &Filter, key: &str) -> Option<String> {
    match key {
        "table" => filter.only_table().map(escape::table),
        "actor" => filter.actor.as_ref()?.only().map(ToString::to_string),
        "key" => filter.key.as_ref().map(text::key),
        key => filter.to_pairs().into_iter().find(|(name, _)| *name == key).map(|(_, value)| value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_has_arguments_and_options_in_their_order() {
        let filter = |pairs: &[(&str, &str)]| Filter::from_pairs(pairs.iter().copied()).unwrap().0;
        let timeline = CommandForm { command: "timeline", required: &[], rest: Vec::new() };
        let history = CommandForm { command: "history", required: &["table", "key"], rest: Vec::new() };
        let rest = vec!["2026-11-22T09:30".to_owned()];
        let as_of = CommandForm { command: "as-of", required: history.required, rest };
        let row = [("table", "tickets"), ("key", "id=5041")];
        for (form, pairs, command) in [
            (
                &timeline,
                &[("actor", "user:a b"), ("correlation_id", "c")][..],
                Some("threadline timeline --actor 'user:a b' --correlation-id c"),
            ),
            (
                &timeline,
                &[("table", "a,b"), ("actor", "-job")],
                Some("threadline timeline --table a,b --actor -job"),
            ),
            (&history, &[("table", "a,b")], None),
            (&history, &row, Some("threadline history tickets id=5041")),
            (&as_of, &row, Some("threadline as-of tickets id=5041 2026-11-22T09:30")),
            (&history, &[("table", "tickets")], None),
            (&timeline, &[("action", "a\u{202e}b")], None),
        ] {
            assert_eq!(form.with(&filter(pairs)).as_deref(), command);
        }
    }
}
