//! Installs the tables and functions of the audit trail.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::database_error::is_lock_timeout;
use crate::lock::{self, BlockingSession, LockedObjects};
use crate::migrate::{self, advisory_lock};
use crate::{AuditTrail, StorageSchema, describe_database_error, pool};

/// Includes the text of a migration, from the folder that the build script found.
macro_rules! migration {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", env!("THREADLINE_MIGRATIONS"), "/", $file))
    };
}

/// The migrations, oldest first. A released migration never changes.
pub(crate) const MIGRATIONS: [(i64, &str, &str); 9] = [
    (1, "trail", migration!("0001_trail.sql")),
    (2, "transactions", migration!("0002_transactions.sql")),
    (3, "values", migration!("0003_values.sql")),
    (4, "captured_tables", migration!("0004_captured_tables.sql")),
    (5, "columns", migration!("0005_columns.sql")),
    (6, "capture", migration!("0006_capture.sql")),
    (7, "triggers", migration!("0007_triggers.sql")),
    (8, "application", migration!("0008_application.sql")),
    (9, "coverage", migration!("0009_coverage.sql")),
];

/// An error of an installation or of creating partitions. If a migration fails, all migrations of the call are rolled back. If
/// only the partitions could not be created, the trail is installed, and calling [`AuditTrail::install`] again creates them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The encoding of the database is not UTF8.
    #[error(
        "the database has the encoding {encoding}, and an audit trail needs UTF8: load a dump of it into a database made with \
         CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'"
    )]
    Encoding {
        /// The name of the encoding.
        encoding: String,
    },
    /// The Elixir library installed the trail in the schema.
    #[error(
        "schema {schema} holds an audit trail of the Elixir library: it can be read, but only that library can change it; install \
         into another schema (--storage-schema)"
    )]
    ElixirTrail {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// A newer version of this library installed the trail.
    #[error(
        "the audit trail in schema {schema} was made by a newer version of Threadline, with migration {version}: use that version"
    )]
    Newer {
        /// The storage schema.
        schema: StorageSchema,
        /// A migration that this version does not know.
        version: i64,
    },
    /// An unreleased version installed the trail, with another text of a migration.
    #[error(
        "the audit trail in schema {schema} was made by an unreleased version of Threadline, with another migration {version} \
         ({description}): install into another schema, or drop this one with what it recorded"
    )]
    Changed {
        /// The storage schema.
        schema: StorageSchema,
        /// The migration that differs.
        version: i64,
        /// The name of the migration.
        description: &'static str,
    },
    /// A migration failed.
    #[error(
        "migration {version} ({description}) of the audit trail in schema {schema} failed: {}",
        describe_database_error(source)
    )]
    Migration {
        /// The storage schema.
        schema: StorageSchema,
        /// The version of the migration.
        version: i64,
        /// The name of the migration.
        description: &'static str,
        /// The error of the database.
        source: sqlx::Error,
    },
    /// A lock was not granted in time.
    #[error("the audit trail in schema {schema} is in use, {}", lock::describe(*timeout, sessions))]
    LockTimeout {
        /// The storage schema.
        schema: StorageSchema,
        /// The lock timeout.
        timeout: Duration,
        /// The sessions that hold conflicting locks.
        sessions: Vec<BlockingSession>,
    },
    /// The partitions of the coming months could not be created.
    #[error(
        "the monthly partitions in schema {schema} could not be made: {}",
        describe_database_error(source)
    )]
    Partitions {
        /// The storage schema.
        schema: StorageSchema,
        /// The error of the database.
        source: sqlx::Error,
    },
    /// The database returned an error, or the connection failed.
    #[error("the audit trail could not be installed in schema {schema}: {}", describe_database_error(source))]
    Database {
        /// The storage schema.
        schema: StorageSchema,
        /// The error of the database.
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
    /// The number of months after the current one whose partitions an installation creates.
    pub const MONTHS_AHEAD: i32 = 3;

    /// Installs the audit trail or updates it to this version, and creates the partitions of the coming months. Repeating it
    /// changes nothing.
    ///
    /// The role needs the privilege to create the schema, unless it exists. All migrations run in one transaction with a safe
    /// search path. The migrations that ran are recorded in the schema itself, separately from those of the host. The wait for
    /// locks is limited as
    /// [`lock_timeout`](Self::lock_timeout) says.
    ///
    /// # Errors
    /// [`InstallError::Encoding`] if the database is not in UTF8. [`InstallError::ElixirTrail`], [`InstallError::Newer`] and
    /// [`InstallError::Changed`] if the schema holds a trail that this version cannot update. [`InstallError::LockTimeout`],
    /// [`InstallError::Migration`], [`InstallError::Partitions`] and [`InstallError::Database`].
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

    /// Creates the missing monthly partitions from this month to `months_ahead` (0 to 120) months later, and returns their
    /// number. An application that runs for months without calling [`install`](Self::install) needs this once a month.
    ///
    /// ```no_run
    /// # async fn maintain(trail: threadline::AuditTrail) -> Result<(), threadline::InstallError> {
    /// use threadline::AuditTrail;
    ///
    /// let created = trail.ensure_partitions(AuditTrail::MONTHS_AHEAD).await?;
    /// println!("created {created} partitions");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InstallError::Partitions`] if `months_ahead` is out of range or the database returns an error, and
    /// [`InstallError::LockTimeout`].
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

    /// Adds the blocking sessions to a lock timeout. The transaction of the installation has ended by then.
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
