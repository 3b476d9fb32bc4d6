//! Loading the transactions and actions of changes that were found.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder, Row};
use uuid::Uuid;

use super::snapshot::Snapshot;
use super::thresholds::MAX_INLINE_SPAN;
use super::window_scan::ChangeRow;
use crate::query::model::error::QueryError;
use crate::query::model::timeline_entry::TimelineEntry;
use crate::query::model::transaction_record::TransactionRecord;

impl Snapshot<'_> {
    /// Returns the changes with their transactions, and with the values that the limits allow.
    pub(in crate::query) async fn load_entries(
        &mut self,
        mut rows: Vec<ChangeRow>,
    ) -> Result<Vec<TimelineEntry>, QueryError> {
        self.read_own_values(&mut rows).await?;
        let ids: Vec<_> = rows.iter().map(|row| (row.change.transaction_id, row.occurred_at)).collect();
        let transactions = self.load_transactions(&ids).await?;
        let entry = |ChangeRow { change, .. }: ChangeRow| {
            let transaction = transactions.get(&change.transaction_id).cloned();
            let transaction = transaction.unwrap_or_else(|| TransactionRecord::lost(&change));
            TimelineEntry { change, transaction }
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Returns transactions with their actions, by id. Where the beginning of each is known, only its partition is read.
    pub(in crate::query) async fn load_transactions(
        &mut self,
        wanted: &[(Uuid, Option<DateTime<Utc>>)],
    ) -> Result<HashMap<Uuid, TransactionRecord>, QueryError> {
        let wanted: HashMap<Uuid, Option<DateTime<Utc>>> = wanted.iter().copied().collect();
        let times: Option<Vec<DateTime<Utc>>> = wanted.values().copied().collect();
        let times = times.unwrap_or_default();
        let bounds = times.iter().min().copied().zip(times.iter().max().copied());
        let ids: Vec<Uuid> = wanted.into_keys().collect();
        let columns = TransactionRecord::columns(self.features().has_meta);
        let mut sql = QueryBuilder::new(format!("SELECT {columns} FROM "));
        match bounds {
            // Within one or two partitions, one list of ids is looked up in each.
            Some((first, last)) if last - first <= MAX_INLINE_SPAN => {
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
