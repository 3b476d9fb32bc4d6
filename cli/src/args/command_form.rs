//! Writes commands that a reader can run.

use threadline::query::Filter;

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
            words.push(value(filter, key)?);
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
        "table" => escape::table(filter.table.as_ref()?),
        "key" => text::key(filter.key.as_ref()?),
        key => filter.to_pairs().into_iter().find(|(name, _)| *name == key)?.1,
    };
    shell_word(&text)
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
            (&history, &row, Some("threadline history tickets id=5041")),
            (&as_of, &row, Some("threadline as-of tickets id=5041 2026-11-22T09:30")),
            (&history, &[("table", "tickets")], None),
            (&timeline, &[("action", "a\u{202e}b")], None),
        ] {
            assert_eq!(form.with(&filter(pairs)).as_deref(), command);
        }
    }
}
