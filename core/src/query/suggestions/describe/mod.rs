//! Describes filters, unknown values and mismatches in sentences.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::key_type::KeyType;
use super::names::singular;
use super::sentence::Sentence;
use super::{ExcludingCondition, UnknownValue};
use crate::TableName;
use crate::query::model::filter::{ActorFilter, Filter, Selection};
use crate::query::model::operation::Operation;
use crate::query::model::row_key::RowKey;
use crate::query::model::timestamp::RelativeRange;

/// Returns the name of a table with its last word in the singular.
pub(super) fn singular_name(table: &TableName) -> String {
    let name = table.to_string();
    if name.contains('"') || name.chars().any(char::is_uppercase) {
        return name;
    }
    let start = name.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1);
    name.get(start..).map_or_else(|| name.clone(), |last| format!("{}{}", &name[..start], singular(last)))
}

impl Filter {
    /// Says how the filter was understood, for a result without a change: `Nothing changed priority of ticket 5041 in the last
    /// 24 hours.`
    ///
    /// ```
    /// use chrono::{DateTime, Utc};
    /// use threadline::query::Filter;
    ///
    /// let now: DateTime<Utc> = "2026-11-22T09:30:12Z".parse()?;
    /// let (filter, _) = Filter::from_pairs([
    ///     ("table", "tickets"), ("key", "id=5041"), ("field", "priority"), ("from", "2026-11-21T09:30"),
    /// ])?;
    /// let sentence = filter.describe_empty(now).to_string();
    /// assert_eq!(sentence, "Nothing changed priority of ticket 5041 in the last 24 hours.");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn describe_empty(&self, now: DateTime<Utc>) -> Sentence {
        let sentence = self.describe_value(self.describe_object(Sentence::default()));
        let mut sentence = self.describe_exceptions(sentence);
        if let Some(actors) = &self.actor {
            sentence = describe_actors(sentence, actors, ["by", "not by"]);
        }
        if let Some(subjects) = &self.on_behalf_of {
            sentence = describe_actors(sentence, subjects, ["on behalf of", "not on behalf of"]);
        }
        if let Some(actions) = &self.action {
            sentence = describe_listed(sentence, actions.included(), " under the action ");
            sentence = describe_listed(sentence, actions.excluded(), " not under the action ");
        }
        for (words, value) in
            [(" in the request ", &self.correlation_id), (" with the request id ", &self.request_id)]
        {
            if let Some(value) = value {
                sentence = sentence.words(words).value(value);
            }
        }
        sentence.words(describe_window(self, now) + ".")
    }

    /// Names a record as a reader sees it in the middle of a sentence: `ticket 5041`.
    ///
    /// ```
    /// use threadline::query::{Filter, RowKey};
    ///
    /// let name = Filter::describe_record(&"tickets".into(), &RowKey::from([("id", 5041)]));
    /// assert_eq!(name.to_string(), "ticket 5041");
    /// ```
    #[must_use]
    pub fn describe_record(table: &TableName, key: &RowKey) -> Sentence {
        Sentence::default().record(table, key)
    }

    /// Describes what did not happen, and to what.
    fn describe_object(&self, sentence: Sentence) -> Sentence {
        let operations: Vec<Operation> =
            Operation::ALL.into_iter().filter(|operation| self.selects_operation(*operation)).collect();
        let is_emptied = operations == [Operation::Truncate];
        let fields = self.field.as_ref().map_or(&[][..], Selection::included);
        if !fields.is_empty() && (self.is_changed_field() || self.value.is_none()) {
            let sentence = if self.is_changed_field() {
                sentence.words("Nothing changed ")
            } else {
                let names = join_words(operations.iter().map(|operation| operation.as_str()));
                sentence.words(format!("Only an update changes a field, so no {names} changed "))
            };
            let sentence = sentence.any_of(fields);
            return match self.row() {
                Some((table, key)) => sentence.words(" of ").record(table, key),
                None => describe_listed(sentence, self.included_tables(), " of "),
            };
        }
        let sentence = sentence.words(format!("Nothing {} ", verb_of(&operations)));
        match (self.row(), self.included_tables()) {
            (Some((table, key)), _) => sentence.record(table, key),
            (None, []) if is_emptied => sentence.words("a table"),
            (None, []) => sentence.words("a record"),
            (None, tables) if is_emptied => sentence.any_of(tables),
            (None, tables) => sentence.words("a record of ").any_of(tables),
        }
    }

    /// Returns whether updates are selected, which change a field.
    fn is_changed_field(&self) -> bool {
        self.selects_operation(Operation::Update)
    }

    fn included_tables(&self) -> &[TableName] {
        self.table.as_ref().map_or(&[], Selection::included)
    }

    /// Describes the tables and the fields that are left out.
    fn describe_exceptions(&self, sentence: Sentence) -> Sentence {
        let tables = self.table.as_ref().map_or(&[][..], Selection::excluded);
        let sentence = describe_listed(sentence, tables, " outside of ");
        match (&self.field, &self.value) {
            (Some(fields), None) => describe_listed(sentence, fields.excluded(), " without changing "),
            // With a value, the fields are those whose values are compared.
            (Some(fields), Some(_)) if fields.included().is_empty() => {
                describe_listed(sentence, fields.excluded(), " in a field other than ")
            }
            _ => sentence,
        }
    }

    /// Describes the value of a field that was changed, created or deleted, or of any.
    fn describe_value(&self, sentence: Sentence) -> Sentence {
        let Some(value) = &self.value else { return sentence };
        let sentence = match self.field.as_ref().map_or(&[][..], Selection::included) {
            [] => sentence.words(" with "),
            _ if self.is_changed_field() => sentence.words(" from or to "),
            fields => sentence.words(" with ").any_of(fields).words(" set to "),
        };
        let words = if value.is_whole() { "the value \"" } else { "a value that contains \"" };
        sentence.words(words).value(value.text()).words("\"")
    }

    /// Names a condition as a reader sees it in the middle of a sentence: `the field priority`, `the last 24 hours`.
    #[must_use]
    pub fn describe_condition(&self, key: &str, now: DateTime<Utc>) -> Sentence {
        let sentence = Sentence::default();
        if key == ExcludingCondition::WINDOW {
            let window = describe_window(self, now);
            return sentence.words("the time window").words(match window.is_empty() {
                true => String::new(),
                false => format!(" ({})", window.trim_start().trim_start_matches("in ")),
            });
        }
        if key == "actor" && self.actor.as_ref().is_some_and(Selection::is_unsigned) {
            return sentence.words("the condition that no actor is recorded");
        }
        let words = match key {
            "table" => "the table ",
            "key" => "the record ",
            "operation" => "the operation ",
            "field" => "the field ",
            "value" => "the value ",
            "actor" => "the actor ",
            "on_behalf_of" => "the condition \"on behalf of\" ",
            "action" => "the action ",
            "correlation_id" => "the request ",
            _ => "the request id ",
        };
        let value = self.to_pairs().into_iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        sentence.words(words).value(value.unwrap_or_default())
    }
}

