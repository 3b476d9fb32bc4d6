//! Installing the audit trail's own tables.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::database_error::is_lock_timeout;
use crate::lock::{self, BlockingSession, LockedObjects};
use crate::migrate::{self, advisory_lock};
use crate::{AuditTrail, StorageSchema, describe_database_error, pool};

/// Every step from an empty schema to the current one, oldest first. A step that was released never changes.
pub(crate) const MIGRATIONS: [(i64, &str, &str); 9] = [
    (1, "trail", include_str!("../migrations/0001_trail.sql")),
    (2, "transactions", include_str!("../migrations/0002_transactions.sql")),
    (3, "values", include_str!("../migrations/0003_values.sql")),
    (4, "captured_tables", include_str!("../migrations/0004_captured_tables.sql")),
    (5, "columns", include_str!("../migrations/0005_columns.sql")),
    (6, "capture", include_str!("../migrations/0006_capture.sql")),
    (7, "triggers", include_str!("../migrations/0007_triggers.sql")),
    (8, "application", include_str!("../migrations/0008_application.sql")),
    (9, "coverage", include_str!("../migrations/0009_coverage.sql")),
];

/// Why the installation failed; nothing of it remains.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The encoding of the database is not UTF8.
    #[error(
        "the database has the encoding {encoding}, and an audit trail needs UTF8: load a dump of it into a database made with \
         CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'"
    )]
    Encoding {
        /// What PostgreSQL calls it.
        encoding: String,
    },
    /// The schema holds a trail that belongs to the Elixir library.
    #[error(
        "schema {schema} holds an audit trail that the Elixir library keeps: it can be read as it is, and its capture stays \
         with that library; install into a schema of its own (--storage-schema) to capture with this one"
    )]
    ElixirTrail {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// A newer version of this library made the trail.
    #[error(
        "the audit trail in schema {schema} was made by a newer version of Threadline, with migration {version}: use that version"
    )]
    Newer {
        /// The storage schema.
        schema: StorageSchema,
        /// A migration that this version does not know.
        version: i64,
    },
    /// The trail was made with another text of a migration, by a version that was never released.
    #[error(
        "the audit trail in schema {schema} was made by an unreleased version of Threadline, with another migration {version} \
         ({description}): install into another schema, or drop this one with what it recorded"
    )]
    Changed {
        /// The storage schema.
        schema: StorageSchema,
        /// The migration that differs.
        version: i64,
        /// What it is called.
        description: &'static str,
    },
    /// A migration of the audit schema failed.
    #[error(
        "migration {version} ({description}) of the audit trail in schema {schema} failed: {}",
        describe_database_error(source)
    )]
    Migration {
        /// The storage schema.
        schema: StorageSchema,
        /// The migration.
        version: i64,
        /// What it is called.
        description: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A lock was not free in time.
    #[error("the audit trail in schema {schema} is in use, {}", lock::describe(*timeout, sessions))]
    LockTimeout {
        /// The storage schema.
        schema: StorageSchema,
        /// How long it was waited.
        timeout: Duration,
        /// Who holds locks there.
        sessions: Vec<BlockingSession>,
    },
    /// The partitions ahead could not be made.
    #[error(
        "the monthly partitions in schema {schema} could not be made: {}",
        describe_database_error(source)
    )]
    Partitions {
        /// The storage schema.
        schema: StorageSchema,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The database refused or went away.
    #[error("the audit trail could not be installed in schema {schema}: {}", describe_database_error(source))]
    Database {
        /// The storage schema.
        schema: StorageSchema,
        /// What the database said.
        source: sqlx::Error,
    },
}

impl InstallError {
    fn is_lock_timeout(&self) -> bool {
        match self {
            Self::Migration { source, .. }
            | Self::Partitions { source, .. }
            | Self::Database { source, .. } => is_lock_timeout(source),
            _ => false,
        }
    }
}

impl AuditTrail {
    /// How many months of partitions beyond the current one an installation makes.
    pub const MONTHS_AHEAD: i32 = 3;

    /// Brings the audit schema up to date and makes the partitions ahead. Doing so again changes nothing.
    ///
    /// The role needs the right to create the schema, unless it is there. All migrations run in one transaction, on one
    /// connection, with a search path that nobody else controls; which of them ran is recorded in the schema itself, apart from
    /// the host's own. A lock that others hold is waited for as long as
    /// [`with_lock_timeout`](Self::with_lock_timeout) says.
    ///
    /// # Errors
    /// [`InstallError`] when the schema holds a trail that is not ours to change, or when the database refuses.
    pub async fn install(&self) -> Result<(), InstallError> {
        let failed = |source| InstallError::Database { schema: self.schema.clone(), source };
        let installed = async {
            let mut transaction = pool::begin_ddl(&self.pool, self.lock_timeout).await.map_err(failed)?;
            migrate::run(&mut transaction, &self.schema).await?;
            transaction.commit().await.map_err(failed)
        };
        match installed.await {
            Err(error) => Err(self.with_blocking_sessions(error).await),
            Ok(()) => self.ensure_partitions(Self::MONTHS_AHEAD).await.map(drop),
        }
    }

    /// Makes the monthly partitions from this month to `months_ahead` (0 to 120) later; answers how many were missing.
    ///
    /// # Errors
    /// [`InstallError::Partitions`] when the database refuses, and [`InstallError::LockTimeout`].
    pub async fn ensure_partitions(&self, months_ahead: i32) -> Result<i32, InstallError> {
        let sql = self.schema.fill("SELECT __schema__.threadline_ensure_partitions($1)");
        let made = async {
            let mut transaction = pool::begin_ddl(&self.pool, self.lock_timeout).await?;
            let made = sqlx::query_scalar(AssertSqlSafe(sql)).bind(months_ahead).persistent(false);
            let made = made.fetch_one(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(made)
        };
        match made.await {
            Ok(made) => Ok(made),
            Err(source) => {
                let error = InstallError::Partitions { schema: self.schema.clone(), source };
                Err(self.with_blocking_sessions(error).await)
            }
        }
    }

    /// Looks up who held the lock that an installation waited for in vain. Its transaction is over by now.
    async fn with_blocking_sessions(&self, error: InstallError) -> InstallError {
        if !error.is_lock_timeout() {
            return error;
        }
        let locked =
            LockedObjects::Schema { schema: &self.schema, advisory_lock: advisory_lock(&self.schema) };
        let sessions = lock::blocking_sessions(&self.pool, locked).await;
        InstallError::LockTimeout { schema: self.schema.clone(), timeout: self.lock_timeout, sessions }
    }
}
