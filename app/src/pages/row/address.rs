//! The addresses of a row's page.

use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Filter, Position, RowKey};
use url::form_urlencoded;

use crate::PageContext;
use crate::query_string::position_pair;

/// The address of a row's page with the filter and the cursor of its list, which every link and form on it keeps.
#[derive(Debug, Clone)]
pub(super) struct Address {
    path: String,
    filter: Vec<(&'static str, String)>,
    cursor: Option<(&'static str, String)>,
}

impl Address {
    pub(super) fn new(
        context: &PageContext,
        row: (&TableName, &RowKey),
        filter: &Filter,
        position: Position,
    ) -> Self {
        let cursor = position_pair(position);
        Self { path: context.row_of(row.0, row.1), filter: filter.to_pairs(), cursor }
    }

    /// Returns the address of the whole history, newest first.
    pub(super) fn whole(&self) -> String {
        self.path.clone()
    }

    /// Returns the address of the list, to which a pager adds a cursor.
    pub(super) fn list(&self) -> String {
        self.write(self.filter.clone())
    }

    /// Returns the address of the list with another filter.
    pub(super) fn with_filter(&self, filter: &Filter) -> String {
        self.write(filter.to_pairs())
    }

    /// Returns the address of the same part of the list, with other parameters.
    pub(super) fn with<const N: usize>(&self, parameters: [(&'static str, String); N]) -> String {
        let list = self.filter.iter().chain(&self.cursor).cloned();
        self.write(list.chain(parameters).collect())
    }

    /// Renders hidden fields that keep the part of the list in a form.
    pub(super) fn hidden_fields(&self) -> impl IntoView + use<> {
        let list = self.filter.iter().chain(&self.cursor).cloned();
        list.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect::<Vec<_>>()
    }

    fn write(&self, pairs: Vec<(&'static str, String)>) -> String {
        if pairs.is_empty() {
            return self.path.clone();
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("{}?{query}", self.path)
    }
}
