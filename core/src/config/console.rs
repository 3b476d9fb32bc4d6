//! The section `[console]`: the words for tables and actions. One table of keys for reading, for error messages and for the guide.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::read::for_each_table;
use super::source::{Entry, Source, entries};
use crate::{Action, InvalidParameter, LinkTemplate, TableName};

/// The longest name, prefix or words, in characters: they are parts of a line.
const MAX_WORD_CHARS: usize = 80;

/// The words of the console: the section `[console]` of `threadline.toml`.
///
/// ```
/// let config = threadline::Config::from_toml(
///     r##"
///     [console.tables.tickets]
///     name = ["ticket", "tickets"]
///     label = "subject"
///     prefix = "#"
///     link = "/tickets/{id}"
///
///     [console.actions]
///     "ticket.priority_changed" = "changed the priority of"
///     "##,
/// )?;
/// let tickets = &config.console.tables[&"tickets".into()];
/// assert_eq!((tickets.singular.as_deref(), tickets.prefix.as_str()), (Some("ticket"), "#"));
/// assert_eq!(config.console.actions["ticket.priority_changed"], "changed the priority of");
/// # Ok::<(), threadline::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsoleWords {
    /// The words for the records of tables.
    pub tables: BTreeMap<TableName, TableWords>,
    /// The words for actions, by the names of the actions.
    pub actions: BTreeMap<String, String>,
}

impl TableWords {
    /// The columns that usually hold what tells records apart, in this order: those of a table without [`label`](Self::label).
    pub const USUAL_LABELS: [&str; 7] = ["subject", "title", "name", "label", "email", "slug", "number"];
}

/// The words for the records of a table: a section of `[console.tables]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableWords {
    /// The name of one record, unless it is the name of the table.
    pub singular: Option<String>,
    /// The name of several records.
    pub plural: Option<String>,
    /// The columns whose value is the label of a record: the first with a value counts. Unless set, the console tries usual names.
    pub label: Option<Vec<String>>,
    /// The text before the value of a key.
    pub prefix: String,
    /// The address of a record in the host, with its key columns as placeholders.
    pub link: Option<LinkTemplate>,
}

