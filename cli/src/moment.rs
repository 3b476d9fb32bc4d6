//! `threadline as-of` and `threadline compare`: a row at one moment, and at two.

use std::collections::BTreeMap;

use clap::Args;
use threadline::query::{Filter, FilterError};
use threadline::{Scope, TableName};

use crate::failure::Failure;
use crate::filters::{refuse_blank, time};
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
    /// The table, such as tickets or billing.invoices.
    table: String,
    /// The key of the row, such as id=42, or "order=7&line=2".
    key: String,
}

/// A row that somebody asks for.
pub(crate) struct Row {
    pub(crate) table: TableName,
    pub(crate) key: BTreeMap<String, String>,
}

impl RowArguments {
    fn read(&self) -> Result<Row, FilterError> {
        let pairs = [("table", self.table.as_str()), ("key", self.key.as_str())];
        for (key, value) in pairs {
            refuse_blank(key, value)?;
        }
        match Filter::from_pairs(pairs)? {
            (Filter { table: Some(table), key: Some(key), .. }, _) => Ok(Row { table, key }),
            _ => Err(FilterError::new("key", &self.key, "the key of a row")),
        }
    }
}

pub(crate) async fn as_of(session: &Session, question: &AsOfQuestion) -> Result<Report, Failure> {
    let row = question.row.read()?;
    let at = time("time", &question.time)?;
    let trail = session.trail().await?;
    let found = trail
        .as_of(&Scope::unscoped(), row.table.clone(), row.key.clone(), at)
        .await
        .map_err(|error| Failure::query(error, trail.storage_schema()))?;
    if session.json { json::as_of(&row, at, &found) } else { Ok(text::as_of(&row, at, &found)) }
}

pub(crate) async fn compare(session: &Session, question: &CompareQuestion) -> Result<Report, Failure> {
    let row = question.row.read()?;
    let (one, other) = (time("time", &question.time)?, time("other time", &question.other_time)?);
    let moments = [one.min(other), one.max(other)];
    let trail = session.trail().await?;
    let compared = trail
        .compare(&Scope::unscoped(), row.table.clone(), row.key.clone(), moments)
        .await
        .map_err(|error| Failure::query(error, trail.storage_schema()))?;
    if session.json {
        json::compare(&row, moments, &compared)
    } else {
        Ok(text::compare(&row, moments, &compared))
    }
}
