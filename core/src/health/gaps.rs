//! Coverage gaps: the findings of past checks, with the time that each was first and last seen.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use super::{CoverageReport, DriftState, FINDINGS, HealthError, Severity, TableRedaction};
use crate::{AuditTrail, StorageSchema, TableName, pool};

/// The code of a gap for a table that needs capture.
pub(super) const UNCOVERED: &str = "uncovered";
/// The code of a gap for redaction drift.
const DRIFT: &str = "drift_detected";

/// A period in which something was wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoverageGap {
    /// The table.
    pub table: TableName,
    /// The code of the gap: `uncovered`, `drift_detected`, or the code of a [`FindingKind`](super::FindingKind).
    pub code: String,
    /// The time of the first check that found it.
    pub first_seen: DateTime<Utc>,
    /// The time of the last check that found it.
    pub last_seen: DateTime<Utc>,
    /// The time of the first check that no longer found it; `None` while the gap is open.
    pub ended_at: Option<DateTime<Utc>>,
}

impl CoverageGap {
    /// Returns the problem in a sentence, or the code if a later version wrote it.
    #[must_use]
    pub fn meaning(&self) -> &str {
        match self.code.as_str() {
            UNCOVERED => "The table needed capture.",
            DRIFT => "The deployed redaction differed from threadline.toml.",
            code => FINDINGS.iter().find(|kind| kind.code == code).map_or(code, |kind| kind.meaning),
        }
    }
}

/// An error of [`AuditTrail::record_coverage`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordCoverageError {
    /// The role may not write to the table.
    #[error(
        "the role may not write to {schema}.threadline_coverage_gaps: run `threadline install --roles` and make \
         it a member of the role threadline_console"
    )]
    MissingPrivilege {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// The table is published without a replica identity, so PostgreSQL refuses to update it.
    #[error(
        "{schema}.threadline_coverage_gaps is published without a replica identity, so PostgreSQL refuses to update it: give \
         it one with ALTER TABLE {schema}.threadline_coverage_gaps REPLICA IDENTITY DEFAULT"
    )]
    MissingReplicaIdentity {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// The server is a standby, or the session is read-only.
    #[error(
        "the database does not accept writes: it is a standby, or the sessions of this role are read-only"
    )]
    ReadOnly,
    /// Another version or another library installed the trail.
    #[error(
        "the table {schema}.threadline_coverage_gaps does not exist: install the trail, which adds what is missing"
    )]
    MissingTable {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// The database reported another error, or the connection failed.
    #[error("the result of the check could not be recorded: {0}")]
    Database(sqlx::Error),
}

impl RecordCoverageError {
    /// Distinguishes the reasons by error code, because PostgreSQL's texts depend on the language of the server.
    fn new(error: sqlx::Error, schema: &StorageSchema) -> Self {
        let schema = schema.clone();
        let refused = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        match refused.map(|error| (error.code(), error.routine())) {
            Some(("42501", _)) => Self::MissingPrivilege { schema },
            Some(("55000", Some("CheckCmdReplicaIdentity"))) => Self::MissingReplicaIdentity { schema },
            Some(("25006", _)) => Self::ReadOnly,
            Some(("42P01" | "3F000", _)) => Self::MissingTable { schema },
            _ => Self::Database(error),
        }
    }
}

#[derive(Debug, FromRow)]
struct Row {
    table_schema: String,
    table_name: String,
    code: String,
    first_seen: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

/// Opens a gap for each new finding, extends open gaps, and closes those of the checked schemas that are gone, or whose table
/// is. Is idempotent; a report that arrives late never overwrites a newer one.
const RECORD: &str = "
WITH found AS (
  SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS f (table_schema, table_name, code)
), ended AS (
  UPDATE __schema__.threadline_coverage_gaps AS g SET ended_at = $4
  WHERE g.ended_at IS NULL AND g.last_seen < $4
    AND (g.table_schema = ANY ($5)
         OR NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                        WHERE (n.nspname, c.relname) = (g.table_schema, g.table_name)))
    AND NOT EXISTS (SELECT FROM found AS f
                    WHERE (f.table_schema, f.table_name, f.code) = (g.table_schema, g.table_name, g.code))
)
INSERT INTO __schema__.threadline_coverage_gaps AS g (table_schema, table_name, code, first_seen, last_seen)
SELECT table_schema, table_name, code, $4, $4 FROM found
ON CONFLICT (table_schema, table_name, code) WHERE ended_at IS NULL
DO UPDATE SET last_seen = greatest(g.last_seen, excluded.last_seen)";

