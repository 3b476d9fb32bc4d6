//! The results for a text: those of the trail, and those of the host that the scope shows.

use threadline::ActorRef;
use threadline::TableName;
use threadline::query::{
    ActorFilter, Count, Filter, FoundActor, FoundRecord, QueryError, RowKey, SearchResult, SearchTarget,
    TimelineEntry, TransactionId,
};

use crate::names::{Label, RecordName, SearchHit};
use crate::{Mentions, PageContext, QueryFailure, RequestContext};

/// The results of the host that are used.
const MAX_HITS: usize = 5;

/// The results for a text.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) records: Vec<Record>,
    /// The number of captured tables whose records were not searched.
    pub(super) tables_left_out: usize,
    pub(super) actors: Vec<Actor>,
    /// The filters for a correlation id and a request id.
    pub(super) requests: Vec<Filter>,
    pub(super) transaction: Option<TransactionId>,
}

/// The relation between a result and the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// The text is its key, its id or its label.
    Exact,
    /// The host found it.
    OfHost,
    /// Its id contains the text, or is near to it.
    Near,
}

/// A record with a change that the scope shows.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) table: TableName,
    pub(super) key: RowKey,
    pub(super) entry: TimelineEntry,
    /// The label that the host's search gave.
    label: Option<Label>,
    matches: Match,
}

/// An actor with a change that the scope shows.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) actor: ActorFilter,
    pub(super) count: Option<Count>,
    /// The label that the host's search gave.
    label: Option<Label>,
    matches: Match,
}

impl Record {
    pub(super) fn new(FoundRecord { table, key, entry, .. }: FoundRecord) -> Self {
        Self { table, key, entry, label: None, matches: Match::Exact }
    }

    /// Returns the name, with the label of the host or of the change.
    pub(super) fn name(&self, context: &PageContext) -> RecordName {
        let names = context.names();
        match &self.label {
            Some(label) => names.labelled_record(&self.table, &self.key, label),
            None => names.record_of((&self.table, &self.key), [&self.entry]),
        }
    }
}

impl Actor {
    fn new(FoundActor { actor, count, is_exact, .. }: FoundActor) -> Self {
        Self { actor, count, label: None, matches: if is_exact { Match::Exact } else { Match::Near } }
    }

    /// Returns the actor, unless it stands for all actors of a kind.
    fn reference(&self) -> Option<ActorRef> {
        ActorRef::new(self.actor.kind, self.actor.id.clone()?).ok()
    }

    /// Returns the name, and the reference if the name is another text.
    pub(super) fn name(&self, context: &PageContext) -> (String, Option<String>) {
        let name = self.reference().map(|actor| match &self.label {
            Some(label) => context.names().labelled_actor(&actor, label),
            None => context.names().actor(&actor),
        });
        name.map_or_else(|| (self.actor.to_string(), None), |name| (name.text, name.title))
    }
}

/// Searches the trail and, at the same time, the host.
pub(super) async fn find(context: &RequestContext, text: &str) -> Result<Found, QueryFailure> {
    let words = &context.page.host.words.search;
    let trail = async { context.snapshot().await?.search(&context.scope, text, words).await };
    let host = async {
        match &context.host_search {
            Some(host) => host.search(text.to_owned()).await,
            None => Vec::new(),
        }
    };
    let (found, hits) = tokio::join!(context.with_query_timeout(trail), host);
    let mut found = Found::new(found?);
    if !hits.is_empty() {
        // What could not be checked in time is not shown.
        let _ = context.optional(found.add(context, text, hits)).await;
    }
    Ok(found)
}

impl Found {
    fn new(found: SearchResult) -> Self {
        let SearchResult { records, tables_left_out, actors, requests, transaction, .. } = found;
        let records = records.into_iter().map(Record::new).collect();
        let actors = actors.into_iter().map(Actor::new).collect();
        Self { records, tables_left_out, actors, requests, transaction }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.actors.is_empty()
            && self.requests.is_empty()
            && self.transaction.is_none()
    }

