//! The sections that hold lists of tables: one table of keys for reading, for error messages and for the guide.

use super::source::{Entry, Source, entries};
use super::{Config, ConfigError};
use crate::TableName;

/// A key whose value is a list of tables.
pub(super) struct ListKey {
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the guide shows it, and a test compares the guide"))]
    pub(super) meaning: &'static str,
    /// Returns the list in the configuration.
    list: fn(&mut Config) -> &mut Vec<TableName>,
}

/// The values that are allowed, with an example.
pub(super) const EXPECTED_LIST: &str =
    "a list of tables without duplicates, such as [\"jobs\", \"billing.queue\"]";

pub(super) const LISTS: [ListKey; 3] = [
    ListKey {
        section: "health",
        name: "expected_uncovered_tables",
        meaning: "Tables that need no capture: they count as left out on purpose.",
        list: |config| &mut config.expected_uncovered_tables,
    },
    ListKey {
        section: "health",
        name: "audit_anyway",
        meaning: "Tables that need capture although they would otherwise count as left out on purpose.",
        list: |config| &mut config.audit_anyway,
    },
    ListKey {
        section: "verify_coverage",
        name: "expected_tables",
        meaning: "Tables that must be captured: `threadline verify-coverage` fails otherwise.",
        list: |config| &mut config.expected_tables,
    },
];

/// Returns the names of the sections, without duplicates.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    let is_first = |at: usize| LISTS[..at].iter().all(|earlier| earlier.section != LISTS[at].section);
    (0..LISTS.len()).filter(move |at| is_first(*at)).map(|at| LISTS[at].section)
}

/// Reads one of these sections.
pub(super) fn read(source: &Source<'_>, section: &Entry<'_>, config: &mut Config) -> Result<(), ConfigError> {
    let name = format!("[{}]", section.key);
    let expected = format!("a section {name}");
    let table =
        section.value.as_table().ok_or_else(|| source.value(section, "threadline.toml", &expected))?;
    for entry in entries(table) {
        let in_section = || LISTS.iter().filter(|key| key.section == section.key);
        let Some(key) = in_section().find(|key| key.name == entry.key) else {
            let known: Vec<&str> = in_section().map(|key| key.name).collect();
            return Err(source.unknown(&entry, &name, &known));
        };
        let invalid = || source.value(&entry, &name, EXPECTED_LIST);
        let list = (key.list)(config);
        for item in entry.value.as_array().ok_or_else(invalid)? {
            let name = item.get_ref().as_str().ok_or_else(invalid)?.trim();
            let table: TableName = name.parse().map_err(|_| invalid())?;
            if list.contains(&table) {
                return Err(invalid());
            }
            list.push(table);
        }
    }
    Ok(())
}
