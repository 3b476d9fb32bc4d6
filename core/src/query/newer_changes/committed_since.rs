//! The transactions that were open at a mark and have committed since.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::via_transactions::{Part, TransactionRef, changes_of, count_of};
use crate::query::engine::where_clause::to_bigint;
use crate::query::engine::window_scan::ChangeRow;
use crate::query::model::cursor::{Cursor, Position};
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::snapshot_mark::{Began, SnapshotMark};

/// The maximum number of transactions that are searched for one whose beginning the server did not report.
const MAX_CANDIDATES: usize = 10_000;
/// The maximum age of such a transaction. An older one would have prevented vacuuming for as long.
const MAX_CANDIDATE_AGE: TimeDelta = TimeDelta::days(31);

/// The transactions that were open at a mark and have committed since.
#[derive(Debug)]
pub(in crate::query) struct CommittedSince {
    pub(in crate::query) transactions: Vec<TransactionRef>,
    /// True if all of them were found for sure.
    pub(in crate::query) is_complete: bool,
    /// The position before which their changes are not in the snapshot of the mark.
    end: Cursor,
}

impl CommittedSince {
    /// Finds the transactions that were open at the mark and are in the trail now, if the filter selects their actor and action.
    pub(super) async fn find(
        snapshot: &mut Snapshot<'_>,
        criteria: Criteria<'_>,
        since: &SnapshotMark,
    ) -> Result<Self, QueryError> {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for open in &since.open {
            match open.began {
                Began::At(moment) => known.push((open.txid, moment)),
                Began::Unknown => unknown.push(open.txid),
                // No change of it is older than the listing.
                Began::AfterListing => {}
            }
        }
        let mut committed =
            Self { transactions: Vec::new(), is_complete: since.is_complete, end: since.listing() };
        if snapshot.features().has_occurred_at {
            committed.transactions = by_beginning(snapshot, known).await?;
            let unknown = ended(snapshot, unknown).await?;
            // Under a limited scope, the result must not depend on the transactions that were searched: the scope may hide them.
            let may_report = unknown.is_empty() || !criteria.scope.is_limited();
            let is_complete = by_scan(snapshot, unknown, since.taken_at, &mut committed.transactions).await?;
            committed.is_complete &= is_complete && may_report;
        } else {
            unknown.extend(known.into_iter().map(|(txid, _)| txid));
            committed.transactions = by_txid(snapshot, unknown).await?;
        }
        if criteria.filter.has_transaction_conditions() {
            committed.transactions = of_filter(snapshot, committed.transactions, criteria.filter).await?;
        }
        Ok(committed)
    }

    /// Counts the changes of these transactions that match and are older than the listing, up to `limit`. Returns none if that takes
    /// longer than the search time: a transaction may have made millions of changes, and no index finds those that match among
    /// them.
    pub(super) async fn count(
        &self,
        snapshot: &mut Snapshot<'_>,
        criteria: Criteria<'_>,
        limit: usize,
    ) -> Result<Option<usize>, QueryError> {
        if self.transactions.is_empty() {
            return Ok(Some(0));
        }
        let filter = criteria.filter.without_transaction_conditions();
        let criteria = criteria.with_filter(&filter);
        let position = Position::OlderThan(self.end);
        let time_limit = snapshot.begin_time_limit().await?;
        let counted = count_of(snapshot, criteria, position, (&self.transactions, Part::All), limit).await;
        snapshot.end_time_limit(time_limit, counted).await
    }

    /// Reads those changes, with the same limit of time.
    pub(super) async fn changes(
        &self,
        snapshot: &mut Snapshot<'_>,
        criteria: Criteria<'_>,
        limit: usize,
    ) -> Result<Option<Vec<ChangeRow>>, QueryError> {
        let filter = criteria.filter.without_transaction_conditions();
        let criteria = criteria.with_filter(&filter);
        let position = Position::OlderThan(self.end);
        let time_limit = snapshot.begin_time_limit().await?;
        let found = changes_of(snapshot, criteria, position, (&self.transactions, Part::All), limit).await;
        snapshot.end_time_limit(time_limit, found).await
    }
}

/// Finds transactions by `txid` alone, which trails of the Elixir library have an index of.
async fn by_txid(snapshot: &mut Snapshot<'_>, txids: Vec<i64>) -> Result<Vec<TransactionRef>, QueryError> {
    if txids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::new(
        snapshot
            .fill("SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t WHERE t.txid = ANY("),
    );
    sql.push_bind(txids).push(")");
    Ok(TransactionRef::read(&snapshot.fetch_all(sql).await?)?)
}

