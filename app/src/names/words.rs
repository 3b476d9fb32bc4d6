//! The words of a host for its tables and actions, from its configuration and its builder.

use std::collections::{BTreeMap, HashMap};

use threadline::capture::DEFAULT_PLACEHOLDER;
use threadline::query::SearchWords;
use threadline::{Config, LinkTemplate, TableName};

/// The words of a host for its tables and actions.
#[derive(Debug, Clone, Default)]
pub struct HostWords {
    tables: HashMap<TableName, TableNames>,
    /// The words for the records of a table that no section names.
    others: TableNames,
    actions: BTreeMap<String, String>,
    /// The same words for the search.
    pub(crate) search: SearchWords,
}

/// The words for the records of a table, and the columns that give no label.
#[derive(Debug, Clone, Default)]
pub(super) struct TableNames {
    pub(super) singular: Option<String>,
    pub(super) plural: Option<String>,
    /// The columns to take the label from, in this order; `None` for the usual ones.
    pub(super) label: Option<Vec<String>>,
    pub(super) prefix: String,
    pub(super) link: Option<LinkTemplate>,
    /// The columns that are left out or masked. A change from before that still holds their values.
    pub(super) redacted: Vec<String>,
    /// The text that replaces a masked value.
    pub(super) placeholder: String,
}

impl HostWords {
    /// Reads the words of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let console = &config.console;
        let sections = config.policies().map(|policy| &policy.table).chain(console.tables.keys());
        let tables = sections.map(|table| (table.clone(), TableNames::new(config, table))).collect();
        // A name that no table has: the policy of tables without a section.
        let others = TableNames::new(config, &TableName::new("", ""));
        Self { tables, others, actions: console.actions.clone(), search: SearchWords::new(config) }
    }

    /// Sets the address of a table's records in the host.
    #[must_use]
    pub fn row_link(mut self, table: TableName, link: LinkTemplate) -> Self {
        let others = &self.others;
        self.tables.entry(table).or_insert_with(|| others.clone()).link = Some(link);
        self
    }

    pub(super) fn table(&self, table: &TableName) -> &TableNames {
        self.tables.get(table).unwrap_or(&self.others)
    }

    pub(super) fn action(&self, name: &str) -> Option<&str> {
        self.actions.get(name).map(String::as_str)
    }
}

impl TableNames {
    fn new(config: &Config, table: &TableName) -> Self {
        let policy = config.policy(table.clone());
        let words = config.console.tables.get(table).cloned().unwrap_or_default();
        Self {
            singular: words.singular,
            plural: words.plural,
            label: words.label,
            prefix: words.prefix,
            link: words.link,
            redacted: policy.exclude.into_iter().chain(policy.mask).collect(),
            placeholder: policy.mask_placeholder,
        }
    }

    /// Returns whether a text stands for a masked value.
    pub(super) fn is_placeholder(&self, text: &str) -> bool {
        text == DEFAULT_PLACEHOLDER || text == self.placeholder
    }
}
