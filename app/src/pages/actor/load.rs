//! Loads a page of an actor's transactions.

use chrono::Utc;
use threadline::query::{ActorFilter, Position, TimeRange};

use super::query::ActorQuery;
use super::{ActorPage, LastTransaction};
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
    Ok(ActorPage { actor, window, from: range.from, position, transactions, touched, last })
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
