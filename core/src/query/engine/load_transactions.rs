//! Changes with who made them, when and why.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, QueryBuilder, Row};
use uuid::Uuid;

use crate::query::engine::reader::{Found, Reader};
use crate::query::{QueryError, TimelineEntry, TransactionRecord};

/// Transactions that lie so close together are in one partition, or in two.
const NARROW: TimeDelta = TimeDelta::days(28);

impl Reader<'_> {
    /// The changes with their transactions.
    pub(in crate::query) async fn entries(
        &mut self,
        found: Vec<Found>,
    ) -> Result<Vec<TimelineEntry>, QueryError> {
        let places: Vec<_> =
            found.iter().map(|found| (found.change.transaction_id, found.occurred_at)).collect();
        let transactions = self.transactions(&places).await?;
        let entry = |Found { change, .. }: Found| {
            let transaction = transactions.get(&change.transaction_id).cloned();
            let transaction = transaction.unwrap_or_else(|| TransactionRecord::lost(&change));
            TimelineEntry { change, transaction }
        };
        Ok(found.into_iter().map(entry).collect())
    }

    /// These transactions with their actions; found in their partitions where the changes know the time.
    pub(in crate::query) async fn transactions(
        &mut self,
        places: &[(Uuid, Option<DateTime<Utc>>)],
    ) -> Result<HashMap<Uuid, TransactionRecord>, QueryError> {
        let places: HashMap<Uuid, Option<DateTime<Utc>>> = places.iter().copied().collect();
        let times: Option<Vec<DateTime<Utc>>> = places.values().copied().collect();
        let times = times.unwrap_or_default();
        let bounds = times.iter().min().copied().zip(times.iter().max().copied());
        let ids: Vec<Uuid> = places.into_keys().collect();
        let mut sql =
            QueryBuilder::new(format!("SELECT {} FROM ", TransactionRecord::columns(self.layout())));
        match bounds {
            // In few partitions, all are looked for in each.
            Some((first, last)) if last - first <= NARROW => {
                sql.push(self.fill("(SELECT * FROM __schema__.audit_transactions AS t WHERE t.id = ANY("));
                sql.push_bind(ids).push(") AND t.occurred_at BETWEEN ").push_bind(first);
                sql.push(" AND ").push_bind(last);
            }
            _ => {
                sql.push("unnest(").push_bind(ids).push(", ").push_bind(times).push(self.fill(
                    ") AS wanted (id, at) CROSS JOIN LATERAL (SELECT * FROM __schema__.audit_transactions AS t WHERE t.id = wanted.id",
                ));
                if let Some((first, last)) = bounds {
                    sql.push(" AND t.occurred_at = wanted.at AND t.occurred_at BETWEEN ").push_bind(first);
                    sql.push(" AND ").push_bind(last);
                }
            }
        }
        sql.push(self.fill(" OFFSET 0) AS t LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id"));
        let rows = self.fetch_all(sql).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("transaction_id")?, TransactionRecord::from_row(row)?)))
            .collect()
    }
}
