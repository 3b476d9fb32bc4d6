//! The words of a host for its tables and actions, from its configuration and its builder.

use std::collections::BTreeMap;

use threadline::query::SearchWords;
use threadline::{Config, LinkTemplate, TableName, TableWords};

/// The words of a host for its tables and actions.
#[derive(Debug, Clone, Default)]
pub struct HostWords {
    tables: BTreeMap<TableName, TableWords>,
    /// The words for the records of a table that no section names.
    others: TableWords,
    actions: BTreeMap<String, String>,
    /// The nouns that a search understands, and the labels of records.
    pub(crate) search: SearchWords,
}

impl HostWords {
    /// Reads the words of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let console = config.console.clone();
        let (tables, actions, search) = (console.tables, console.actions, SearchWords::new(config));
        Self { tables, others: TableWords::default(), actions, search }
    }

    /// Sets the address of a table's records in the host.
    #[must_use]
    pub fn row_link(mut self, table: TableName, link: LinkTemplate) -> Self {
        self.tables.entry(table).or_default().link = Some(link);
        self
    }

    pub(super) fn table(&self, table: &TableName) -> &TableWords {
        self.tables.get(table).unwrap_or(&self.others)
    }

    pub(super) fn action(&self, name: &str) -> Option<&str> {
        self.actions.get(name).map(String::as_str)
    }
}
