//! `threadline as-of` and `threadline compare`: a row at one moment, and at two.

use clap::Args;
use threadline::InvalidParameter;
use threadline::query::{AsOf, QueryError, RowKey};
use threadline::{AuditTrail, Scope, TableName};

use crate::failure::Failure;
use crate::filters::{refuse_blank, time};
use crate::key;
use crate::output::Report;
use crate::session::Session;
use crate::{json, text};

#[derive(Debug, Args)]
pub(crate) struct AsOfQuestion {
    #[command(flatten)]
    row: RowArguments,
    /// The moment, in UTC, such as 2026-11-22T09:30.
    time: String,
}

#[derive(Debug, Args)]
pub(crate) struct CompareQuestion {
    #[command(flatten)]
    row: RowArguments,
    /// One moment, in UTC, such as 2026-11-22T09:30.
    time: String,
    /// The other one, earlier or later.
    other_time: String,
}

#[derive(Debug, Args)]
struct RowArguments {
    /// The table, such as tickets, billing.invoices, or '"acme.example".orders'.
    table: String,
    /// The key of the row, such as id=42, or "order=7&line=2", or as an answer shows it.
    key: String,
}

/// A row that somebody asks for.
pub(crate) struct Row {
    pub(crate) table: TableName,
    pub(crate) key: RowKey,
}

impl RowArguments {
    fn read(&self) -> Result<Row, InvalidParameter> {
        for (key, value) in [("table", &self.table), ("key", &self.key)] {
            refuse_blank(key, value)?;
        }
        Ok(Row { table: self.table.trim().parse()?, key: key::read(&self.key)? })
    }
}

impl Row {
    /// The row under the key that the trail has of it.
    async fn found(self, trail: &AuditTrail) -> Result<Self, QueryError> {
        let key = key::with_lower_case_uuids(trail, &self.table, self.key).await?;
        Ok(Self { key, ..self })
    }
}

pub(crate) async fn as_of(session: &Session, question: &AsOfQuestion) -> Result<Report, Failure> {
    let row = question.row.read()?;
    let at = time("time", &question.time)?;
    let trail = session.trail().await?;
    let failed = |error| Failure::query(error, trail.storage_schema());
    let row = row.found(&trail).await.map_err(failed)?;
    let found = trail.as_of(&Scope::unscoped(), row.table.clone(), &row.key, at).await.map_err(failed)?;
    if session.json {
        return json::as_of(&row, at, &found);
    }
    let mut text = text::as_of(&row, at, &found);
    if matches!(found, AsOf::BeforeHorizon) {
        text += &key::explain_empty(&trail, &row.table, &row.key).await.map_err(failed)?;
    }
    Ok(text)
}

pub(crate) async fn compare(session: &Session, question: &CompareQuestion) -> Result<Report, Failure> {
    let row = question.row.read()?;
    let (one, other) = (time("time", &question.time)?, time("other time", &question.other_time)?);
    let moments = [one.min(other), one.max(other)];
    let trail = session.trail().await?;
    let failed = |error| Failure::query(error, trail.storage_schema());
    let row = row.found(&trail).await.map_err(failed)?;
    let compared = trail
        .snapshot()
        .await
        .map_err(failed)?
        .compare(&Scope::unscoped(), row.table.clone(), &row.key, moments)
        .await
        .map_err(failed)?;
    if session.json {
        return json::compare(&row, moments, &compared);
    }
    let mut text = text::compare(&row, moments, &compared);
    if matches!(compared.after, AsOf::BeforeHorizon) {
        text += &key::explain_empty(&trail, &row.table, &row.key).await.map_err(failed)?;
    }
    Ok(text)
}
