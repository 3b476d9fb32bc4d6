//! The handle to a database's audit trail.

use sqlx::PgPool;

use crate::StorageSchema;

/// The audit trail of one database: a pool and the schema that holds the trail. Cheap to clone.
///
/// ```no_run
/// # async fn start(pool: sqlx::PgPool) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::AuditTrail;
///
/// let trail = AuditTrail::new(pool);
/// trail.install().await?;
/// trail.capture(["tickets", "billing.invoices"]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AuditTrail {
    pub(crate) pool: PgPool,
    pub(crate) schema: StorageSchema,
}

impl AuditTrail {
    /// The trail in the schema `threadline` of this database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, schema: StorageSchema::default() }
    }

    /// The same trail in another schema.
    #[must_use]
    pub fn with_storage_schema(mut self, schema: StorageSchema) -> Self {
        self.schema = schema;
        self
    }

    /// The schema that holds the trail.
    #[must_use]
    pub const fn storage_schema(&self) -> &StorageSchema {
        &self.schema
    }
}
