//! Captures the changes of tables by generated functions and triggers: the policy of each table, the plan, and its errors.
//!
//! Start with [`AuditTrail::capture`] and [`TablePolicy`]. [`Config::policy`](crate::Config::policy) reads the policies of a
//! `threadline.toml`.

mod apply;
mod catalog;
mod deployed;
mod error;
mod function;
mod key;
mod naming;
mod plan;
mod policy;
mod policy_error;
mod quote;
mod stored;
mod triggers;

use sqlx::PgConnection;

pub use error::CaptureError;
pub(crate) use key::KEY_TYPES;
pub(crate) use naming::{FUNCTION_PREFIX, TRIGGER_PREFIX, function_name, trigger_name};
pub use plan::{CapturePlan, PlannedTable};
pub(crate) use policy::overlap;
pub use policy::{CaptureMode, DEFAULT_PLACEHOLDER, TablePolicy, TruncatePolicy};
pub use policy_error::PolicyError;
pub(crate) use quote::{identifier, literal, relation};
pub use stored::{CaptureFunction, StoredPolicy};

use crate::installation::{Installation, unsupported_encoding};
use crate::{AuditTrail, StorageSchema, pool};

impl AuditTrail {
    /// Creates or replaces the capture functions and triggers of these tables. No write is missed meanwhile.
    ///
    /// All tables are checked before the first one is changed. Then each is changed in a short transaction of its own, in the
    /// order of schemas and names, together with the tables that share partitions, inheritance or a capture function with it.
    ///
    /// A table is given by its name, `tickets` or `billing.invoices`, or with a [`TablePolicy`]. The role must own the
    /// tables. The [lock timeout](Self::lock_timeout) limits the wait for a lock. After a deadlock a table is tried again, up
    /// to 5 times.
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
    /// [`CaptureError`] for the first table that cannot be captured. Nothing was changed, unless it is
    /// [`CaptureError::Incomplete`], which names the changed tables.
    pub async fn capture<P: Into<TablePolicy>>(
        &self,
        policies: impl IntoIterator<Item = P>,
    ) -> Result<CapturePlan, CaptureError> {
        let plan = self.capture_plan(policies).await?;
        apply::apply(self, &plan).await?;
        Ok(plan)
    }

    /// Returns the SQL of [`capture`](Self::capture) for a migration, and the SQL that undoes it. Changes nothing.
    ///
    /// ```no_run
    /// # async fn generate(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// let plan = trail.capture_plan(["tickets", "billing.invoices"]).await?;
    /// for table in &plan.tables {
    ///     println!("{table}");
    ///     table.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    /// }
    /// std::fs::write("migrations/20261122093000_capture.up.sql", &plan.up)?;
    /// std::fs::write("migrations/20261122093000_capture.down.sql", &plan.down)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CaptureError`] for the first table that cannot be captured.
    pub async fn capture_plan<P: Into<TablePolicy>>(
        &self,
        policies: impl IntoIterator<Item = P>,
    ) -> Result<CapturePlan, CaptureError> {
        let policies: Vec<TablePolicy> = policies.into_iter().map(Into::into).collect();
        let mut transaction = pool::begin_ddl(&self.pool, self.lock_timeout).await?;
        require_trail(&mut transaction, &self.schema).await?;
        let mut plan = plan::plan(&mut transaction, &self.schema, &policies).await?;
        transaction.rollback().await?;
        let limit = format!(
            "-- Limits the wait for locks, because every writer to the table waits behind this migration.\n{};\n\n",
            pool::set_lock_timeout(self.lock_timeout)
        );
        plan.up.insert_str(0, &limit);
        plan.down.insert_str(0, &limit);
        Ok(plan)
    }
}

/// Checks that the current version of the trail is installed, because triggers without it would make every write fail.
async fn require_trail(connection: &mut PgConnection, schema: &StorageSchema) -> Result<(), CaptureError> {
    if let Some(encoding) = unsupported_encoding(connection).await? {
        return Err(CaptureError::Encoding { encoding });
    }
    let schema = schema.clone();
    match Installation::read(connection, &schema).await? {
        Installation::Current => Ok(()),
        Installation::Missing => Err(CaptureError::NotInstalled { schema }),
        Installation::Outdated => Err(CaptureError::Outdated { schema }),
        Installation::Newer => Err(CaptureError::Newer { schema }),
        Installation::Elixir => Err(CaptureError::ElixirTrail { schema }),
    }
}
