//! `threadline as-of`: one row as of a time.

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
pub(crate) struct AsOfArgs {
    #[command(flatten)]
    row: RowArgs,
    /// The time, in UTC, such as 2026-11-22T09:30.
    time: String,
}

pub(crate) async fn run(session: &Session, args: &AsOfArgs) -> Result<Report, Error> {
    let typed = args.row.parse()?;
    let at = parse_time("time", &args.time)?;
    let trail = session.trail().await?;
    let form = RowArgs::form("as-of", [&args.time]);
    let row = resolve_row(&trail, typed, &form).await?;
    let found = trail.as_of(&Scope::unscoped(), row.table.clone(), &row.key, at).await?;
    if session.json {
        return json::as_of(&row, at, &found);
    }
    let mut text = text::as_of(&row, at, &found);
    if matches!(found, AsOf::BeforeHorizon) {
        text += &near_key(&trail, &row, &form).await?;
    }
    Ok(text)
}
