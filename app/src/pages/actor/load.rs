//! Loads a page of an actor's transactions.

use chrono::Utc;
use threadline::query::{ActorFilter, Filter, Position, Suggestion, TimeRange};

use super::query::ActorQuery;
use super::{ActorPage, LastTransaction};
use crate::components::NearValue;
use crate::{PageError, RequestContext};

/// Transactions on one page.
const PAGE_SIZE: usize = 50;
/// Counting the changes of a transaction stops here.
const COUNT_CAP: usize = 1_000;

pub(super) async fn load(context: &RequestContext, query: ActorQuery) -> Result<ActorPage, PageError> {
    let ActorQuery { actor, window, position } = query;
    let scope = &context.scope;
    let range = window.before(Utc::now());
    let transactions = async {
        let mut snapshot = context.snapshot().await?;
        snapshot.transactions_by_actor(scope, actor.clone(), range, position, PAGE_SIZE).await
    };
    let transactions = context.with_query_timeout(transactions).await?;
    let touched =
        async { context.snapshot().await?.table_counts(scope, &transactions.entries, COUNT_CAP).await };
    let touched = context.optional(touched).await.ok();
    let last = if transactions.entries.is_empty() && transactions.truncated_at.is_none() {
        last_transaction(context, &actor).await
    } else {
        LastTransaction::Unknown
    };
    let near = match (&last, &actor.id) {
        (LastTransaction::Never, Some(_)) => near_actors(context, &actor).await,
        _ => Vec::new(),
    };
    Ok(ActorPage { near, actor, window, from: range.from, position, transactions, touched, last })
}

/// Returns the actors that were probably meant.
async fn near_actors(context: &RequestContext, actor: &ActorFilter) -> Vec<NearValue> {
    let (typed, others) = (actor.to_string(), Filter::default());
    let near = async { context.snapshot().await?.suggest(&context.scope, "actor", &typed, &others).await };
    let near = context.with_query_timeout(near).await.map(|near| near.suggestions).unwrap_or_default();
    let link = |near: Suggestion| {
        let actor = near.filter.actor?;
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
