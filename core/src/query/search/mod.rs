//! The search: what people know, such as a number, a person or an id, leads to what is recorded.
//!
//! | File | Part |
//! |---|---|
//! | `records` | records by their keys and labels |
//! | `words` | the words of the host |
//! | `qualifiers` | words that name a condition, such as `who:maria` |

mod qualifiers;
mod records;
mod words;

use super::engine::snapshot::Snapshot;
use super::model::cursor::Position;
use super::model::error::QueryError;
use super::model::filter::{ActorFilter, Filter};
use super::model::page::Count;
use super::model::row_key::RowKey;
use super::model::timeline_entry::TimelineEntry;
use super::model::transaction_id::TransactionId;
use crate::{Scope, TableName};

pub use self::qualifiers::search_qualifiers;
pub use self::words::SearchWords;

/// The results of one kind.
const MAX_FOUND: usize = 5;

/// The things that a text names, by [`Snapshot::search`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SearchResult {
    /// The records with the text as their key, at most five.
    pub records: Vec<FoundRecord>,
    /// The number of captured tables whose records were not searched. A text with a noun searches one table only.
    pub tables_left_out: usize,
    /// The actors whose id is the text, contains it, or is near to it, at most five.
    pub actors: Vec<FoundActor>,
    /// The filters for the text as a correlation id and as a request id, as far as they find changes.
    pub requests: Vec<Filter>,
    /// The transaction with the text as its id.
    pub transaction: Option<TransactionId>,
}

/// A record that was found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FoundRecord {
    /// The table.
    pub table: TableName,
    /// The key.
    pub key: RowKey,
    /// A change of the record: the newest one, or the newest one with the label that was searched.
    pub entry: TimelineEntry,
}

/// An actor that was found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FoundActor {
    /// The actor, or all actors of a kind.
    pub actor: ActorFilter,
    /// The number of changes; `None` if they were not counted, or not in time.
    pub count: Option<Count>,
    /// True if the text is the id, in any case.
    pub is_exact: bool,
}

/// One thing that a text names exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchTarget {
    /// A record.
    Record(TableName, RowKey),
    /// An actor.
    Actor(ActorFilter),
    /// The changes under a correlation id or a request id.
    Request(Box<Filter>),
    /// A transaction.
    Transaction(TransactionId),
}

impl SearchTarget {
    /// Returns the target of a record.
    #[must_use]
    pub fn record(table: &TableName, key: &RowKey) -> Self {
        Self::Record(table.clone(), key.clone())
    }
}

impl SearchResult {
    /// Returns whether nothing was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.actors.is_empty()
            && self.requests.is_empty()
            && self.transaction.is_none()
    }

    /// Returns what the text names exactly. What is only near to it is not among them.
    pub fn targets(&self) -> impl Iterator<Item = SearchTarget> {
        let records = self.records.iter();
        let records = records.map(|found| SearchTarget::record(&found.table, &found.key));
        let exact = self.actors.iter().filter(|found| found.is_exact);
        let actors = exact.map(|found| SearchTarget::Actor(found.actor.clone()));
        let requests = self.requests.iter().cloned().map(|filter| SearchTarget::Request(Box::new(filter)));
        let transaction = self.transaction.map(SearchTarget::Transaction);
        records.chain(actors).chain(requests).chain(transaction)
    }
}

impl Snapshot<'_> {
    /// Finds what a text names: the records with this key in any captured table, an actor, a correlation id, a request id and a
    /// transaction. Keys are read as [`read_key`](Self::read_key) reads them. Each answer is limited to the scope.
    ///
    /// The values of records are not searched: [`records_by_label`](Self::records_by_label) and the
    /// [value of a filter](Filter::value) find them.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::query::{SearchTarget, SearchWords};
    /// use threadline::{Config, Scope};
    ///
    /// let words = SearchWords::new(&Config::default());
    /// let found = trail.snapshot().await?.search(&Scope::unscoped(), "ticket 5041", &words).await?;
    /// for target in found.targets() {
    ///     if let SearchTarget::Record(table, key) = target {
    ///         println!("{table} {key}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn search(
        &mut self,
        scope: &Scope,
        text: &str,
        words: &SearchWords,
    ) -> Result<SearchResult, QueryError> {
        let text = text.trim();
        if text.is_empty() || text.contains('\0') {
            return Ok(SearchResult::default());
        }
        let (records, tables_left_out) = self.records_by_key(scope, text, words).await?;
        let mut found = SearchResult { records, tables_left_out, ..SearchResult::default() };
        if let Ok(id) = text.parse::<TransactionId>()
            && self.transaction(scope, id, Position::Newest, 1).await?.is_some()
        {
            found.transaction = Some(id);
        }
        for key in ["correlation_id", "request_id"] {
            let filter = Filter::from_pairs([(key, text)]).map(|(filter, _)| filter);
            if let Ok(filter) = filter.map_err(drop)
                && self.newest_change(scope, &filter).await?.is_some()
            {
                found.requests.push(filter);
            }
        }
        found.actors = self.actors_by_id(scope, text).await?;
        Ok(found)
    }

    /// Returns the newest change that matches a filter: `None` if the scope shows none, or the search time ended before.
    ///
    /// # Errors
    /// As [`timeline_page`](Self::timeline_page).
    pub async fn newest_change(
        &mut self,
        scope: &Scope,
        filter: &Filter,
    ) -> Result<Option<TimelineEntry>, QueryError> {
        let page = self.timeline_page(scope, filter, Position::Newest, 1).await?;
        Ok(page.entries.into_iter().next())
    }

    async fn actors_by_id(&mut self, scope: &Scope, text: &str) -> Result<Vec<FoundActor>, QueryError> {
        if let Ok(actor) = text.parse::<ActorFilter>()
            && actor.id.is_some()
        {
            let filter = Filter { actor: Some(actor.clone().into()), ..Filter::default() };
            if self.newest_change(scope, &filter).await?.is_some() {
                return Ok(vec![FoundActor { actor, count: None, is_exact: true }]);
            }
        }
        let near = self.near_actors(scope, text).await?;
        let is_exact =
            |actor: &ActorFilter| actor.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(text));
        let found = near.into_iter().map(|(actor, count)| {
            let is_exact = is_exact(&actor);
            FoundActor { actor, count, is_exact }
        });
        Ok(found.take(MAX_FOUND).collect())
    }
}
