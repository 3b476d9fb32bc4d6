//! The handle to a database's audit trail.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::StorageSchema;
use crate::health::FunctionCache;
use crate::query::{QueryError, SchemaFeatureCache};

/// The audit trail of one database: a pool, and the schema that holds the trail. Every method that writes, captures, reads or
/// checks belongs to it.
///
/// It is cheap to clone, so each part of an application can have its own. Its setters return the changed trail. It must be used
/// within a Tokio runtime.
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
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) prepared: bool,
    read_limit: Option<ReadLimit>,
}

/// The number of connections that reads may occupy, and a permit for each that is free.
#[derive(Debug, Clone)]
struct ReadLimit {
    connections: usize,
    permits: Arc<Semaphore>,
}

/// Default of [`AuditTrail::search_time`]: less than [`AuditTrail::STATEMENT_TIMEOUT`], so that a page is returned before the
/// database cancels the query.
const SEARCH_TIME: Duration = Duration::from_secs(2);

impl AuditTrail {
    /// The default of [`lock_timeout`](Self::lock_timeout): 5 seconds. Writers wait behind a lock that DDL waits for, and most
    /// applications tolerate that for 5 seconds.
    pub const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

    /// The default of [`statement_timeout`](Self::statement_timeout): 5 seconds, which exceeds the search time of a page.
    pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

    /// Creates the handle of the audit trail in the schema `threadline` of this database. It does not connect: call
    /// [`install`](Self::install) to create the trail.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            read_pool: None,
            schema: StorageSchema::default(),
            schema_features: SchemaFeatureCache::default(),
            functions: FunctionCache::default(),
            search_time: SEARCH_TIME,
            statement_timeout: Self::STATEMENT_TIMEOUT,
            lock_timeout: Self::LOCK_TIMEOUT,
            prepared: false,
            read_limit: None,
        }
    }

    /// Sets a separate pool for reading, such as the pool of a replica: investigations then take no connection from the
    /// application's writes. A replica shows the changes that have reached it.
    #[must_use]
    pub fn read_pool(mut self, pool: PgPool) -> Self {
        self.read_pool = Some(pool);
        self.schema_features = SchemaFeatureCache::default();
        self
    }

    /// Sets how long one page may search for changes that no index finds, such as changes of a rarely changed field: 2 seconds
    /// by default. After that, [`truncated_at`](crate::query::Page::truncated_at) is the moment up to which the trail was
    /// searched. At least one month is always searched.
    #[must_use]
    pub const fn search_time(mut self, time: Duration) -> Self {
        self.search_time = time;
        self
    }

    /// Sets the timeout of each statement that reads the trail: [`STATEMENT_TIMEOUT`](Self::STATEMENT_TIMEOUT) by default. A
    /// query that exceeds it fails with [`QueryError::Timeout`], so no query occupies the
    /// server for longer. A timeout below a millisecond becomes one millisecond.
    ///
    /// ```
    /// # use threadline::AuditTrail;
    /// use std::time::Duration;
    ///
    /// # fn of_an_export(trail: AuditTrail) -> AuditTrail {
    /// trail.statement_timeout(Duration::from_secs(30))
    /// # }
    /// ```
    #[must_use]
    pub const fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Sets whether the statements that read the trail stay prepared, with one plan for each query and connection. Planning
    /// over the partitions of several years is most of the cost of a query, so rare changes are then found in a fraction of the
    /// time. Do not use it behind a pooler in transaction mode that does not support prepared statements, such as PgBouncer
    /// before 1.21: the statements fail there.
    #[must_use]
    pub const fn prepared_statements(mut self, prepared: bool) -> Self {
        self.prepared = prepared;
        self
    }

    /// Sets how long [`install`](Self::install) and [`capture`](Self::capture) wait for a lock that another session holds,
    /// before they fail and name that session: [`LOCK_TIMEOUT`](Self::LOCK_TIMEOUT) by default, and without a limit if it is
    /// zero. While they wait for a table, every writer of that table waits behind them.
    ///
    /// The SQL of [`capture_plan`](Self::capture_plan) begins with the same limit.
    #[must_use]
    pub const fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Sets how many connections of its pool the reads of this trail and of its clones occupy at most: no limit by default, and at
    /// least one. A read beyond the limit waits, at most for the [statement timeout](Self::statement_timeout), and then fails
    /// with [`QueryError::Busy`].
    ///
    /// A statement whose reader goes away is cancelled in the database, and counts until it has ended.
    ///
    /// ```
    /// # fn of_a_console(trail: threadline::AuditTrail) -> threadline::AuditTrail {
    /// trail.max_read_connections(5)
    /// # }
    /// ```
    #[must_use]
    pub fn max_read_connections(mut self, connections: usize) -> Self {
        let connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        self.read_limit = Some(ReadLimit { connections, permits: Arc::new(Semaphore::new(connections)) });
        self
    }

    /// Limits reads to half of the connections of the pool that they use, unless there is a
    /// [limit](Self::max_read_connections) already. The console does this, so that it leaves the other half to its host.
    #[must_use]
    pub fn limit_reads_to_half_of_pool(self) -> Self {
        if self.read_limit.is_some() {
            return self;
        }
        let half = usize::try_from(self.pool_of_reads().options().get_max_connections() / 2).unwrap_or(1);
        self.max_read_connections(half)
    }

    /// Returns the pool that reads use: that of [`read_pool`](Self::read_pool) if there is one.
    pub(crate) fn pool_of_reads(&self) -> &PgPool {
        self.read_pool.as_ref().unwrap_or(&self.pool)
    }

    /// Waits until a read may occupy one more connection. Without a limit there is nothing to wait for.
    pub(crate) async fn read_permit(&self) -> Result<Option<OwnedSemaphorePermit>, QueryError> {
        let Some(ReadLimit { connections, permits }) = &self.read_limit else { return Ok(None) };
        let permit = tokio::time::timeout(self.statement_timeout, permits.clone().acquire_owned()).await;
        // Nothing closes the semaphore.
        permit.ok().and_then(Result::ok).map(Some).ok_or(QueryError::Busy { limit: *connections })
    }

    /// Sets the schema that holds the trail: `threadline` by default.
    #[must_use]
    pub fn storage_schema(mut self, schema: StorageSchema) -> Self {
        self.schema = schema;
        self.schema_features = SchemaFeatureCache::default();
        self.functions = FunctionCache::default();
        self
    }

    /// Returns the schema that holds the trail.
    #[must_use]
    pub const fn schema(&self) -> &StorageSchema {
        &self.schema
    }
}
