//! The addresses of a row.

use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Filter, Position, RowKey};
use url::form_urlencoded;

use crate::PageContext;

/// A row's page with the window and the place of its list, which every link and form on it keeps.
#[derive(Debug, Clone)]
pub(super) struct Address {
    path: String,
    window: Vec<(&'static str, String)>,
    place: Option<(&'static str, String)>,
}

impl Address {
    pub(super) fn new(
        context: &PageContext,
        row: (&TableName, &RowKey),
        filter: &Filter,
        position: Position,
    ) -> Self {
        let place = match position {
            Position::Newest => None,
            Position::OlderThan(cursor) => Some(("older", cursor.to_string())),
            Position::NewerThan(cursor) => Some(("newer", cursor.to_string())),
        };
        Self { path: context.row_of(row.0, row.1), window: filter.to_pairs(), place }
    }

    /// The page by itself: every version, newest first.
    pub(super) fn whole(&self) -> String {
        self.path.clone()
    }

    /// The list, to which a pager adds a place.
    pub(super) fn list(&self) -> String {
        self.write(self.window.clone())
    }

    /// The same part of the list, and another question beside it.
    pub(super) fn with<const N: usize>(&self, question: [(&'static str, String); N]) -> String {
        let list = self.window.iter().chain(&self.place).cloned();
        self.write(list.chain(question).collect())
    }

    /// Fields that keep the part of the list in a form.
    pub(super) fn hidden_fields(&self) -> impl IntoView + use<> {
        let list = self.window.iter().chain(&self.place).cloned();
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
