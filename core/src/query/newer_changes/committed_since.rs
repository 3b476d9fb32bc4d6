//! Finding the transactions that a mark names, once they have committed.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use crate::query::engine::reader::{Found, Reader, clamp};
use crate::query::engine::via_transactions::Begun;
use crate::query::engine::where_clause::Selection;
use crate::query::model::snapshot_mark::{Began, SnapshotMark};
use crate::query::{Cursor, Filter, Position, QueryError};

/// As many transactions are looked through for one whose beginning the server did not tell.
const MAX_TRANSACTIONS_SCANNED: usize = 10_000;
/// Such a transaction is not looked for further back. An older one would have kept the server from vacuuming as long.
const MAX_AGE: TimeDelta = TimeDelta::days(31);

/// The transactions that were open at a mark and have committed since.
#[derive(Debug)]
pub(in crate::query) struct CommittedSince {
    pub(in crate::query) transactions: Vec<Begun>,
    /// Whether none may be missing.
    pub(in crate::query) is_complete: bool,
    /// The place before which their changes are looked for.
    end: Cursor,
}

impl Reader<'_> {
    /// Finds the transactions that were open at the mark and are in the trail now, those by the actor and the action that the
    /// filter asks for.
    pub(in crate::query) async fn committed_since(
        &mut self,
        selection: Selection<'_>,
        since: &SnapshotMark,
    ) -> Result<CommittedSince, QueryError> {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for open in &since.open {
            match open.began {
                Began::At(moment) => known.push((open.txid, moment)),
                Began::Unknown => unknown.push(open.txid),
                // None of its changes is older than the listing.
                Began::AfterListing => {}
            }
        }
        let mut committed =
            CommittedSince { transactions: Vec::new(), is_complete: since.is_complete, end: since.listing() };
        if self.layout().has_occurred_at {
            committed.transactions = self.by_beginning(known).await?;
            let unknown = self.ended(unknown).await?;
            // A limited scope is not told what was found: the transactions that were looked through may be hidden from it.
            let is_told = unknown.is_empty() || !selection.scope.is_limited();
            let is_complete = self.by_scan(unknown, since.taken_at, &mut committed.transactions).await?;
            committed.is_complete &= is_complete && is_told;
        } else {
            unknown.extend(known.into_iter().map(|(txid, _)| txid));
            committed.transactions = self.by_txid(unknown).await?;
        }
        if selection.filter.is_about_transactions() {
            committed.transactions = self.of_filter(committed.transactions, selection.filter).await?;
        }
        Ok(committed)
    }

    /// Counts the changes of these transactions that match and are older than the listing, no further than `limit`. None where
    /// that takes longer than a page may look: a transaction may have made millions of changes, and those that match have no index
    /// within it.
    pub(in crate::query) async fn count_of_committed(
        &mut self,
        selection: Selection<'_>,
        committed: &CommittedSince,
        limit: usize,
    ) -> Result<Option<usize>, QueryError> {
        if committed.transactions.is_empty() {
            return Ok(Some(0));
        }
        let filter = without_transactions(selection.filter);
        let selection = Selection { filter: &filter, ..selection };
        let position = Position::OlderThan(committed.end);
        let bounded = self.begin_bounded().await?;
        let counted = self.count_of(selection, position, &committed.transactions, false, limit).await;
        self.end_bounded(bounded, counted).await
    }

    /// Lists them, in the same way.
    pub(in crate::query) async fn changes_of_committed(
        &mut self,
        selection: Selection<'_>,
        committed: &CommittedSince,
        limit: usize,
    ) -> Result<Option<Vec<Found>>, QueryError> {
        let filter = without_transactions(selection.filter);
        let selection = Selection { filter: &filter, ..selection };
        let position = Position::OlderThan(committed.end);
        let bounded = self.begin_bounded().await?;
        let found = self.changes_of(selection, position, &committed.transactions, false, limit).await;
        self.end_bounded(bounded, found).await
    }

    /// Finds transactions by their ids alone, which the reference system has an index of.
    async fn by_txid(&mut self, txids: Vec<i64>) -> Result<Vec<Begun>, QueryError> {
        if txids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql =
            QueryBuilder::new(self.fill(
                "SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t WHERE t.txid = ANY(",
            ));
        sql.push_bind(txids).push(")");
        Ok(Begun::read(&self.fetch_all(sql).await?)?)
    }

    /// Keeps the transactions by the actor and under the action that the filter asks for.
    async fn of_filter(
        &mut self,
        transactions: Vec<Begun>,
        filter: &Filter,
    ) -> Result<Vec<Begun>, QueryError> {
        let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) =
            transactions.iter().map(|begun| (begun.id, begun.at)).unzip();
        let Some((first, last)) = times.iter().min().copied().zip(times.iter().max().copied()) else {
            return Ok(transactions);
        };
        let mut sql = QueryBuilder::new("SELECT t.id, t.occurred_at FROM unnest(");
        sql.push_bind(ids).push(", ").push_bind(times).push(self.fill(
            ") AS begun (id, at) CROSS JOIN LATERAL (
               SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t
               LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id
               WHERE t.id = begun.id AND t.occurred_at = begun.at AND t.occurred_at BETWEEN ",
        ));
        sql.push_bind(first).push(" AND ").push_bind(last);
        let mut conditions = self.conditions(&mut sql);
        if let Some(actor) = &filter.actor {
            conditions.push_actor(actor);
        }
        conditions.push_action(filter);
        sql.push(" OFFSET 0) AS t");
        Ok(Begun::read(&self.fetch_all(sql).await?)?)
    }

    /// Finds transactions by when they began: `occurred_at` is their `now()`, and the id begins with the same time.
    async fn by_beginning(&mut self, known: Vec<(i64, DateTime<Utc>)>) -> Result<Vec<Begun>, QueryError> {
        let (txids, times): (Vec<i64>, Vec<DateTime<Utc>>) = known.into_iter().unzip();
        let Some((first, last)) = times.iter().min().copied().zip(times.iter().max().copied()) else {
            return Ok(Vec::new());
        };
        let ids = |edge: u8| times.iter().map(|time| id_at(*time, edge)).collect::<Vec<_>>();
        let (least, greatest) = (ids(u8::MIN), ids(u8::MAX));
        let mut sql = QueryBuilder::new("SELECT t.id, t.occurred_at FROM unnest(");
        sql.push_bind(txids).push(", ").push_bind(times).push(", ").push_bind(least).push(", ");
        sql.push_bind(greatest).push(self.fill(
            ") AS open (txid, began, least, greatest) CROSS JOIN LATERAL (
               SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t
               WHERE t.id BETWEEN open.least AND open.greatest AND t.occurred_at = open.began AND t.txid = open.txid
                 AND t.occurred_at BETWEEN ",
        ));
        sql.push_bind(first).push(" AND ").push_bind(last).push(" OFFSET 0) AS t");
        Ok(Begun::read(&self.fetch_all(sql).await?)?)
    }

    /// Looks for transactions whose beginning is not known among those that began last before the mark. Answers whether none
    /// may be missing.
    async fn by_scan(
        &mut self,
        txids: Vec<i64>,
        taken_at: DateTime<Utc>,
        found: &mut Vec<Begun>,
    ) -> Result<bool, QueryError> {
        if txids.is_empty() {
            return Ok(true);
        }
        let mut sql = QueryBuilder::new(self.fill(
            "WITH recent AS MATERIALIZED (
               SELECT t.id, t.occurred_at, t.txid FROM __schema__.audit_transactions AS t WHERE t.occurred_at <= ",
        ));
        sql.push_bind(taken_at).push(" AND t.occurred_at >= ");
        sql.push_bind(taken_at.checked_sub_signed(MAX_AGE)).push(" AND t.id <= ");
        sql.push_bind(id_at(taken_at, u8::MAX)).push(" ORDER BY t.id DESC LIMIT ");
        sql.push_bind(clamp(MAX_TRANSACTIONS_SCANNED)).push(
            ") SELECT seen.number, recent.id, recent.occurred_at FROM (SELECT count(*) AS number FROM recent) AS seen
               LEFT JOIN recent ON recent.txid = ANY(",
        );
        let wanted = txids.len();
        sql.push_bind(txids).push(")");
        let mut rows = self.fetch_all(sql).await?;
        let seen: i64 = rows.first().map_or(Ok(0), |row| row.try_get("number"))?;
        rows.retain(|row| row.try_get::<Uuid, _>("id").is_ok());
        let is_complete = seen < clamp(MAX_TRANSACTIONS_SCANNED) || rows.len() == wanted;
        found.extend(Begun::read(&rows)?);
        Ok(is_complete)
    }

    /// Keeps the transactions that have ended and not rolled back. What the server has forgotten may have committed.
    async fn ended(&mut self, txids: Vec<i64>) -> Result<Vec<i64>, QueryError> {
        if txids.is_empty() {
            return Ok(txids);
        }
        // Asked of an id that is yet to come, pg_xact_status fails.
        let mut sql = QueryBuilder::new("SELECT txid FROM unnest(");
        sql.push_bind(txids).push(
            ") AS txid WHERE CASE WHEN txid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
               THEN coalesce(pg_xact_status(txid::text::xid8), 'committed') = 'committed' ELSE false END",
        );
        Ok(self.fetch_all(sql).await?.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }
}

/// What a filter asks of a change besides its transaction.
fn without_transactions(filter: &Filter) -> Filter {
    Filter { actor: None, action: None, correlation_id: None, request_id: None, ..filter.clone() }
}

/// An id of version 7 (RFC 9562) with this time, and everything else filled with this byte: no id of the time is less, or
/// greater.
fn id_at(moment: DateTime<Utc>, fill: u8) -> Uuid {
    let millis = u64::try_from(moment.timestamp_millis()).unwrap_or_default().to_be_bytes();
    let mut bytes = [fill; 16];
    bytes[..6].copy_from_slice(&millis[2..]);
    Uuid::from_bytes(bytes)
}
