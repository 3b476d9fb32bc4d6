//! The handle to a database's audit trail.

use std::time::Duration;

use sqlx::PgPool;

use crate::StorageSchema;
use crate::health::FunctionCache;
use crate::query::SchemaFeatureCache;

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
    pub(crate) read_pool: Option<PgPool>,
    pub(crate) schema: StorageSchema,
    pub(crate) schema_features: SchemaFeatureCache,
    pub(crate) functions: FunctionCache,
    pub(crate) search_time: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) prepared: bool,
}

/// Less than the statement time-out, more than most people notice.
const SEARCH_TIME: Duration = Duration::from_secs(2);

impl AuditTrail {
    /// How long installing and capturing wait for a lock unless told otherwise.
    pub const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

    /// The trail in the schema `threadline` of this database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            read_pool: None,
            schema: StorageSchema::default(),
            schema_features: SchemaFeatureCache::default(),
            functions: FunctionCache::default(),
            search_time: SEARCH_TIME,
            lock_timeout: Self::LOCK_TIMEOUT,
            prepared: false,
        }
    }

    /// Reads through a pool of its own, such as one of a replica: investigations then take no connection from the
    /// application's writes. A replica shows what has reached it.
    #[must_use]
    pub fn with_read_pool(mut self, pool: PgPool) -> Self {
        self.read_pool = Some(pool);
        self.schema_features = SchemaFeatureCache::default();
        self
    }

    /// How long one page may look for changes that no index tells apart, such as those of a field that hardly ever changes,
    /// before it says in [`truncated_at`](crate::query::Page::truncated_at) where it stopped; 2 seconds unless said otherwise. A
    /// month at least is looked through.
    #[must_use]
    pub const fn with_search_time(mut self, time: Duration) -> Self {
        self.search_time = time;
        self
    }

    /// Keeps the statements that read the trail prepared, one plan for each question and connection. Planning over the partitions
    /// of years is most of what a question costs, so questions for what is rare take a fraction of the time. Not behind a pooler in
    /// transaction mode that does not know prepared statements, such as PgBouncer before 1.21: there they fail.
    #[must_use]
    pub const fn with_prepared_statements(mut self, prepared: bool) -> Self {
        self.prepared = prepared;
        self
    }

    /// How long [`install`](Self::install) and [`capture`](Self::capture) wait for a lock that somebody else holds, before they
    /// fail and name the session; [`LOCK_TIMEOUT`](Self::LOCK_TIMEOUT) unless said otherwise, and for ever if it is zero. While
    /// they wait for a table, all who want to write to it wait behind them.
    ///
    /// The SQL of [`capture_plan`](Self::capture_plan) begins with the same limit.
    #[must_use]
    pub const fn with_lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// The same trail in another schema.
    #[must_use]
    pub fn with_storage_schema(mut self, schema: StorageSchema) -> Self {
        self.schema = schema;
        self.schema_features = SchemaFeatureCache::default();
        self.functions = FunctionCache::default();
        self
    }

    /// The schema that holds the trail.
    #[must_use]
    pub const fn storage_schema(&self) -> &StorageSchema {
        &self.schema
    }
}
