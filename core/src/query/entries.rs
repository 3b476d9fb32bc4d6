//! Changes with who made them, when and why.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder, Row};
use uuid::Uuid;

use super::reader::{Found, Reader};
use super::{QueryError, TimelineEntry, TransactionRecord};

impl Reader<'_> {
    /// The changes with their transactions.
    pub(super) async fn entries(&mut self, found: Vec<Found>) -> Result<Vec<TimelineEntry>, QueryError> {
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
    pub(super) async fn transactions(
        &mut self,
        places: &[(Uuid, Option<DateTime<Utc>>)],
    ) -> Result<HashMap<Uuid, TransactionRecord>, QueryError> {
        let places: HashMap<Uuid, Option<DateTime<Utc>>> = places.iter().copied().collect();
        let times: Option<Vec<DateTime<Utc>>> = places.values().copied().collect();
        let times = times.unwrap_or_default();
        let mut sql =
            QueryBuilder::new(format!("SELECT {} FROM unnest(", TransactionRecord::columns(self.layout())));
        sql.push_bind(places.into_keys().collect::<Vec<_>>()).push(", ").push_bind(times.clone());
        sql.push(self.fill(
            ") AS wanted (id, at) CROSS JOIN LATERAL (SELECT * FROM __schema__.audit_transactions AS t WHERE t.id = wanted.id",
        ));
        if let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) {
            sql.push(" AND t.occurred_at = wanted.at AND t.occurred_at BETWEEN ").push_bind(*first);
            sql.push(" AND ").push_bind(*last);
        }
        sql.push(self.fill(" OFFSET 0) AS t LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id"));
        let rows = self.fetch_all(sql).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("transaction_id")?, TransactionRecord::from_row(row)?)))
            .collect()
    }
}
