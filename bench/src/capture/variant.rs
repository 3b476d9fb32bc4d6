//! The alternatives that are compared, each in a database of its own, so that no trail slows another one down.

use anyhow::{Context, Result};
use clap::ValueEnum;
use threadline::AuditTrail;
use threadline::capture::{CaptureMode, TablePolicy};

use super::writes::{self, Operation};
use crate::server::{Server, run_script};

/// The number of rows in the table before each round.
pub(super) const BASE_ROWS: i64 = 20_000;
/// The number of changes that one statement stores before the first round.
const STORED_ROWS: i64 = 50_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Variant {
    /// No trigger.
    None,
    /// The trigger that audit libraries for PostgreSQL usually install, with which the others are compared.
    RowTrigger,
    /// Threadline, capturing once per row.
    Row,
    /// Threadline, capturing once per statement.
    Statement,
}

impl Variant {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::RowTrigger, Self::Row, Self::Statement];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::RowTrigger => "row-trigger",
            Self::Row => "row",
            Self::Statement => "statement",
        }
    }

    pub(super) fn database(self) -> String {
        format!("threadline_bench_{}", self.name().replace('-', "_"))
    }

    /// Returns the schema that holds its trail.
    pub(super) const fn schema(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::RowTrigger => Some("row_trigger"),
            Self::Row | Self::Statement => Some("threadline"),
        }
    }

    /// Creates its database, its table and its triggers, and stores changes in its trail.
    pub(super) async fn prepare(self, server: &Server, stored: i64) -> Result<()> {
        let database = self.database();
        server.create_database(&database).await?;
        let mut session = server.connect(&database).await?;
        run_script(&mut session, include_str!("sql/tickets.sql").to_owned()).await?;
        match self {
            Self::None => {}
            Self::RowTrigger => {
                run_script(&mut session, include_str!("sql/row_trigger_baseline.sql").to_owned()).await?;
            }
            Self::Row => capture(server, &database, CaptureMode::Row).await?,
            Self::Statement => capture(server, &database, CaptureMode::Statement).await?,
        }
        for _ in 0..stored / STORED_ROWS {
            writes::many_rows(&mut session, Operation::Insert, STORED_ROWS).await?;
            run_script(&mut session, "TRUNCATE tickets".to_owned()).await?;
        }
        Ok(())
    }

    /// Brings the table back to its base rows, without dead rows and without a checkpoint due soon.
    pub(super) async fn reset(self, server: &Server, empties_trail: bool) -> Result<()> {
        let mut session = server.connect(&self.database()).await?;
        // Without triggers, like a session that applies the changes of another server.
        run_script(&mut session, "SET session_replication_role = replica; TRUNCATE tickets".to_owned())
            .await?;
        if let Some(schema) = self.schema().filter(|_| empties_trail) {
            let sql = format!("TRUNCATE {schema}.audit_changes, {schema}.audit_transactions");
            run_script(&mut session, sql).await?;
        }
        for sql in [
            format!("INSERT INTO tickets SELECT * FROM make_tickets(1, {BASE_ROWS})"),
            "VACUUM (ANALYZE) tickets".to_owned(),
            "CHECKPOINT".to_owned(),
        ] {
            run_script(&mut session, sql).await?;
        }
        Ok(())
    }
}

async fn capture(server: &Server, database: &str, mode: CaptureMode) -> Result<()> {
    let trail = AuditTrail::new(server.pool(database));
    trail.install().await?;
    trail.capture([TablePolicy::new("tickets").mode(mode)]).await.context("cannot capture the table")?;
    Ok(())
}