/// Keeps the transactions whose actor and action the filter selects.
async fn of_filter(
    snapshot: &mut Snapshot<'_>,
    transactions: Vec<TransactionRef>,
    filter: &Filter,
) -> Result<Vec<TransactionRef>, QueryError> {
    let (ids, times) = TransactionRef::columns(&transactions);
    let Some((first, last)) = times.iter().min().copied().zip(times.iter().max().copied()) else {
        return Ok(transactions);
    };
    let mut sql = QueryBuilder::new("SELECT t.id, t.occurred_at FROM unnest(");
    sql.push_bind(ids).push(", ").push_bind(times).push(snapshot.fill(
        ") AS wanted (id, at) CROSS JOIN LATERAL (
           SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t
           LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id
           WHERE t.id = wanted.id AND t.occurred_at = wanted.at AND t.occurred_at BETWEEN ",
    ));
    sql.push_bind(first).push(" AND ").push_bind(last);
    let mut conditions = snapshot.where_clause(&mut sql);
    conditions.push_actors(filter);
    conditions.push_action(filter);
    sql.push(" OFFSET 0) AS t");
    Ok(TransactionRef::read(&snapshot.fetch_all(sql).await?)?)
}

/// Finds transactions by their beginning: `occurred_at` is their `now()`, and the id starts with the same time.
async fn by_beginning(
    snapshot: &mut Snapshot<'_>,
    known: Vec<(i64, DateTime<Utc>)>,
) -> Result<Vec<TransactionRef>, QueryError> {
    let (txids, times): (Vec<i64>, Vec<DateTime<Utc>>) = known.into_iter().unzip();
    let Some((first, last)) = times.iter().min().copied().zip(times.iter().max().copied()) else {
        return Ok(Vec::new());
    };
    let ids = |edge: u8| times.iter().map(|time| id_at(*time, edge)).collect::<Vec<_>>();
    let (least, greatest) = (ids(u8::MIN), ids(u8::MAX));
    let mut sql = QueryBuilder::new("SELECT t.id, t.occurred_at FROM unnest(");
    sql.push_bind(txids).push(", ").push_bind(times).push(", ").push_bind(least).push(", ");
    sql.push_bind(greatest).push(snapshot.fill(
        ") AS open (txid, began, least, greatest) CROSS JOIN LATERAL (
           SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t
           WHERE t.id BETWEEN open.least AND open.greatest AND t.occurred_at = open.began AND t.txid = open.txid
             AND t.occurred_at BETWEEN ",
    ));
    sql.push_bind(first).push(" AND ").push_bind(last).push(" OFFSET 0) AS t");
    Ok(TransactionRef::read(&snapshot.fetch_all(sql).await?)?)
}

/// Searches transactions whose beginning is not known among those that began last before the mark. Returns whether all of them
/// were found for sure.
async fn by_scan(
    snapshot: &mut Snapshot<'_>,
    txids: Vec<i64>,
    taken_at: DateTime<Utc>,
    found: &mut Vec<TransactionRef>,
) -> Result<bool, QueryError> {
    if txids.is_empty() {
        return Ok(true);
    }
    let mut sql = QueryBuilder::new(snapshot.fill(
        "WITH recent AS MATERIALIZED (
           SELECT t.id, t.occurred_at, t.txid FROM __schema__.audit_transactions AS t WHERE t.occurred_at <= ",
    ));
    sql.push_bind(taken_at).push(" AND t.occurred_at >= ");
    sql.push_bind(taken_at.checked_sub_signed(MAX_CANDIDATE_AGE)).push(" AND t.id <= ");
    sql.push_bind(id_at(taken_at, u8::MAX)).push(" ORDER BY t.id DESC LIMIT ");
    sql.push_bind(to_bigint(MAX_CANDIDATES)).push(
        ") SELECT seen.number, recent.id, recent.occurred_at FROM (SELECT count(*) AS number FROM recent) AS seen
           LEFT JOIN recent ON recent.txid = ANY(",
    );
    let wanted = txids.len();
    sql.push_bind(txids).push(")");
    let mut rows = snapshot.fetch_all(sql).await?;
    let seen: i64 = rows.first().map_or(Ok(0), |row| row.try_get("number"))?;
    rows.retain(|row| row.try_get::<Uuid, _>("id").is_ok());
    let is_complete = seen < to_bigint(MAX_CANDIDATES) || rows.len() == wanted;
    found.extend(TransactionRef::read(&rows)?);
    Ok(is_complete)
}

/// Keeps the transactions that have committed, or may have: the server forgets the status of old ones.
async fn ended(snapshot: &mut Snapshot<'_>, txids: Vec<i64>) -> Result<Vec<i64>, QueryError> {
    if txids.is_empty() {
        return Ok(txids);
    }
    // pg_xact_status fails for an id in the future.
    let mut sql = QueryBuilder::new("SELECT txid FROM unnest(");
    sql.push_bind(txids).push(
        ") AS txid WHERE CASE WHEN txid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
           THEN coalesce(pg_xact_status(txid::text::xid8), 'committed') = 'committed' ELSE false END",
    );
    Ok(snapshot.fetch_all(sql).await?.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// Returns an id of version 7 (RFC 9562) with this time, and everything else filled with this byte: the least id of the time, or the
/// greatest one.
fn id_at(moment: DateTime<Utc>, fill: u8) -> Uuid {
    let millis = u64::try_from(moment.timestamp_millis()).unwrap_or_default().to_be_bytes();
    let mut bytes = [fill; 16];
    bytes[..6].copy_from_slice(&millis[2..]);
    Uuid::from_bytes(bytes)
}
