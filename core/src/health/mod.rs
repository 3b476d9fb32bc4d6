//! Health: which tables are captured, what is not as it should be, and whether redaction is what `threadline.toml` says.

mod catalog;
mod command;
mod coverage;
mod definitions;
mod drift;
mod finding;
mod functions;
mod gaps;
#[cfg(test)]
mod guide;
mod keys;
mod kinds;
mod legacy;
mod own;
mod relation;
mod remedy;
mod sensitive;
mod trail;
mod triggers;
mod unit;
mod verify;

use std::time::Instant;

pub use coverage::{CoverageReport, CoverageStatus, EXPECTED_UNCOVERED, GapSource, TableCoverage};
pub(crate) use definitions::KnownFunctions;
pub use drift::{DriftState, Redaction, RedactionDiff, TableRedaction};
pub use finding::{Command, Finding};
pub use gaps::{CoverageGap, RecordCoverageError};
pub use kinds::{FINDINGS, FindingKind, Severity};
pub use verify::Verdict;

use self::catalog::Snapshot;
use self::unit::{Surroundings, Unit};
use crate::{AuditTrail, Config, StorageSchema, describe_database_error, event};

/// Which schemas of the host are checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Schemas {
    /// All but those of PostgreSQL and of extensions.
    #[default]
    All,
    /// These; each must exist.
    Named(Vec<String>),
}

impl Schemas {
    /// One schema.
    #[must_use]
    pub fn one(name: impl Into<String>) -> Self {
        Self::Named(vec![name.into()])
    }

    fn contain(&self, schema: &str) -> bool {
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

/// Everything that a check answers, of one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HealthReport {
    /// Which tables are captured, and what is not as it should be.
    pub coverage: CoverageReport,
    /// What is redacted, against what the configuration says.
    pub redaction: Vec<TableRedaction>,
}

/// Why the database could not be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HealthError {
    /// There is no trail in this schema.
    #[error("schema {schema} of this database holds no audit trail: install it, or name another schema")]
    NotInstalled {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// A schema that was asked for does not exist.
    #[error("there is no schema {schema:?} in this database: check the spelling")]
    NoSuchSchema {
        /// Its name.
        schema: String,
    },
    /// The database refused or is away.
    #[error("the database could not be checked: {}", describe_database_error(.0))]
    Database(#[from] sqlx::Error),
}

impl AuditTrail {
    /// Which tables are captured, and what is not as it should be: all of it at one moment, read from the catalogue. Locks
    /// none of the host's tables and needs no right on one.
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
    /// [`HealthError`] when there is no trail, when a schema does not exist, or when the database says no.
    pub async fn coverage(&self, config: &Config, schemas: &Schemas) -> Result<CoverageReport, HealthError> {
        let (coverage, ()) = self.checked(config, schemas, |_| ()).await?;
        Ok(coverage)
    }

    /// What is redacted in each captured table, against what the configuration says: drift first, then what could not be
    /// read. No value of a row is read.
    ///
    /// # Errors
    /// As [`AuditTrail::coverage`].
    pub async fn redaction(
        &self,
        config: &Config,
        schemas: &Schemas,
    ) -> Result<Vec<TableRedaction>, HealthError> {
        let snapshot = self.read_snapshot(schemas).await?;
        Ok(drift::report(&self.units(&snapshot, config), schemas))
    }

    /// [`AuditTrail::coverage`] and [`AuditTrail::redaction`] of one moment, for the price of one.
    ///
    /// # Errors
    /// As [`AuditTrail::coverage`].
    pub async fn health(&self, config: &Config, schemas: &Schemas) -> Result<HealthReport, HealthError> {
        let drift = |units: &[Unit<'_>]| drift::report(units, schemas);
        let (coverage, redaction) = self.checked(config, schemas, drift).await?;
        Ok(HealthReport { coverage, redaction })
    }

    /// Checks coverage and says so, and reads from the same snapshot what else is asked for.
    async fn checked<T>(
        &self,
        config: &Config,
        schemas: &Schemas,
        also: impl FnOnce(&[Unit<'_>]) -> T,
    ) -> Result<(CoverageReport, T), HealthError> {
        let begun = Instant::now();
        match self.read_snapshot(schemas).await {
            Ok(snapshot) => {
                let units = self.units(&snapshot, config);
                let report = coverage::report(&snapshot, &units, &self.schema, schemas);
                let also = also(&units);
                let complete = report.uncovered().next().is_none();
                let result = if complete { "complete" } else { "incomplete" };
                event::HEALTH_CHECKED.emit(&[result], Some(begun.elapsed().as_secs_f64()));
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

    fn units<'a>(&'a self, snapshot: &'a Snapshot, config: &'a Config) -> Vec<Unit<'a>> {
        let (functions, trail) = (&snapshot.functions, &snapshot.trail);
        unit::units(snapshot, Surroundings { storage: &self.schema, config, functions, trail })
    }

    async fn read_snapshot(&self, schemas: &Schemas) -> Result<Snapshot, HealthError> {
        let snapshot = catalog::read(self).await?;
        match schemas.named().iter().find(|name| !snapshot.trail.schemas.contains(name)) {
            Some(schema) => Err(HealthError::NoSuchSchema { schema: schema.clone() }),
            None => Ok(snapshot),
        }
    }
}
