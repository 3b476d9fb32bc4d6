//! Describes filters, unknown values and mismatches in sentences.

use chrono::{DateTime, Utc};

use super::key_type::KeyType;
use super::names::singular;
use super::sentence::Sentence;
use super::{ExcludingCondition, UnknownValue};
use crate::TableName;
use crate::query::model::filter::{ActorFilter, Filter};
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
        let mut sentence = self.describe_value(self.describe_object(Sentence::default()));
        if let Some(actor) = &self.actor {
            sentence = describe_actor(sentence, actor);
        }
        for (words, value) in [
            (" under the action ", &self.action),
            (" with the correlation id ", &self.correlation_id),
            (" with the request id ", &self.request_id),
        ] {
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
        let verb = match self.operation {
            Some(Operation::Insert) => "created",
            Some(Operation::Update) => "updated",
            Some(Operation::Delete) => "deleted",
            Some(Operation::Truncate) => "emptied",
            None => "changed",
        };
        let is_changed_field = matches!(self.operation, None | Some(Operation::Update));
        if let Some(field) = self.field.as_ref().filter(|_| is_changed_field || self.value.is_none()) {
            let sentence = match self.operation {
                None | Some(Operation::Update) => sentence.words("Nothing changed "),
                Some(other) => {
                    sentence.words(format!("Only an update changes a field, so no {other} changed "))
                }
            };
            let sentence = sentence.value(field);
            return match (&self.table, &self.key) {
                (Some(table), Some(key)) => sentence.words(" of ").record(table, key),
                (Some(table), None) => sentence.words(" of ").value(table.to_string()),
                _ => sentence,
            };
        }
        let sentence = sentence.words(format!("Nothing {verb} "));
        match (&self.table, &self.key) {
            (Some(table), Some(key)) => sentence.record(table, key),
            (Some(table), None) if self.operation == Some(Operation::Truncate) => {
                sentence.value(table.to_string())
            }
            (Some(table), None) => sentence.words("a record of ").value(table.to_string()),
            _ if self.operation == Some(Operation::Truncate) => sentence.words("a table"),
            _ => sentence.words("a record"),
        }
    }

    /// Describes the value of a field that was changed, created or deleted, or of any.
    fn describe_value(&self, sentence: Sentence) -> Sentence {
        let Some(value) = &self.value else { return sentence };
        let sentence = match (&self.field, self.operation) {
            (Some(_), None | Some(Operation::Update)) => sentence.words(" from or to "),
            (Some(field), _) => sentence.words(" with ").value(field).words(" set to "),
            (None, _) => sentence.words(" with "),
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
        let words = match key {
            "table" => "the table ",
            "key" => "the record ",
            "operation" => "the operation ",
            "field" => "the field ",
            "value" => "the value ",
            "actor" => "the actor ",
            "action" => "the action ",
            "correlation_id" => "the correlation id ",
            _ => "the request id ",
        };
        let value = self.to_pairs().into_iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        sentence.words(words).value(value.unwrap_or_default())
    }
}

