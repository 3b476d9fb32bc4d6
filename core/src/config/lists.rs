//! Sections that only hold lists of tables: one table of their keys, which reading, the texts of errors and the guide follow.

use super::source::{Entry, Source, entries};
use super::{Config, ConfigError};
use crate::TableName;

/// One key of such a section.
pub(super) struct ListKey {
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the guide shows it, and a test compares the guide"))]
    pub(super) meaning: &'static str,
    list: fn(&mut Config) -> &mut Vec<TableName>,
}

/// What may stand there, with an example.
pub(super) const EXPECTED: &str = "a list of tables, each once, such as [\"jobs\", \"billing.queue\"]";

pub(super) const LISTS: [ListKey; 3] = [
    ListKey {
        section: "health",
        name: "expected_uncovered_tables",
        meaning: "Tables that need no capture: they count as expected gaps.",
        list: |config| &mut config.expected_uncovered_tables,
    },
    ListKey {
        section: "health",
        name: "audit_anyway",
        meaning: "Tables that need capture although they would count as expected gaps.",
        list: |config| &mut config.audit_anyway,
    },
    ListKey {
        section: "verify_coverage",
        name: "expected_tables",
        meaning: "Tables that `threadline verify-coverage` insists on.",
        list: |config| &mut config.expected_tables,
    },
];

/// The sections, each once.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    let is_first = |at: usize| LISTS[..at].iter().all(|earlier| earlier.section != LISTS[at].section);
    (0..LISTS.len()).filter(move |at| is_first(*at)).map(|at| LISTS[at].section)
}

pub(super) fn read(source: &Source<'_>, section: &Entry<'_>, config: &mut Config) -> Result<(), ConfigError> {
    let place = format!("[{}]", section.key);
    let expected = format!("a section {place}");
    let table =
        section.value.as_table().ok_or_else(|| source.value(section, "threadline.toml", &expected))?;
    for entry in entries(table) {
        let in_section = || LISTS.iter().filter(|key| key.section == section.key);
        let Some(key) = in_section().find(|key| key.name == entry.key) else {
            let known: Vec<&str> = in_section().map(|key| key.name).collect();
            return Err(source.unknown(&entry, &place, &known));
        };
        let refused = || source.value(&entry, &place, EXPECTED);
        let list = (key.list)(config);
        for item in entry.value.as_array().ok_or_else(refused)? {
            let name = item.get_ref().as_str().ok_or_else(refused)?.trim();
            let table: TableName = name.parse().map_err(|_| refused())?;
            if list.contains(&table) {
                return Err(refused());
            }
            list.push(table);
        }
    }
    Ok(())
}