fn describe_actors(sentence: Sentence, actors: &Selection<ActorFilter>, [by, not_by]: [&str; 2]) -> Sentence {
    if actors.is_unsigned() {
        return sentence.words(" without a recorded actor");
    }
    let mut sentence = sentence;
    for (words, listed) in [(by, actors.included()), (not_by, actors.excluded())] {
        for (index, actor) in listed.iter().enumerate() {
            sentence = sentence.words(if index == 0 { format!(" {words} ") } else { " or ".to_owned() });
            sentence = match &actor.id {
                Some(_) => sentence.value(actor.to_string()),
                None => sentence.words(format!("an actor of type {}", actor.kind)),
            };
        }
    }
    sentence
}

/// Appends the words and the values, if there are any.
fn describe_listed<T: ToString>(sentence: Sentence, values: &[T], words: &'static str) -> Sentence {
    if values.is_empty() { sentence } else { sentence.words(words).any_of(values) }
}

/// Returns the verb of what may have happened.
fn verb_of(operations: &[Operation]) -> String {
    if operations.len() == Operation::ALL.len() {
        return "changed".to_owned();
    }
    join_words(operations.iter().map(|operation| match operation {
        Operation::Insert => "created",
        Operation::Update => "updated",
        Operation::Delete => "deleted",
        Operation::Truncate => "emptied",
    }))
}

