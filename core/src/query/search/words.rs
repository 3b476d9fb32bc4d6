//! The words by which a host names its tables, and the columns by which it names records.

use std::collections::HashMap;

use crate::capture::DEFAULT_PLACEHOLDER;
use crate::query::model::change::Change;
use crate::query::model::field_change::FieldValue;
use crate::{Config, TableName, TableWords};

/// The words of a host that a search understands: the nouns of its tables, and the columns that hold the labels of records.
///
/// ```
/// use threadline::Config;
/// use threadline::query::SearchWords;
///
/// let config = Config::from_toml(
///     r#"
///     [console.tables.tickets]
///     name = ["ticket", "tickets"]
///     label = "subject"
///     "#,
/// )?;
/// let words = SearchWords::new(&config);
/// assert!(words.is_noun(&"tickets".into(), "Ticket"));
/// # Ok::<(), threadline::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct SearchWords {
    tables: HashMap<TableName, Words>,
    /// The words for a table that no section of the configuration names.
    others: Words,
}

#[derive(Debug, Clone, Default)]
struct Words {
    nouns: Vec<String>,
    /// The columns to take the label from, in this order; `None` for the usual ones.
    label: Option<Vec<String>>,
    /// The columns that the policy excludes or masks. An earlier change may hold their values.
    redacted: Vec<String>,
    placeholder: String,
}

impl Words {
    fn new(config: &Config, table: &TableName) -> Self {
        let policy = config.policy(table.clone());
        let words = config.console.tables.get(table).cloned().unwrap_or_default();
        Self {
            nouns: words.singular.into_iter().chain(words.plural).collect(),
            label: words.label,
            redacted: policy.exclude.into_iter().chain(policy.mask).collect(),
            placeholder: policy.mask_placeholder,
        }
    }

    fn label_columns(&self) -> impl Iterator<Item = &str> {
        let configured = self.label.iter().flatten().map(String::as_str);
        let usual = self.label.is_none().then_some(TableWords::USUAL_LABELS).into_iter().flatten();
        let is_recorded = |column: &&str| !self.redacted.iter().any(|redacted| redacted == column);
        configured.chain(usual).filter(is_recorded)
    }

    fn is_placeholder(&self, text: &str) -> bool {
        text == DEFAULT_PLACEHOLDER || text == self.placeholder
    }

    /// Returns a value as a label: a text that is not blank and does not stand for a masked value, or a number.
    fn value_as_label(&self, value: FieldValue) -> Option<String> {
        match value {
            FieldValue::Text(text) if self.is_placeholder(&text) => None,
            FieldValue::Text(text) | FieldValue::Number(text) | FieldValue::Shortened { start: text, .. } => {
                Some(text).filter(|text| !text.trim().is_empty())
            }
            _ => None,
        }
    }
}

impl SearchWords {
    /// Reads the words of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let sections = config.policies().map(|policy| &policy.table).chain(config.console.tables.keys());
        let tables = sections.map(|table| (table.clone(), Words::new(config, table))).collect();
        // A name that no table has: the policy of tables without a section.
        Self { tables, others: Words::new(config, &TableName::new("", "")) }
    }

    fn of(&self, table: &TableName) -> &Words {
        self.tables.get(table).unwrap_or(&self.others)
    }

    /// Returns whether a word is a noun of a table, or its name, in any case.
    #[must_use]
    pub fn is_noun(&self, table: &TableName, word: &str) -> bool {
        let mut nouns = self.of(table).nouns.iter();
        nouns.any(|noun| noun.eq_ignore_ascii_case(word))
            || table.name().eq_ignore_ascii_case(word)
            || table.to_string().eq_ignore_ascii_case(word)
    }

    /// Returns the columns that hold labels in any of these tables, each once.
    pub(super) fn label_columns(&self, tables: &[TableName]) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for column in tables.iter().flat_map(|table| self.of(table).label_columns()) {
            if !columns.iter().any(|known| known == column) {
                columns.push(column.to_owned());
            }
        }
        columns
    }

    /// Returns the label that a record has in a recorded change, and its column: the first label column with a text or a number. A
    /// column of the key tells nothing that the key does not tell, and a redacted one has no value to show.
    #[must_use]
    pub fn label(&self, change: &Change) -> Option<(&str, String)> {
        let words = self.of(&change.table);
        let columns = words.label_columns().filter(|column| !change.key.contains(column));
        let label = |column| Some((column, words.value_as_label(change.recorded_value(column)?)?));
        columns.filter_map(label).next()
    }

    /// Returns whether a text stands for a masked value of the table.
    #[must_use]
    pub fn is_placeholder(&self, table: &TableName, text: &str) -> bool {
        self.of(table).is_placeholder(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_and_numbers_are_labels() {
        let words = Words { placeholder: "-".to_owned(), ..Words::default() };
        let text = |text: &str| FieldValue::Text(text.to_owned());
        for (value, expected) in [
            (text("Printer"), Some("Printer")),
            (text("-"), None),
            (text("[REDACTED]"), None),
            (FieldValue::Number("8841".to_owned()), Some("8841")),
            (FieldValue::Shortened { start: "Long".to_owned(), bytes: 100_000 }, Some("Long")),
            (FieldValue::Null, None),
            (FieldValue::Bool(true), None),
            (FieldValue::Json("[1]".to_owned()), None),
            (FieldValue::Omitted, None),
        ] {
            assert_eq!(words.value_as_label(value.clone()).as_deref(), expected, "{value:?}");
        }
    }
}
