//! Health checks: the coverage of the tables, findings with the commands that fix them, and redaction drift.
//!
//! Start with [`AuditTrail::coverage`], [`AuditTrail::redaction`], or [`AuditTrail::health`] for both.

mod advice;
mod catalog;
mod coverage;
mod drift;
mod finding;
mod function_cache;
mod functions;
mod gaps;
#[cfg(test)]
mod guide;
mod keys;
mod kinds;
mod legacy;
mod missed_changes;
mod relation;
mod remedy;
mod requirement;
mod sensitive;
mod table_group;
mod trail;
mod trail_tables;
mod triggers;

use std::time::Instant;

pub use coverage::{
    CoverageReport, CoverageStatus, EXPECTED_UNCOVERED_TABLES, ExemptionSource, TableCoverage,
};
pub use drift::{DriftState, Redaction, RedactionDiff, TableRedaction};
pub use finding::Finding;
pub(crate) use function_cache::FunctionCache;
pub use gaps::{CoverageGap, RecordCoverageError};
pub use kinds::{FINDINGS, FindingKind, Severity};
pub use missed_changes::missed_changes;
pub use remedy::Remedy;
pub use requirement::RequirementStatus;

use self::catalog::CatalogSnapshot;
use self::table_group::{CheckContext, TableGroup};
use crate::{AuditTrail, Config, StorageSchema, describe_database_error, event};

/// The prefix of the names of capture functions, both of this library and of the Elixir library.
const CAPTURE_FUNCTION_PREFIX: &str = "threadline_capture_";

/// The schemas of the host to check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Schemas {
    /// All schemas except those of PostgreSQL and of extensions.
    #[default]
    All,
    /// These schemas. Each of them must exist.
    Named(Vec<String>),
}

impl Schemas {
    /// Selects one schema.
    #[must_use]
    pub fn one(name: impl Into<String>) -> Self {
        Self::Named(vec![name.into()])
    }

    fn contains(&self, schema: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| name == schema),
        }
    }

    fn named(&self) -> &[String] {
        match self {
            Self::All => &[],
            Self::Named(names) => names,
        }
    }
}

/// The result of a complete check, at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HealthReport {
    /// The coverage of the tables, with all findings.
    pub coverage: CoverageReport,
    /// The redaction of the tables, compared with the configuration.
    pub redaction: Vec<TableRedaction>,
}

/// An error of a health check.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HealthError {
    /// The schema holds no trail.
    #[error("schema {schema} of this database holds no audit trail: install it, or name another schema")]
    NotInstalled {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// A named schema does not exist.
    #[error("schema {schema:?} does not exist in this database: check the spelling")]
    NoSuchSchema {
        /// The name of the schema.
        schema: String,
    },
    /// The database reported an error, or the connection failed.
    #[error("the database could not be checked: {}", describe_database_error(.0))]
    Database(#[from] sqlx::Error),
}

/// Reads the redaction of a function body of the Elixir library. Only the fuzz target calls it from outside.
#[cfg(fuzzing)]
#[doc(hidden)]
#[must_use]
pub fn elixir_redaction(body: &str, storage: &StorageSchema) -> Option<Redaction> {
    legacy::redaction(body, storage)
}

impl AuditTrail {
    /// Checks which tables are captured, and collects all findings, at one moment. Reads only the catalogue, so it locks no
    /// table of the host and needs no privilege on one.
    ///
    /// ```no_run
    /// # async fn check(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::{Config, health::Schemas};
    ///
    /// let config = Config::from_toml(&std::fs::read_to_string("threadline.toml")?)?;
    /// let report = trail.coverage(&config, &Schemas::All).await?;
    /// for finding in &report.findings {
    ///     eprintln!("{finding}");
    /// }
    /// assert_eq!(report.uncovered().count(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`HealthError::NotInstalled`], [`HealthError::NoSuchSchema`] and [`HealthError::Database`].
    pub async fn coverage(&self, config: &Config, schemas: &Schemas) -> Result<CoverageReport, HealthError> {
        let (coverage, ()) = self.check(config, schemas, |_| ()).await?;
        Ok(coverage)
    }

    /// Compares the deployed redaction of each captured table with the configuration. The result is sorted by state: first
    /// tables with drift, then those whose deployed redaction is unknown, then those that match. Reads no value of a row.
    ///
    /// ```no_run
    /// # use threadline::{AuditTrail, Config, health::HealthError};
    /// # async fn check(trail: AuditTrail, config: Config) -> Result<(), HealthError> {
    /// use threadline::health::{DriftState, Schemas};
    ///
    /// for table in trail.redaction(&config, &Schemas::All).await? {
    ///     if table.state != DriftState::ConfigMatchesDeployed {
    ///         eprintln!("{}: {}", table.table, table.state.label());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`AuditTrail::coverage`].
    pub async fn redaction(
        &self,
        config: &Config,
        schemas: &Schemas,
    ) -> Result<Vec<TableRedaction>, HealthError> {
        let snapshot = self.read_snapshot(schemas).await?;
        Ok(drift::report(&self.table_groups(&snapshot, config), schemas))
    }

    /// Checks [coverage](Self::coverage) and [redaction](Self::redaction) at one moment, at the cost of one check.
    ///
    /// # Errors
    /// As [`AuditTrail::coverage`].
    pub async fn health(&self, config: &Config, schemas: &Schemas) -> Result<HealthReport, HealthError> {
        let drift = |groups: &[TableGroup<'_>]| drift::report(groups, schemas);
        let (coverage, redaction) = self.check(config, schemas, drift).await?;
        Ok(HealthReport { coverage, redaction })
    }

    /// Checks coverage, emits the event, and evaluates `also` on the same snapshot.
    async fn check<T>(
        &self,
        config: &Config,
        schemas: &Schemas,
        also: impl FnOnce(&[TableGroup<'_>]) -> T,
    ) -> Result<(CoverageReport, T), HealthError> {
        let started = Instant::now();
        match self.read_snapshot(schemas).await {
            Ok(snapshot) => {
                let groups = self.table_groups(&snapshot, config);
                let report = coverage::report(&snapshot, &groups, &self.schema, schemas);
                let also = also(&groups);
                let is_complete = report.uncovered().next().is_none();
                let result = if is_complete { "complete" } else { "incomplete" };
                event::HEALTH_CHECKED.emit(&[result], Some(started.elapsed().as_secs_f64()));
                Ok((report, also))
            }
            Err(error) => {
                let reason = match &error {
                    HealthError::NotInstalled { .. } => "not_installed",
                    HealthError::NoSuchSchema { .. } => "no_such_schema",
                    HealthError::Database(_) => "database",
                };
                event::HEALTH_CHECK_FAILED.emit(&[reason], None);
                Err(error)
            }
        }
    }

    fn table_groups<'a>(&'a self, snapshot: &'a CatalogSnapshot, config: &'a Config) -> Vec<TableGroup<'a>> {
        let (functions, trail) = (&snapshot.functions, &snapshot.trail);
        table_group::table_groups(snapshot, CheckContext { storage: &self.schema, config, functions, trail })
    }

    async fn read_snapshot(&self, schemas: &Schemas) -> Result<CatalogSnapshot, HealthError> {
        let snapshot = catalog::read(self).await?;
        match schemas.named().iter().find(|name| !snapshot.trail.schemas.contains(name)) {
            Some(schema) => Err(HealthError::NoSuchSchema { schema: schema.clone() }),
            None => Ok(snapshot),
        }
    }
}
