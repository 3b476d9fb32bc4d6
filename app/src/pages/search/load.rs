//! Finds what a text names, and redirects to it if that is certain.

use chrono::Utc;
use threadline::query::{
    ActorFilter, Filter, Position, QueryError, RelativeRange, Snapshot, Suggestion, TimelineEntry,
    TransactionId, TypedKey,
};
use threadline::{Scope, TableName};

use super::query::SearchQuery;
use super::{Actor, Found, FoundValues, Record, SearchPage, qualifiers};
use crate::{PageError, RequestContext};

/// Results in each group.
const MAX_RESULTS: usize = 5;
/// Tables whose records are searched by their keys: two queries each.
const MAX_TABLES: usize = 30;
/// The window in which values are searched.
const VALUE_WINDOW: RelativeRange = RelativeRange::LastWeek;

pub(super) async fn load(context: &RequestContext, query: SearchQuery) -> Result<SearchPage, PageError> {
    let SearchQuery { text } = query;
    if text.is_empty() {
        return Ok(SearchPage::default());
    }
    if let Some(pairs) = qualifiers::pairs(&text) {
        return Err(PageError::Redirect(context.page.timeline_with(&pairs)));
    }
    let found = context.with_query_timeout(find(context, &text)).await?;
    if let Some(address) = found.certain(context) {
        return Err(PageError::Redirect(address));
    }
    let values = context.optional(values(context, &text)).await.ok().flatten();
    Ok(SearchPage { text, found, values })
}

async fn find(context: &RequestContext, text: &str) -> Result<Found, QueryError> {
    let (mut snapshot, scope) = (context.snapshot().await?, &context.scope);
    let (records, tables_left_out) = records(context, &mut snapshot, text).await?;
    let mut found = Found { records, tables_left_out, ..Found::default() };
    if let Ok(id) = text.parse::<TransactionId>()
        && snapshot.transaction(scope, id, Position::Newest, 1).await?.is_some()
    {
        found.transaction = Some(context.page.href(&format!("/transactions/{id}")));
    }
    for key in ["correlation_id", "request_id"] {
        let filter = Filter::from_pairs([(key, text)]).map(|(filter, _)| filter);
        if let Ok(filter) = filter.map_err(drop)
            && newest(&mut snapshot, scope, &filter).await?.is_some()
        {
            found.requests.push(filter);
        }
    }
    found.actors = actors(&mut snapshot, scope, text).await?;
    Ok(found)
}

/// Returns the newest change of a filter.
async fn newest(
    snapshot: &mut Snapshot<'_>,
    scope: &Scope,
    filter: &Filter,
) -> Result<Option<TimelineEntry>, QueryError> {
    let page = snapshot.timeline_page(scope, filter, Position::Newest, 1).await?;
    Ok(page.entries.into_iter().next())
}

/// Finds the records of any table with this key. `ticket 5041` names the table too.
async fn records(
    context: &RequestContext,
    snapshot: &mut Snapshot<'_>,
    text: &str,
) -> Result<(Vec<Record>, usize), QueryError> {
    let scope = &context.scope;
    let tables = snapshot.captured_tables(scope).await?;
    let named = text.split_once(char::is_whitespace).and_then(|(noun, key)| {
        let table = tables.iter().find(|table| is_noun(context, table, noun))?;
        Some((vec![table.clone()], key.trim()))
    });
    let (tables, key) = named.unwrap_or((tables, text));
    let mut records = Vec::new();
    for table in tables.iter().take(MAX_TABLES) {
        let read = match snapshot.read_key(scope, table, key).await {
            Err(QueryError::NotCaptured { .. }) => continue,
            read => read?,
        };
        let TypedKey::Key(key) = read else { continue };
        let filter = Filter { table: Some(table.into()), key: Some(key.clone()), ..Filter::default() };
        let newest = newest(snapshot, scope, &filter).await?;
        records.extend(newest.map(|newest| Record { table: table.clone(), key, newest }));
        if records.len() == MAX_RESULTS {
            break;
        }
    }
    Ok((records, tables.len().saturating_sub(MAX_TABLES)))
}

/// Returns whether a word is the noun of a table, or its name.
fn is_noun(context: &RequestContext, table: &TableName, word: &str) -> bool {
    let names = context.page.names();
    let nouns = [names.noun(table, 1), names.noun(table, 2), table.name().into(), table.to_string().into()];
    nouns.iter().any(|noun| noun.eq_ignore_ascii_case(word))
}

async fn actors(snapshot: &mut Snapshot<'_>, scope: &Scope, text: &str) -> Result<Vec<Actor>, QueryError> {
    if let Ok(actor) = text.parse::<ActorFilter>()
        && actor.id.is_some()
    {
        let filter = Filter { actor: Some(actor.clone().into()), ..Filter::default() };
        if newest(snapshot, scope, &filter).await?.is_some() {
            return Ok(vec![Actor { actor, count: None, is_exact: true }]);
        }
    }
    let near = snapshot.suggest(scope, "actor", text, &Filter::default()).await?;
    let is_exact = |actor: &ActorFilter| actor.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(text));
    let actor = |near: Suggestion| {
        let actor = near.filter.actor?.only()?.clone();
        Some(Actor { is_exact: is_exact(&actor), count: near.count, actor })
    };
    Ok(near.suggestions.into_iter().filter_map(actor).take(MAX_RESULTS).collect())
}

/// Finds the newest changes with the text in a value.
async fn values(context: &RequestContext, text: &str) -> Result<Option<FoundValues>, QueryError> {
    let Ok((filter, _)) = Filter::from_pairs([("value", text)]) else { return Ok(None) };
    let filter = Filter { from: VALUE_WINDOW.before(Utc::now()).from, ..filter };
    let (mut snapshot, scope) = (context.snapshot().await?, &context.scope);
    let page = context.read_lines(&mut snapshot, &filter, Position::Newest, MAX_RESULTS).await?;
    let unsearched = snapshot.unsearched_columns(scope, &filter).await?;
    let (has_more, searched_to) = (page.older.is_some(), page.truncated_at);
    Ok(Some(FoundValues { filter, lines: page.entries, has_more, searched_to, unsearched }))
}

impl Found {
    /// Returns the address of the only thing that the text names; `None` if it names several, or only something near to it.
    fn certain(&self, context: &RequestContext) -> Option<String> {
        let page = &context.page;
        let records = self.records.iter().map(|record| page.row_of(&record.table, &record.key));
        let exact = self.actors.iter().filter(|actor| actor.is_exact);
        let actors = exact.map(|found| page.actor_href(found.actor.kind, found.actor.id.as_deref()));
        let requests = self.requests.iter().map(|filter| page.timeline_href(filter));
        let mut all = records.chain(actors).chain(requests).chain(self.transaction.clone());
        all.next().filter(|_| all.next().is_none() && self.tables_left_out == 0)
    }
}
