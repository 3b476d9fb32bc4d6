//! Finds what a text names, and redirects to it if that is certain.

use chrono::Utc;
use threadline::TableName;
use threadline::query::{
    ActorFilter, Filter, Position, QueryError, RelativeRange, Selection, search_qualifiers,
};

use super::found::{Record, find};
use super::query::SearchQuery;
use super::{FoundValues, SearchPage};
use crate::{PageError, RequestContext};

/// Lines of values.
const MAX_LINES: usize = 5;
/// The window in which labels and values are searched.
const VALUE_WINDOW: RelativeRange = RelativeRange::LastWeek;

pub(super) async fn load(context: &RequestContext, query: SearchQuery) -> Result<SearchPage, PageError> {
    let SearchQuery { mut text } = query;
    if text.is_empty() {
        return Ok(SearchPage::default());
    }
    if let Some(mut pairs) = search_qualifiers(&text) {
        // A key without its table is searched in every table.
        if let [("key", key)] = pairs.as_mut_slice() {
            text = std::mem::take(key);
        } else {
            resolve(context, &mut pairs).await;
            return Err(PageError::Redirect(context.page.timeline_with(&pairs)));
        }
    }
    let found = find(context, &text).await?;
    if let Some(address) = found.certain(&context.page) {
        return Err(PageError::Redirect(address));
    }
    let mut labelled = Vec::new();
    let values = context.optional(async {
        labelled = by_label(context, &text).await?;
        values(context, &text).await
    });
    let values = values.await.ok().flatten();
    let is_known = |record: &Record| {
        found.records.iter().any(|known| known.table == record.table && known.key == record.key)
    };
    labelled.retain(|record| !is_known(record));
    Ok(SearchPage { text, found, labelled, values })
}

/// Replaces the noun of a table by its name, and a part of the id of an actor by the only actor that has it. What cannot be resolved stays,
/// and the timeline says what is wrong with it.
async fn resolve(context: &RequestContext, pairs: &mut [(&'static str, String)]) {
    for (key, value) in pairs {
        match *key {
            "table" => {
                let tables = context.optional(context.captured_tables()).await.unwrap_or_default();
                let words = &context.page.host.words.search;
                let is_meant = |table: &&TableName| words.is_noun(table, value);
                if let Some(table) = tables.iter().find(is_meant) {
                    *value = Selection::<TableName>::from(table).to_string();
                }
            }
            "actor" if value.parse::<Selection<ActorFilter>>().is_err() => {
                let any = Filter::default();
                let near =
                    async { context.snapshot().await?.suggest(&context.scope, "actor", value, &any).await };
                let near = context.optional(near).await.map(|near| near.suggestions).unwrap_or_default();
                if let [only] = near.as_slice() {
                    only.value.clone_into(value);
                }
            }
            _ => {}
        }
    }
}

/// Finds the records whose label contained the text.
async fn by_label(context: &RequestContext, text: &str) -> Result<Vec<Record>, QueryError> {
    let Some(since) = VALUE_WINDOW.before(Utc::now()).from else { return Ok(Vec::new()) };
    let words = &context.page.host.words.search;
    let mut snapshot = context.snapshot().await?;
    let found = snapshot.records_by_label(&context.scope, text, words, since).await?;
    Ok(found.into_iter().map(Record::new).collect())
}

/// Finds the newest changes with the text in a value.
async fn values(context: &RequestContext, text: &str) -> Result<Option<FoundValues>, QueryError> {
    let Ok((filter, _)) = Filter::from_pairs([("value", text)]) else { return Ok(None) };
    let filter = Filter { from: VALUE_WINDOW.before(Utc::now()).from, ..filter };
    let (mut snapshot, scope) = (context.snapshot().await?, &context.scope);
    let page = context.read_lines(&mut snapshot, &filter, Position::Newest, MAX_LINES).await?;
    let unsearched = snapshot.unsearched_columns(scope, &filter).await?;
    let (has_more, searched_to) = (page.older.is_some(), page.truncated_at);
    Ok(Some(FoundValues { filter, lines: page.entries, has_more, searched_to, unsearched }))
}
