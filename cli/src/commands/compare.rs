//! `threadline compare`: the difference of one row between two times.

use clap::Args;
use threadline::Scope;
use threadline::query::AsOf;

use super::empty_result::{near_key, resolve_row};
use crate::args::{RowArgs, parse_time};
use crate::error::Error;
use crate::output::Report;
use crate::session::Session;
use crate::{json, text};

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    row: RowArgs,
    /// One time, in UTC, such as 2026-11-22T09:30.
    time: String,
    /// The other time, earlier or later.
    other_time: String,
}

pub(crate) async fn run(session: &Session, args: &CompareArgs) -> Result<Report, Error> {
    let typed = args.row.parse()?;
    let (one, other) = (parse_time("time", &args.time)?, parse_time("other time", &args.other_time)?);
    let times = [one.min(other), one.max(other)];
    let trail = session.trail().await?;
    let form = RowArgs::form("compare", [&args.time, &args.other_time]);
    let row = resolve_row(&trail, typed, &form).await?;
    let mut snapshot = trail.snapshot().await?;
    let compared = snapshot.compare(&Scope::unscoped(), row.table.clone(), &row.key, times).await?;
    drop(snapshot);
    if session.json {
        return json::compare(&row, times, &compared);
    }
    let mut text = text::compare(&row, times, &compared);
    if matches!(compared.after, AsOf::BeforeHorizon) {
        text += &near_key(&trail, &row, &form).await?;
    }
    Ok(text)
}
