//! Late changes: those captured more than a second after their transaction began. They are few, and have an index of their own.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder, Row};
use uuid::Uuid;

use super::transaction_changes::Matches;
use super::transaction_scan::TransactionScan;
use crate::Scope;
use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::thresholds::LATE_AFTER_SQL;
use crate::query::engine::time_windows::TimeWindow;
use crate::query::engine::window_scan::COUNT;
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;

/// The transactions whose late changes are wanted.
struct LateTransactions {
    listed: Vec<Uuid>,
    /// The moment after which no unlisted transaction began; none if all are listed.
    unlisted_until: Option<DateTime<Utc>>,
    /// The moment before which no transaction with late changes began.
    unlisted_from: Option<DateTime<Utc>>,
}

/// Returns the predicate of the index of late changes, to be followed by more conditions.
fn is_late() -> String {
    format!("c.captured_at - c.occurred_at > {LATE_AFTER_SQL} AND ")
}

/// Adds the late changes within the window, up to `limit` altogether.
pub(super) async fn add_late_changes(
    snapshot: &mut Snapshot<'_>,
    matches: &mut Matches,
    scan: &TransactionScan<'_>,
    residual: Criteria<'_>,
    window: TimeWindow,
    limit: usize,
) -> Result<(), QueryError> {
    let Some(transactions) = late_transactions(snapshot, scan, window).await? else { return Ok(()) };
    match matches {
        Matches::Rows(rows) => {
            let mut sql = snapshot.select_changes();
            push_late(snapshot, &mut sql, scan, &transactions, residual, window);
            rows.extend(snapshot.fetch_changes(sql, scan.direction(), limit).await?);
        }
        Matches::Count(count) => {
            let mut sql = QueryBuilder::new(COUNT);
            push_late(snapshot, &mut sql, scan, &transactions, residual, window);
            *count += snapshot.fetch_count(sql, limit - *count).await?;
        }
    }
    Ok(())
}

/// Returns none if there is no late change in the window, as in that of most pages.
async fn late_transactions(
    snapshot: &mut Snapshot<'_>,
    scan: &TransactionScan<'_>,
    window: TimeWindow,
) -> Result<Option<LateTransactions>, QueryError> {
    let listed = scan.fetched.iter().map(|transaction| transaction.id).collect();
    let unlisted_until = scan.unlisted_until();
    if scan.is_at_end() {
        return Ok(Some(LateTransactions { listed, unlisted_until, unlisted_from: None }));
    }
    let mut sql =
        QueryBuilder::new(snapshot.fill(&format!(
            "SELECT min(c.occurred_at) FROM __schema__.audit_changes AS c WHERE {}",
            is_late()
        )));
    push_time_range(snapshot, &mut sql, scan, window);
    let first: Option<DateTime<Utc>> = snapshot.fetch_one(sql).await?.try_get(0)?;
    Ok(first.map(|first| LateTransactions {
        listed,
        unlisted_until: unlisted_until.filter(|until| first <= *until),
        unlisted_from: Some(first),
    }))
}

/// Pushes the late changes. The index holds their times and their transactions; only those that match are read from the
/// table.
fn push_late(
    snapshot: &Snapshot<'_>,
    sql: &mut QueryBuilder<Postgres>,
    scan: &TransactionScan<'_>,
    transactions: &LateTransactions,
    residual: Criteria<'_>,
    window: TimeWindow,
) {
    sql.push(snapshot.fill(&format!(
        " FROM (SELECT c.captured_at, c.id FROM __schema__.audit_changes AS c WHERE {}",
        is_late()
    )));
    push_time_range(snapshot, sql, scan, window);
    // In a CASE, so that PostgreSQL does not look up the changes of each transaction instead.
    sql.push(" AND CASE WHEN c.transaction_id IN (SELECT unnest(").push_bind(transactions.listed.clone());
    sql.push("::uuid[])) THEN true ");
    if let Some(until) = transactions.unlisted_until {
        sql.push("WHEN c.occurred_at <= ").push_bind(until).push(" THEN ");
        push_unlisted(snapshot, sql, scan.filter, [transactions.unlisted_from, Some(until)]);
    }
    sql.push(" ELSE false END");
    sql.push(snapshot.fill(
        " OFFSET 0) AS late CROSS JOIN LATERAL (SELECT * FROM __schema__.audit_changes AS c
           WHERE c.captured_at = late.captured_at AND c.id = late.id AND ",
    ));
    snapshot.where_clause(sql).push(residual, scan.position, window);
    sql.push(" OFFSET 0) AS c");
}

/// Pushes that the transaction of a change began between these moments and meets the filter.
fn push_unlisted(
    snapshot: &Snapshot<'_>,
    sql: &mut QueryBuilder<Postgres>,
    filter: &Filter,
    [first, last]: [Option<DateTime<Utc>>; 2],
) {
    sql.push(snapshot.fill(
        "EXISTS (SELECT FROM __schema__.audit_transactions AS t WHERE t.id = c.transaction_id AND t.occurred_at = c.occurred_at",
    ));
    for (comparison, moment) in [(">=", first), ("<=", last)] {
        if let Some(moment) = moment {
            sql.push(format!(" AND t.occurred_at {comparison} ")).push_bind(moment);
        }
    }
    snapshot.where_clause(sql).push_transaction_filter(filter);
    sql.push(" OFFSET 0)");
}

/// Pushes the conditions on the time alone.
fn push_time_range(
    snapshot: &Snapshot<'_>,
    sql: &mut QueryBuilder<Postgres>,
    scan: &TransactionScan<'_>,
    window: TimeWindow,
) {
    let filter = Filter { from: scan.filter.from, to: scan.filter.to, ..Filter::default() };
    let scope = Scope::unscoped();
    snapshot.where_clause(sql).push(Criteria::new(&scope, &filter), scan.position, window);
}
