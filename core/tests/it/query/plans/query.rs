//! One query, as an application runs it.

use chrono::{DateTime, Utc};
use threadline::query::{ActorFilter, Count, Filter, Position, QueryError, TimeRange};
use threadline::{AuditTrail, Scope};
use uuid::Uuid;

use threadline_testkit::database::Result;

/// The size of a page.
const PAGE: usize = 50;
/// The cap of counts.
const CAP: usize = 200;

/// A query. Conditions and positions are written as in a URL.
#[derive(Debug, Clone)]
pub(super) enum Query {
    Timeline(String),
    Count(String),
    /// Conditions, and the mark of a page.
    CountNewer(&'static str, String),
    HasChanges,
    CapturedTables,
    RowHistory(i32, String),
    /// The numbers of versions by field, in a time range.
    FieldCounts(i32, String),
    /// The actors of a time range.
    ActiveActors(String),
    AsOf(i32, DateTime<Utc>),
    Compare(i32, [DateTime<Utc>; 2]),
    ActorHistory(&'static str, String),
    ActorWindow(&'static str, String),
    CorrelationBundle(&'static str),
    Transaction(Uuid, String),
    TransactionWithOldValues(Uuid),
    /// Conditions that no change meets.
    ExplainEmpty(&'static str),
}

fn read(text: &str) -> Result<(Filter, Position)> {
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    Ok(Filter::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))?)
}

impl Query {
    /// Returns the time range of the changes that it selects.
    pub(super) fn window(&self) -> Result<[Option<DateTime<Utc>>; 2]> {
        Ok(match self {
            Self::Timeline(text)
            | Self::Count(text)
            | Self::RowHistory(_, text)
            | Self::FieldCounts(_, text)
            | Self::ActiveActors(text)
            | Self::ActorHistory(_, text)
            | Self::ActorWindow(_, text) => {
                let (filter, _) = read(text)?;
                [filter.from, filter.to]
            }
            Self::AsOf(_, at) => [None, Some(*at)],
            _ => [None, None],
        })
    }

    /// Returns the number of rows that it returned or counted. A table that the scope hides counts as empty.
    pub(super) async fn run(&self, trail: &AuditTrail, scope: &Scope) -> Result<usize> {
        let answer = self.answer(trail, scope).await;
        answer.or_else(|error| match error.downcast_ref() {
            Some(QueryError::NotCaptured { .. }) => Ok(0),
            _ => Err(error),
        })
    }

    /// Runs the query. Row histories are those of table t01.
    async fn answer(&self, trail: &AuditTrail, scope: &Scope) -> Result<usize> {
        Ok(match self {
            Self::Timeline(text) => {
                let (filter, position) = read(text)?;
                trail.timeline_page(scope, &filter, position, PAGE).await?.entries.len()
            }
            Self::Count(text) => match trail.snapshot().await?.count(scope, &read(text)?.0, CAP).await? {
                Count::Exact(count) | Count::Truncated(count) => count,
            },
            Self::CountNewer(text, mark) => {
                trail.snapshot().await?.count_newer(scope, &read(text)?.0, &mark.parse()?, CAP).await?.count
            }
            Self::ExplainEmpty(text) => {
                let explained = trail.snapshot().await?.explain_empty(scope, &read(text)?.0).await?;
                explained.excluding.len() + explained.unknown.len()
            }
            Self::HasChanges => usize::from(trail.snapshot().await?.has_changes(scope).await?),
            Self::CapturedTables => trail.snapshot().await?.captured_tables(scope).await?.len(),
            Self::RowHistory(id, text) => {
                let (filter, position) = read(text)?;
                trail
                    .snapshot()
                    .await?
                    .row_history(scope, "t01", [("id", id)], &filter, position, PAGE)
                    .await?
                    .entries
                    .len()
            }
            Self::FieldCounts(id, text) => {
                let filter = read(text)?.0;
                let mut snapshot = trail.snapshot().await?;
                let counts = snapshot.field_counts(scope, "t01", [("id", id)], &filter, CAP);
                match counts.await?.ok_or("counting took too long")?.versions {
                    Count::Exact(count) | Count::Truncated(count) => count,
                }
            }
            Self::ActiveActors(text) => {
                let filter = read(text)?.0;
                let range = TimeRange::new(filter.from, filter.to)?;
                let active = trail.snapshot().await?.active_actors(scope, range, CAP).await?;
                let actors = active.ok_or("counting took too long")?.actors;
                actors.iter().map(|active| active.changes).sum()
            }
            Self::AsOf(id, at) => {
                usize::from(trail.as_of(scope, "t01", [("id", id)], *at).await?.row().is_some())
            }
            Self::Compare(id, moments) => {
                trail.snapshot().await?.compare(scope, "t01", [("id", id)], *moments).await?.fields.len()
            }
            Self::ActorHistory(actor, text) => {
                let (filter, position) = read(text)?;
                let (actor, window): (ActorFilter, _) =
                    (actor.parse()?, TimeRange::new(filter.from, filter.to)?);
                trail
                    .snapshot()
                    .await?
                    .transactions_by_actor(scope, actor, window, position, PAGE)
                    .await?
                    .entries
                    .len()
            }
            Self::ActorWindow(actor, text) => {
                let (filter, position) = read(text)?;
                let actor: ActorFilter = actor.parse()?;
                trail
                    .snapshot()
                    .await?
                    .changes_by_actor(scope, actor, &filter, position, PAGE)
                    .await?
                    .entries
                    .len()
            }
            Self::CorrelationBundle(id) => {
                let any = Filter::default();
                let mut snapshot = trail.snapshot().await?;
                let page = snapshot.changes_by_correlation(scope, *id, &any, Position::Newest, PAGE);
                page.await?.entries.len()
            }
            Self::Transaction(id, text) => {
                let detail = trail.transaction(scope, *id, read(text)?.1, PAGE).await?;
                detail.map_or(0, |detail| detail.changes.entries.len())
            }
            Self::TransactionWithOldValues(id) => {
                let bundle = trail.snapshot().await?.transaction_with_old_values(scope, *id, 1_000).await?;
                bundle.map_or(0, |bundle| bundle.changes.len())
            }
        })
    }
}