/// A key of the section of a table.
pub(super) struct WordKey {
    pub(super) name: &'static str,
    /// The values that are allowed, with an example.
    #[cfg_attr(not(test), expect(dead_code, reason = "the guide shows it, and a test compares the guide"))]
    pub(super) expected: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the guide shows it, and a test compares the guide"))]
    pub(super) meaning: &'static str,
    /// Sets the value; returns the values that are allowed if this one is not.
    apply: fn(&mut TableWords, &DeValue<'_>) -> Result<(), String>,
}

const NAME: &str = "one word such as \"ticket\", or two such as [\"person\", \"people\"]";
const LABEL: &str =
    "a column such as \"subject\", or columns without duplicates such as [\"title\", \"name\"]";
const PREFIX: &str = "a text of at most 80 characters without control characters, such as \"#\"";
const LINK: &str = "an address such as \"/tickets/{id}\"";

pub(super) const WORD_KEYS: [WordKey; 4] = [
    WordKey {
        name: "name",
        expected: NAME,
        meaning: "What one record and several are called. A single word gets an s for several. Unless set, the name of the table.",
        apply: |words, value| {
            let [singular, plural] = names(value).ok_or(NAME)?;
            (words.singular, words.plural) = (Some(singular), Some(plural));
            Ok(())
        },
    },
    WordKey {
        name: "label",
        expected: LABEL,
        meaning: "The column that tells records apart for people; of several, the first with a value. `[]` for none. Unless set, \
                  the first of `subject`, `title`, `name`, `label`, `email`, `slug` and `number`.",
        apply: |words, value| {
            words.label = Some(columns(value).ok_or(LABEL)?);
            Ok(())
        },
    },
    WordKey {
        name: "prefix",
        expected: PREFIX,
        meaning: "The text before the key: with `#`, the record 5041 is #5041.",
        apply: |words, value| {
            let prefix = value.as_str().filter(|text| text.is_empty() || is_word(text)).ok_or(PREFIX)?;
            words.prefix = prefix.to_owned();
            Ok(())
        },
    },
    WordKey {
        name: "link",
        expected: LINK,
        meaning: "The page of a record in the application. `{id}` stands for the value of the key column `id`.",
        apply: |words, value| {
            let link: LinkTemplate = value.as_str().ok_or(LINK)?.parse().map_err(expected_link)?;
            words.link = Some(link);
            Ok(())
        },
    },
];

fn expected_link(error: InvalidParameter) -> String {
    error.expected.into_owned()
}

/// Reads the section `[console]`.
pub(super) fn read(source: &Source<'_>, section: &Entry<'_>) -> Result<ConsoleWords, ConfigError> {
    let mut console = ConsoleWords::default();
    let table = section.value.as_table();
    let table = table.ok_or_else(|| source.value(section, "threadline.toml", "a section [console]"))?;
    for entry in entries(table) {
        match entry.key {
            "tables" => {
                for_each_table(source, &entry, "console", |name, entry| {
                    let words = table_words(source, entry, &name)?;
                    console.tables.insert(name, words);
                    Ok(())
                })?;
            }
            "actions" => console.actions = actions(source, &entry)?,
            _ => return Err(source.unknown(&entry, "[console]", &["tables", "actions"])),
        }
    }
    Ok(console)
}

fn table_words(
    source: &Source<'_>,
    section: &Entry<'_>,
    name: &TableName,
) -> Result<TableWords, ConfigError> {
    let mut words = TableWords::default();
    let table = section.value.as_table().ok_or_else(|| {
        source.value(section, "[console.tables]", "a section with its keys, such as prefix = \"#\"")
    })?;
    let section = format!("table {name} of [console]");
    for entry in entries(table) {
        let Some(key) = WORD_KEYS.iter().find(|key| key.name == entry.key) else {
            return Err(unknown_key(source, &entry, &section));
        };
        (key.apply)(&mut words, entry.value).map_err(|expected| source.value(&entry, &section, &expected))?;
    }
    Ok(words)
}

fn unknown_key(source: &Source<'_>, entry: &Entry<'_>, section: &str) -> ConfigError {
    if entry.value.is_table() {
        let hint = "quote a name with a dot, as in [console.tables.\"billing.invoices\"]";
        return source.unknown_with(entry, section, hint.to_owned());
    }
    source.unknown(entry, section, &WORD_KEYS.map(|key| key.name))
}

fn actions(source: &Source<'_>, section: &Entry<'_>) -> Result<BTreeMap<String, String>, ConfigError> {
    let expected = "words by the names of actions, such as \"ticket.closed\" = \"closed\"";
    let table: &DeTable<'_> =
        section.value.as_table().ok_or_else(|| source.value(section, "[console]", expected))?;
    let read = |entry: Entry<'_>| {
        if entry.value.is_table() {
            let hint = "quote a name with a dot, as in \"ticket.closed\" = \"closed\"";
            return Err(source.unknown_with(&entry, "[console.actions]", hint.to_owned()));
        }
        if Action::named(entry.key).check().is_err() {
            let hint = "the name of an action has 1 to 200 bytes and no control characters";
            return Err(source.unknown_with(&entry, "[console.actions]", hint.to_owned()));
        }
        let words = entry.value.as_str().filter(|words| is_word(words)).ok_or_else(|| {
            let expected = "words of 1 to 80 characters without control characters, such as \"closed\"";
            source.value(&entry, "[console.actions]", expected)
        })?;
        Ok((entry.key.to_owned(), words.trim().to_owned()))
    };
    entries(table).into_iter().map(read).collect()
}

/// Reads the name of one record and of several.
fn names(value: &DeValue<'_>) -> Option<[String; 2]> {
    let word =
        |value: &DeValue<'_>| value.as_str().filter(|word| is_word(word)).map(|word| word.trim().to_owned());
    match value.as_array() {
        None => word(value).map(|one| [one.clone(), one + "s"]).filter(|[_, several]| is_word(several)),
        Some(two) if two.len() == 2 => Some([word(two.first()?.get_ref())?, word(two.get(1)?.get_ref())?]),
        Some(_) => None,
    }
}

/// Reads a column, or a list of different columns.
fn columns(value: &DeValue<'_>) -> Option<Vec<String>> {
    let column = |value: &DeValue<'_>| {
        let can_exist = |name: &&str| (1..=63).contains(&name.len()) && !name.contains('\0');
        value.as_str().filter(can_exist).map(str::to_owned)
    };
    let Some(list) = value.as_array() else { return Some(vec![column(value)?]) };
    let columns: Vec<String> = list.iter().map(|item| column(item.get_ref())).collect::<Option<_>>()?;
    let different: BTreeSet<&String> = columns.iter().collect();
    (different.len() == columns.len()).then_some(columns)
}

/// Returns whether a text can be a part of a line: not blank, not long, and without control characters.
fn is_word(text: &str) -> bool {
    let is_bounded = text.chars().count() <= MAX_WORD_CHARS;
    is_bounded && !text.trim().is_empty() && !text.contains(char::is_control)
}