impl AuditTrail {
    /// Records the gaps that a check found, so that a gap is still known after it was fixed: tables that need capture,
    /// redaction drift, warnings and errors. Gaps of the checked schemas that were not found again are closed. `redaction` is
    /// the result of [`AuditTrail::redaction`] for the same schemas; pass an empty slice if it was not checked. The role needs
    /// the privilege to write to the table `threadline_coverage_gaps`.
    ///
    /// ```no_run
    /// # async fn check(trail: threadline::AuditTrail, config: threadline::Config) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::health::Schemas;
    ///
    /// let report = trail.health(&config, &Schemas::All).await?;
    /// trail.record_coverage(&report.coverage, &report.redaction).await?;
    /// for gap in trail.coverage_gaps(20).await? {
    ///     println!("{}: {} from {} to {:?}", gap.table, gap.meaning(), gap.first_seen, gap.ended_at);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RecordCoverageError::MissingPrivilege`], [`RecordCoverageError::MissingReplicaIdentity`],
    /// [`RecordCoverageError::ReadOnly`], [`RecordCoverageError::MissingTable`] and [`RecordCoverageError::Database`]. Nothing
    /// is recorded in each case.
    pub async fn record_coverage(
        &self,
        report: &CoverageReport,
        redaction: &[TableRedaction],
    ) -> Result<(), RecordCoverageError> {
        let written = self.write_gaps(report, redaction).await;
        written.map_err(|error| RecordCoverageError::new(error, &self.schema))
    }

    async fn write_gaps(
        &self,
        report: &CoverageReport,
        redaction: &[TableRedaction],
    ) -> Result<(), sqlx::Error> {
        let uncovered = report.uncovered().map(|found| (&found.table, UNCOVERED));
        let findings = report.findings.iter().filter(|finding| finding.severity() > Severity::Hint);
        let findings = findings.map(|finding| (&finding.table, finding.kind.code));
        let drifted = redaction.iter().filter(|found| found.state == DriftState::DriftDetected);
        let drifted = drifted.map(|found| (&found.table, DRIFT));
        let (mut schemas, mut tables, mut codes) = (Vec::new(), Vec::new(), Vec::new());
        for (table, code) in uncovered.chain(findings).chain(drifted) {
            schemas.push(table.schema());
            tables.push(table.name());
            codes.push(code);
        }
        let mut checked: Vec<&str> = report.schemas.iter().map(String::as_str).collect();
        checked.push(self.schema.name());
        let mut transaction = pool::begin_pinned(&self.pool, "BEGIN").await?;
        sqlx::query(AssertSqlSafe(self.schema.fill(RECORD)))
            .bind(schemas)
            .bind(tables)
            .bind(codes)
            .bind(report.checked_at)
            .bind(checked)
            .persistent(false)
            .execute(&mut *transaction)
            .await?;
        self.observe_relations(&mut transaction).await?;
        transaction.commit().await
    }

    /// Records the current names of the captured tables and their partitions, if the role may. Queries use them to know that a
    /// row may have been removed together with a partition.
    async fn observe_relations(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let may_observe: bool = sqlx::query_scalar(AssertSqlSafe(self.schema.fill(
            "SELECT coalesce(has_function_privilege(to_regprocedure($q$__schema__.threadline_observe_relations(regclass)$q$),
                                                    'EXECUTE'), false)",
        )))
        .persistent(false)
        .fetch_one(&mut *connection)
        .await?;
        if may_observe {
            let sql = self.schema.fill("SELECT __schema__.threadline_observe_relations()");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
        }
        Ok(())
    }

    /// Returns up to `limit` gaps, open and closed, the most recently seen first.
    ///
    /// # Errors
    /// [`HealthError::Database`] if the gaps could not be read.
    pub async fn coverage_gaps(&self, limit: u16) -> Result<Vec<CoverageGap>, HealthError> {
        let mut transaction = pool::begin_pinned(&self.pool, "BEGIN READ ONLY").await?;
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(self.schema.fill(
            "SELECT table_schema, table_name, code, first_seen, last_seen, ended_at
             FROM __schema__.threadline_coverage_gaps
             ORDER BY last_seen DESC, table_schema, table_name, code, first_seen LIMIT $1",
        )))
        .bind(i64::from(limit))
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await?;
        let gap = |row: Row| CoverageGap {
            table: TableName::new(row.table_schema, row.table_name),
            code: row.code,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
            ended_at: row.ended_at,
        };
        Ok(rows.into_iter().map(gap).collect())
    }
}