fn join_words<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.collect::<Vec<_>>().join(" or ")
}

/// Describes the time window, with a blank before it.
fn describe_window(filter: &Filter, now: DateTime<Utc>) -> String {
    let time = |at: DateTime<Utc>| at.format("%-d %b %Y, %H:%M UTC").to_string();
    match (filter.from, filter.to) {
        (None, None) => String::new(),
        (Some(from), None) => match RelativeRange::since(from, now) {
            Some(range) => format!(" in the last {}", range.name()),
            None => format!(" since {}", time(from)),
        },
        (None, Some(to)) => format!(" until {}", time(to)),
        (Some(from), Some(to)) => format!(" from {} to {}", time(from), time(to)),
    }
}

impl UnknownValue {
    /// Says that the value does not exist: `There is no audited table "ticket".` The filter is the one that the value is a condition
    /// of.
    #[must_use]
    pub fn describe(&self, filter: &Filter) -> Sentence {
        let (before, after) = match (self.key, self.is_certain) {
            ("table", _) => ("There is no audited table \"", "\"."),
            ("actor", true) => ("Nobody called \"", "\" made a recorded change."),
            ("actor", false) => ("Nobody called \"", "\" was found as typed."),
            ("action", true) => ("No recorded action is called \"", "\"."),
            ("action", false) => ("No action called \"", "\" was found in the newest changes."),
            ("field", true) => {
                let of = Sentence::default().words("No recorded update");
                let of = describe_listed(of, filter.included_tables(), " of ");
                return of.words(" changed a field called \"").value(self.typed.as_str()).words("\".");
            }
            ("field", false) => ("No field called \"", "\" was found in the newest changes."),
            ("operation", _) => ("There is no operation \"", "\": it is insert, update, delete or truncate."),
            ("correlation_id", _) => ("No change belongs to the request \"", "\"."),
            ("request_id", _) => ("No change has the request id \"", "\"."),
            ("key", _) => {
                return match filter.row() {
                    Some((table, key)) => {
                        Sentence::default().words("There are no changes of ").record(table, key).words(".")
                    }
                    None => Sentence::default().words("There are no changes of this record."),
                };
            }
            _ => ("\"", "\" is not known."),
        };
        Sentence::default().words(before).value(self.typed.as_str()).words(after)
    }
}

impl KeyType {
    /// Says that a key column cannot hold a value: `The ids of tickets are numbers, not "abc".`
    #[must_use]
    pub fn describe_mismatch(self, table: &TableName, column: &str, value: &str) -> Sentence {
        let sentence = Sentence::default().words("The ").value(plural_column(column)).words(" of ");
        let sentence = sentence.value(table.to_string());
        let range = match self {
            Self::Integer(min, max) if is_whole(value) => format!(" from {min} to {max}"),
            _ => String::new(),
        };
        sentence.words(format!(" are {}{range}, not \"", self.as_str())).value(value).words("\".")
    }
}

fn is_whole(text: &str) -> bool {
    let digits = text.trim().trim_start_matches(['-', '+']);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn plural_column(column: &str) -> String {
    if column.ends_with('s') { column.to_owned() } else { format!("{column}s") }
}