    /// Adds each result of the host of which the scope shows a change.
    async fn add(
        &mut self,
        context: &RequestContext,
        text: &str,
        hits: Vec<SearchHit>,
    ) -> Result<(), QueryError> {
        let mut snapshot = context.snapshot().await?;
        for hit in hits.into_iter().take(MAX_HITS) {
            let (filter, label) = match &hit {
                SearchHit::Row(row, label) => {
                    let (table, key) = (Some(row.table.clone().into()), Some(row.key.clone()));
                    (Filter { table, key, ..Filter::default() }, label)
                }
                SearchHit::Actor(actor, label) => {
                    (Filter { actor: Some(ActorFilter::from(actor).into()), ..Filter::default() }, label)
                }
            };
            let matches = if label.is(text) { Match::Exact } else { Match::OfHost };
            let newest = match snapshot.newest_change(&context.scope, &filter).await {
                Err(QueryError::KeyMismatch { .. } | QueryError::NotCaptured { .. }) => None,
                newest => newest?,
            };
            let Some(entry) = newest else { continue };
            match hit {
                SearchHit::Row(row, label) => self.add_record(row.table, row.key, entry, label, matches),
                SearchHit::Actor(actor, label) => self.add_actor(&actor, label, matches),
            }
        }
        Ok(())
    }

    fn add_record(
        &mut self,
        table: TableName,
        key: RowKey,
        entry: TimelineEntry,
        label: Label,
        matches: Match,
    ) {
        match self.records.iter_mut().find(|record| record.table == table && record.key == key) {
            Some(known) => known.label = Some(label),
            None => self.records.push(Record { table, key, entry, label: Some(label), matches }),
        }
    }

    fn add_actor(&mut self, actor: &ActorRef, label: Label, matches: Match) {
        let actor = ActorFilter::from(actor);
        match self.actors.iter_mut().find(|known| known.actor == actor) {
            Some(known) => {
                known.label = Some(label);
                if known.matches == Match::Near {
                    known.matches = matches;
                }
            }
            None => self.actors.push(Actor { actor, count: None, label: Some(label), matches }),
        }
    }

    /// Returns the address of the only thing that the text names; `None` if it names several, or only something near to it.
    pub(super) fn certain(&self, context: &PageContext) -> Option<String> {
        let records = self
            .records
            .iter()
            .map(|record| (SearchTarget::record(&record.table, &record.key), record.matches));
        let actors =
            self.actors.iter().map(|found| (SearchTarget::Actor(found.actor.clone()), found.matches));
        let others = self.requests.iter().cloned().map(|filter| SearchTarget::Request(Box::new(filter)));
        let others = others.chain(self.transaction.map(SearchTarget::Transaction));
        let mut all = records
            .chain(actors)
            .chain(others.map(|target| (target, Match::Exact)))
            .filter(|(_, matches)| *matches != Match::Near);
        let (target, matches) = all.next()?;
        let is_only = all.next().is_none() && self.tables_left_out == 0;
        (is_only && matches == Match::Exact).then(|| href(context, &target))
    }

    pub(super) fn mention(&self, mentions: &mut Mentions) {
        self.records.iter().for_each(|record| mentions.entry(&record.entry));
        self.actors.iter().filter_map(Actor::reference).for_each(|actor| mentions.actor(&actor));
    }
}

/// Returns the address of a result.
pub(super) fn href(context: &PageContext, target: &SearchTarget) -> String {
    match target {
        SearchTarget::Record(table, key) => context.row_of(table, key),
        SearchTarget::Actor(actor) => context.actor_href(actor.kind, actor.id.as_deref()),
        SearchTarget::Request(filter) => context.timeline_href(filter),
        SearchTarget::Transaction(id) => context.href(&format!("/transactions/{id}")),
        _ => context.href(""),
    }
}
