//! Loads a page of what an actor changed.

use chrono::Utc;
use threadline::query::{ActorFilter, Filter, Position, Suggestion, TimeRange, TimelineLine};

use super::query::ActorQuery;
use super::{ActorPage, LastTransaction};
use crate::components::NearValue;
use crate::{PageError, RequestContext};

/// Lines on one page.
const PAGE_SIZE: usize = 50;
/// Counting the changes of the window stops here.
const COUNT_CAP: usize = 1_000;

pub(super) async fn load(context: &RequestContext, query: ActorQuery) -> Result<ActorPage, PageError> {
    let ActorQuery { actor, window, position } = query;
    let range = window.before(Utc::now());
    let filter = Filter { actor: Some(actor.clone().into()), from: range.from, ..Filter::default() };
    let lines = async {
        let mut snapshot = context.snapshot().await?;
        context.read_lines(&mut snapshot, &filter, position, PAGE_SIZE).await
    };
    let lines = context.with_query_timeout(lines).await?;
    let count = match position {
        _ if lines.entries.is_empty() || lines.truncated_at.is_some() => None,
        Position::Newest if lines.older.is_none() => Some(TimelineLine::count_all(&lines.entries)),
        _ => {
            let count = async { context.snapshot().await?.count(&context.scope, &filter, COUNT_CAP).await };
            context.optional(count).await.ok()
        }
    };
    let last = if lines.entries.is_empty() && lines.truncated_at.is_none() {
        last_transaction(context, &actor).await
    } else {
        LastTransaction::Unknown
    };
    let near = match (&last, &actor.id) {
        (LastTransaction::Never, Some(_)) => near_actors(context, &actor).await,
        _ => Vec::new(),
    };
    let gaps = context.capture_gaps_of_page(&filter, &lines).await;
    Ok(ActorPage { near, actor, window, from: range.from, position, lines, count, gaps, last })
}

/// Returns the actors that were probably meant.
async fn near_actors(context: &RequestContext, actor: &ActorFilter) -> Vec<NearValue> {
    let (typed, others) = (actor.to_string(), Filter::default());
    let near = async { context.snapshot().await?.suggest(&context.scope, "actor", &typed, &others).await };
    let near = context.with_query_timeout(near).await.map(|near| near.suggestions).unwrap_or_default();
    let link = |near: Suggestion| {
        let actor = near.filter.actor?.only()?.clone();
        let href = context.page.actor_href(actor.kind, actor.id.as_deref());
        Some(NearValue { value: near.value, href, count: near.count })
    };
    near.into_iter().filter_map(link).collect()
}

async fn last_transaction(context: &RequestContext, actor: &ActorFilter) -> LastTransaction {
    let (scope, actor, all_time) = (&context.scope, actor.clone(), TimeRange::default());
    let newest = async {
        let mut snapshot = context.snapshot().await?;
        snapshot.transactions_by_actor(scope, actor, all_time, Position::Newest, 1).await
    };
    match context.optional(newest).await {
        Err(_) => LastTransaction::Unknown,
        Ok(page) => match page.entries.into_iter().next() {
            Some(last) => LastTransaction::Found(Box::new(last)),
            // The search ended before it came to the oldest transaction.
            None if page.truncated_at.is_some() => LastTransaction::Unknown,
            None => LastTransaction::Never,
        },
    }
}
