//! Listing open transactions, as far as the server reports them, and marking a snapshot that is taken afterwards.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, QueryBuilder, Row};

use crate::query::engine::read_transaction::ReadConnection;
use crate::query::engine::snapshot::Snapshot;
use crate::query::model::error::QueryError;
use crate::query::model::snapshot_mark::{Began, MAX_LISTING_TIME, MAX_OPEN, OpenTransaction, SnapshotMark};
use crate::{AuditTrail, pool};

/// The list of open transactions, in one round trip and an implicit transaction of its own, because the snapshot's own
/// transaction could only list them after it has taken its snapshot. The first row holds the clock from before. Sessions come
/// before prepared transactions, because a transaction that is being prepared moves from the one list to the other.
const LIST: &str = "SET LOCAL search_path = pg_catalog, pg_temp;
    SELECT (extract(epoch FROM now()) * 1000000)::bigint AS listed_at, NULL::bigint AS xid, NULL::bigint AS began,
           false AS is_here;
    SELECT NULL::bigint AS listed_at, a.backend_xid::text::bigint AS xid,
           (extract(epoch FROM a.xact_start) * 1000000)::bigint AS began, coalesce(a.datname = current_database(), false) AS is_here
    FROM pg_stat_activity AS a WHERE a.backend_xid IS NOT NULL;
    SELECT NULL::bigint AS listed_at, p.transaction::text::bigint AS xid, NULL::bigint AS began,
           p.database = current_database() AS is_here
    FROM pg_prepared_xacts AS p";

/// The SQLSTATE `insufficient_privilege`.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// A transaction that has written and not ended.
#[derive(Debug, Clone, Copy)]
struct Listed {
    /// The lower half of the id.
    xid: u32,
    began: Began,
    /// True if the transaction is one of this database.
    is_here: bool,
}

/// The transactions that were open at a moment.
#[derive(Debug)]
struct OpenTransactions {
    /// The server's clock before they were listed; none if the role may not list them.
    listed_at: Option<DateTime<Utc>>,
    transactions: Vec<Listed>,
}

impl AuditTrail {
    /// Begins a read-only transaction as [`snapshot`](Self::snapshot) does, and returns a mark of what it can see. With the
    /// mark, [`count_newer`](Snapshot::count_newer) counts the changes that have become visible since. This takes two more
    /// round trips.
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot).
    pub async fn snapshot_with_mark(&self) -> Result<(Snapshot<'_>, SnapshotMark), QueryError> {
        let open = OpenTransactions::list(self).await?;
        let mut snapshot = self.snapshot().await?;
        let mark = open.mark(&mut snapshot).await?;
        Ok((snapshot, mark))
    }
}

