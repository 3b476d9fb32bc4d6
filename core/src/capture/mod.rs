//! Capture: a generated function and its triggers for each audited table.

mod catalog;
mod deployed;
mod error;
mod function;
mod key;
mod naming;
mod plan;
mod policy;
mod quote;
mod stored;
mod triggers;

use sqlx::AssertSqlSafe;

pub use error::{CaptureError, PolicyError};
pub(crate) use naming::trigger_name;
pub use plan::{CapturePlan, PlannedTable};
pub(crate) use policy::overlap;
pub use policy::{CaptureMode, DEFAULT_PLACEHOLDER, TablePolicy};
pub(crate) use quote::{identifier, relation};
pub use stored::{CaptureFunction, StoredPolicy};

use crate::AuditTrail;

impl AuditTrail {
    /// Makes or replaces the capture functions and triggers of these tables, all or none, without a gap for writers.
    ///
    /// A table is given by its name, `tickets` or `billing.invoices`, or with a [`TablePolicy`]. The role must own the
    /// tables.
    ///
    /// ```no_run
    /// # async fn start(trail: threadline::AuditTrail) -> Result<(), threadline::CaptureError> {
    /// use threadline::capture::{CaptureMode, TablePolicy};
    ///
    /// trail.capture(["tickets", "billing.invoices"]).await?;
    /// trail.capture([TablePolicy::new("users").mask(["email"]).mode(CaptureMode::Row)]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CaptureError`] with the first table that cannot be captured.
    pub async fn capture<P: Into<TablePolicy>>(
        &self,
        policies: impl IntoIterator<Item = P>,
    ) -> Result<CapturePlan, CaptureError> {
        let policies: Vec<TablePolicy> = policies.into_iter().map(Into::into).collect();
        let mut transaction = self.pool.begin().await?;
        let plan = plan::plan(&mut transaction, &self.schema, &policies).await?;
        sqlx::raw_sql(AssertSqlSafe(plan.up.clone())).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(plan)
    }

    /// The same as SQL for a migration, with its way back. Changes nothing.
    ///
    /// # Errors
    /// [`CaptureError`] with the first table that cannot be captured.
    pub async fn capture_plan<P: Into<TablePolicy>>(
        &self,
        policies: impl IntoIterator<Item = P>,
    ) -> Result<CapturePlan, CaptureError> {
        let policies: Vec<TablePolicy> = policies.into_iter().map(Into::into).collect();
        let mut transaction = self.pool.begin().await?;
        let plan = plan::plan(&mut transaction, &self.schema, &policies).await?;
        transaction.rollback().await?;
        Ok(plan)
    }
}
