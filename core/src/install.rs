//! Installing the audit trail's own tables.

use sqlx::AssertSqlSafe;
use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use crate::{AuditTrail, StorageSchema};

/// Every step from an empty schema to the current one, oldest first. A step that was released never changes.
const MIGRATIONS: [(i64, &str, &str); 10] = [
    (1, "audit tables", include_str!("../migrations/0001_audit_tables.sql")),
    (2, "capture support", include_str!("../migrations/0002_capture_support.sql")),
    (3, "capture by policy", include_str!("../migrations/0003_capture_by_policy.sql")),
    (4, "governance tables", include_str!("../migrations/0004_governance_tables.sql")),
    (5, "audited transactions", include_str!("../migrations/0005_audited_transactions.sql")),
    (6, "table index", include_str!("../migrations/0006_table_index.sql")),
    (7, "row history index", include_str!("../migrations/0007_row_history_index.sql")),
    (8, "transaction indexes", include_str!("../migrations/0008_transaction_indexes.sql")),
    (9, "action names", include_str!("../migrations/0009_action_names.sql")),
    (10, "coverage gaps", include_str!("../migrations/0010_coverage_gaps.sql")),
];

/// Why the installation failed; nothing of the failed step remains.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// A migration of the audit schema failed, or the schema was made by a newer version.
    #[error("the audit schema \"{schema}\" could not be brought up to date: {source}")]
    Migrate {
        /// The storage schema.
        schema: StorageSchema,
        /// What the migration said.
        source: MigrateError,
    },
    /// The partitions ahead could not be made.
    #[error("the monthly partitions in \"{schema}\" could not be made: {source}")]
    Partitions {
        /// The storage schema.
        schema: StorageSchema,
        /// What the database said.
        source: sqlx::Error,
    },
}

impl AuditTrail {
    /// How many months of partitions beyond the current one an installation makes.
    pub const MONTHS_AHEAD: i32 = 3;

    /// Brings the audit schema up to date and makes the partitions ahead. Doing so again changes nothing.
    ///
    /// The role needs the right to create the schema; which steps ran is recorded in the schema itself, apart from the
    /// host's own migrations.
    ///
    /// # Errors
    /// [`InstallError`] when the database refuses a step.
    pub async fn install(&self) -> Result<(), InstallError> {
        let migrate = |source| InstallError::Migrate { schema: self.schema.clone(), source };
        let steps = MIGRATIONS.map(|(version, name, sql)| {
            let sql = AssertSqlSafe(self.schema.fill(sql)).into_sql_str();
            Migration::new(version, name.into(), MigrationType::Simple, sql, false)
        });
        let mut migrator = Migrator::with_migrations(steps.to_vec());
        migrator.create_schema(self.schema.fill("__schema__"));
        migrator.dangerous_set_table_name(self.schema.fill("__schema__.threadline_migrations"));
        migrator.run(&self.pool).await.map_err(migrate)?;
        self.ensure_partitions(Self::MONTHS_AHEAD).await?;
        Ok(())
    }

    /// Makes the monthly partitions from this month to `months_ahead` (0 to 120) later; answers how many were missing.
    ///
    /// # Errors
    /// [`InstallError::Partitions`] when the database refuses.
    pub async fn ensure_partitions(&self, months_ahead: i32) -> Result<i32, InstallError> {
        sqlx::query_scalar(AssertSqlSafe(
            self.schema.fill("SELECT __schema__.threadline_ensure_partitions($1)"),
        ))
        .bind(months_ahead)
        .fetch_one(&self.pool)
        .await
        .map_err(|source| InstallError::Partitions { schema: self.schema.clone(), source })
    }
}