fn describe_actor(sentence: Sentence, actor: &ActorFilter) -> Sentence {
    match &actor.id {
        Some(_) => sentence.words(" by ").value(actor.to_string()),
        None => sentence.words(format!(" by an actor of type {}", actor.kind)),
    }
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
                let of = match &filter.table {
                    Some(table) => {
                        Sentence::default().words("No recorded update of ").value(table.to_string())
                    }
                    None => Sentence::default().words("No recorded update"),
                };
                return of.words(" changed a field called \"").value(self.typed.as_str()).words("\".");
            }
            ("field", false) => ("No field called \"", "\" was found in the newest changes."),
            ("operation", _) => ("There is no operation \"", "\": it is insert, update, delete or truncate."),
            ("correlation_id", _) => ("No change has the correlation id \"", "\"."),
            ("request_id", _) => ("No change has the request id \"", "\"."),
            ("key", _) => {
                return match (&filter.table, &filter.key) {
                    (Some(table), Some(key)) => {
                        Sentence::default().words("There are no changes of ").record(table, key).words(".")
                    }
                    _ => Sentence::default().words("There are no changes of this record."),
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

#[cfg(test)]
mod tests {
    use super::super::sentence::SentencePart;
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-22T09:30:12Z".parse().unwrap()
    }

    fn filter(query: &str) -> Filter {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        Filter::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value))).unwrap().0
    }

    #[test]
    fn filter_is_described_as_it_was_understood() {
        for (query, sentence) in [
            ("", "Nothing changed a record."),
            ("from=2026-11-21T09:30", "Nothing changed a record in the last 24 hours."),
            ("table=tickets", "Nothing changed a record of tickets."),
            ("table=tickets&key=id%3D5041", "Nothing changed ticket 5041."),
            ("table=tickets&key=id%3D5041&operation=delete", "Nothing deleted ticket 5041."),
            (
                "table=billing.order_lines&key=order%3D7%26line%3D2",
                "Nothing changed billing.order_line line 2, order 7.",
            ),
            ("table=tickets&operation=insert", "Nothing created a record of tickets."),
            ("operation=truncate", "Nothing emptied a table."),
            ("table=tickets&operation=truncate", "Nothing emptied tickets."),
            ("field=priority&actor=user:42", "Nothing changed priority by user:42."),
            (
                "table=tickets&field=priority&action=a.b",
                "Nothing changed priority of tickets under the action a.b.",
            ),
            ("actor=job", "Nothing changed a record by an actor of type job."),
            (
                "correlation_id=c&request_id=r",
                "Nothing changed a record with the correlation id c with the request id r.",
            ),
            (
                "from=2026-11-20T00:00&to=2026-11-21T12:00",
                "Nothing changed a record from 20 Nov 2026, 00:00 UTC to 21 Nov 2026, 12:00 UTC.",
            ),
            ("value=berta", "Nothing changed a record with a value that contains \"berta\"."),
            (
                "value=%3Dberta&table=users&from=2026-11-21T09:30",
                "Nothing changed a record of users with the value \"berta\" in the last 24 hours.",
            ),
            (
                "value=berta&table=users&field=email",
                "Nothing changed email of users from or to a value that contains \"berta\".",
            ),
            (
                "value=berta&table=users&field=email&operation=insert",
                "Nothing created a record of users with email set to a value that contains \"berta\".",
            ),
            ("to=2026-11-21T12:00", "Nothing changed a record until 21 Nov 2026, 12:00 UTC."),
            (
                "operation=insert&field=a&table=tickets",
                "Only an update changes a field, so no insert changed a of tickets.",
            ),
        ] {
            assert_eq!(filter(query).describe_empty(now()).to_string(), sentence, "{query}");
        }
    }

    #[test]
    fn values_are_parts_of_their_own() {
        let sentence = filter("table=tickets&key=id%3D%3Cscript%3E").describe_empty(now());
        let values = sentence.into_iter().filter_map(|part| match part {
            SentencePart::Value(value) => Some(value),
            SentencePart::Words(_) => None,
        });
        assert_eq!(values.collect::<Vec<_>>(), ["ticket", "<script>"]);
    }

    #[test]
    fn key_of_wrong_type_is_described_with_the_type() {
        let integer = KeyType::Integer(i64::from(i32::MIN), i64::from(i32::MAX));
        for (value, sentence) in [
            ("abc", "The ids of tickets are numbers, not \"abc\"."),
            (
                "2147483648",
                "The ids of tickets are numbers from -2147483648 to 2147483647, not \"2147483648\".",
            ),
        ] {
            assert_eq!(integer.describe_mismatch(&"tickets".into(), "id", value).to_string(), sentence);
        }
    }

    #[test]
    fn name_of_one_record_is_the_singular_of_its_table() {
        for (table, name) in [
            ("tickets", "ticket"),
            ("ticket_replies", "ticket_reply"),
            ("billing.invoices", "billing.invoice"),
            ("news", "news"),
            ("Tickets", "Tickets"),
        ] {
            assert_eq!(singular_name(&table.parse().unwrap()), name);
        }
    }
}
