//! The transactions that belong together.

use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::{QueryError, TransactionRecord};
use crate::query::engine::reader::clamp;
use crate::{AuditTrail, Scope};

impl AuditTrail {
    /// The transactions under actions with this correlation id, but for one that is known already: at most `limit` of them,
    /// newest first. A transaction of which the scope shows no change does not exist.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail, id: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
    /// let scope = threadline::Scope::unscoped();
    /// let others = trail.transactions_by_correlation(&scope, "checkout-8841", id, 20).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn transactions_by_correlation(
        &self,
        scope: &Scope,
        correlation_id: &str,
        except: Uuid,
        limit: usize,
    ) -> Result<Vec<TransactionRecord>, QueryError> {
        let mut reader = self.reader().await?;
        let mut sql = QueryBuilder::new(reader.fill(&format!(
            "SELECT {} FROM __schema__.audit_actions AS a
             JOIN __schema__.audit_transactions AS t ON t.action_id = a.id WHERE a.correlation_id = ",
            TransactionRecord::columns(reader.layout())
        )));
        sql.push_bind(correlation_id).push(" AND t.id <> ").push_bind(except);
        reader.conditions(&mut sql).push_shown(scope);
        sql.push(" ORDER BY t.occurred_at DESC, t.id DESC LIMIT ").push_bind(clamp(limit));
        let rows = reader.fetch_all(sql).await?;
        Ok(rows.iter().map(TransactionRecord::from_row).collect::<Result<_, _>>()?)
    }
}