impl OpenTransactions {
    async fn list(trail: &AuditTrail) -> Result<Self, QueryError> {
        let mut reading = ReadConnection::acquire(trail).await?;
        let timeout = pool::timeout_millis(trail.statement_timeout).max(1);
        let sql = format!("SET LOCAL statement_timeout = {timeout}; {LIST}");
        match sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *reading.connection).await {
            Ok(rows) => Ok(Self::read(&rows)?),
            // Everybody may list them, unless that was revoked: then the mark is incomplete.
            Err(error) if is_refused(&error) => Ok(Self { listed_at: None, transactions: Vec::new() }),
            Err(error) => Err(error.into()),
        }
    }

    fn read(rows: &[PgRow]) -> Result<Self, sqlx::Error> {
        let mut open = Self { listed_at: None, transactions: Vec::new() };
        for row in rows {
            if let Some(micros) = row.try_get("listed_at")? {
                open.listed_at = DateTime::from_timestamp_micros(micros);
                continue;
            }
            let began: Option<i64> = row.try_get("began")?;
            open.transactions.push(Listed {
                xid: u32::try_from(row.try_get::<i64, _>("xid")?)
                    .map_err(|error| sqlx::Error::Decode(error.into()))?,
                began: began.and_then(DateTime::from_timestamp_micros).map_or(Began::Unknown, Began::At),
                is_here: row.try_get("is_here")?,
            });
        }
        Ok(open)
    }

    /// Returns a mark of the snapshot, which must have been taken after the transactions were listed.
    async fn mark(self, snapshot: &mut Snapshot<'_>) -> Result<SnapshotMark, QueryError> {
        let sql = "SELECT clock_timestamp() AS taken_at, pg_current_snapshot()::text AS snapshot,
                          pg_is_in_recovery() AS is_replica";
        let row = snapshot.fetch_one(QueryBuilder::new(sql)).await?;
        let taken_at: DateTime<Utc> = row.try_get("taken_at")?;
        let text: String = row.try_get("snapshot")?;
        let (xmax, in_progress) = read_snapshot(&text)
            .ok_or_else(|| sqlx::Error::Decode(format!("pg_current_snapshot() is {text:?}").into()))?;
        let listed: Vec<(i64, Listed)> =
            self.transactions.into_iter().map(|listed| (widen(listed.xid, xmax), listed)).collect();
        let is_open = |txid: i64| txid >= xmax || in_progress.contains(&txid);
        let here = listed.iter().filter(|(txid, listed)| listed.is_here && is_open(*txid));
        let here = here.map(|(txid, listed)| OpenTransaction { txid: *txid, began: listed.began });
        let since = in_progress.iter().filter(|txid| listed.iter().all(|(listed, _)| listed != *txid));
        let since = since.map(|txid| OpenTransaction { txid: *txid, began: Began::AfterListing });
        let mut open_transactions: Vec<_> = here.chain(since).collect();
        // A transaction that was just being prepared is listed twice, the session first. If there are too many, the oldest are
        // kept.
        open_transactions.sort_by_key(|open| open.txid);
        open_transactions.dedup_by_key(|open| open.txid);
        let earliest = taken_at - MAX_LISTING_TIME;
        let listed_at = self.listed_at.unwrap_or(taken_at).min(taken_at);
        let is_complete = self.listed_at.is_some()
            && listed_at >= earliest
            && open_transactions.len() <= MAX_OPEN
            // A replica reports neither the sessions that write nor which transactions are in progress.
            && !row.try_get::<bool, _>("is_replica")?;
        open_transactions.truncate(MAX_OPEN);
        Ok(SnapshotMark {
            taken_at,
            listed_at: listed_at.max(earliest),
            xmax,
            open: open_transactions,
            is_complete,
        })
    }
}

fn is_refused(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code == INSUFFICIENT_PRIVILEGE)
}

/// Reads `xmin:xmax:xip_list`. Returns the first id that is not in the snapshot, and the lesser ones that were in progress.
fn read_snapshot(text: &str) -> Option<(i64, Vec<i64>)> {
    let mut parts = text.split(':').skip(1);
    let xmax = parts.next()?.parse().ok()?;
    let list = parts.next()?.split(',').filter(|id| !id.is_empty());
    Some((xmax, list.map(str::parse).collect::<Result<_, _>>().ok()?))
}

/// Returns the whole id of a transaction that is open while new ids are near this one.
fn widen(xid: u32, near: i64) -> i64 {
    let lower_half = u32::try_from(near & i64::from(u32::MAX)).unwrap_or_default();
    near + i64::from(xid.wrapping_sub(lower_half).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshot_text_is_read_with_and_without_open_transactions() {
        assert_eq!(read_snapshot("731:733:"), Some((733, vec![])));
        assert_eq!(
            read_snapshot("731:8589935325:731,8589935324"),
            Some((8_589_935_325, vec![731, 8_589_935_324]))
        );
        for text in ["", "731", "731:733", "731:x:", "731:733:1,,x"] {
            assert_eq!(read_snapshot(text), None, "{text}");
        }
    }

    #[test]
    fn lower_half_of_id_is_widened_across_epochs() {
        const EPOCH: i64 = 1 << 32;
        for (xid, near, whole) in [
            (731, 733, 731),
            (740, 733, 740),
            (u32::MAX, EPOCH + 5, EPOCH - 1),
            (7, EPOCH - 5, EPOCH + 7),
            (7, 3 * EPOCH + 5, 3 * EPOCH + 7),
        ] {
            assert_eq!(widen(xid, near), whole, "{xid} near {near}");
        }
    }
}
