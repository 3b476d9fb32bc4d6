//! One transaction: who, when, why, and every change it made.

mod changes;
mod facts;
mod load;
mod query;
mod related;
mod view;

use leptos::prelude::IntoView;
use threadline::query::{TableCounts, TimelineLine, TransactionDetail};

use self::query::TransactionQuery;
use crate::components::CHANGE_LIST;
use crate::{Mentions, Page, PageContext, PageError, RequestContext};

/// The page of a transaction.
#[derive(Debug)]
pub(super) struct TransactionPage {
    /// The transaction and a page of its changes, with their old values.
    detail: TransactionDetail,
    /// True if the page begins at the newest change.
    is_first_page: bool,
    /// The tables of all its changes, unless counting took too long.
    touched: Option<TableCounts>,
    /// The changes of other transactions of its correlation, unless reading them took too long.
    related: Option<RelatedChanges>,
}

/// Changes of other transactions, newest first.
#[derive(Debug, Default)]
struct RelatedChanges {
    lines: Vec<TimelineLine>,
    /// True if there are more.
    truncated: bool,
}

impl Page for TransactionPage {
    type Query = TransactionQuery;

    async fn load(context: &RequestContext, query: TransactionQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn title(&self, context: &PageContext) -> String {
        let action = self.detail.transaction.action.as_ref();
        action.map_or_else(|| "Transaction".to_owned(), |action| context.names().action(&action.name))
    }

    fn mention(&self, mentions: &mut Mentions) {
        let TransactionDetail { transaction, changes, .. } = &self.detail;
        mentions.transaction(transaction);
        self.related.iter().flat_map(|related| &related.lines).for_each(|line| mentions.line(line));
        changes.entries.iter().for_each(|change| mentions.row(&change.table, &change.key));
    }

    fn list(&self) -> Option<&'static str> {
        (!self.detail.changes.entries.is_empty()).then_some(CHANGE_LIST)
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, &context)
    }
}
