//! `threadline count`: the number of changes.

use clap::Args;
use serde::Serialize;
use threadline::Scope;
use threadline::query::{Count, Position, UnsearchedColumns};

use super::empty_result::{explain_empty, explain_mistake, resolve_key};
use super::unsearched::{unsearched_columns, unsearched_lines};
use crate::args::{CursorArgs, FilterArgs, NoRequiredKeys};
use crate::error::Error;
use crate::json;
use crate::output::Report;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct CountArgs {
    #[command(flatten)]
    filter: FilterArgs<NoRequiredKeys>,
    /// Stop counting at this number.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    cap: u32,
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    count: usize,
    /// There are more changes than the count.
    more: bool,
    /// The columns whose values were not searched, if there is a value to find.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_searched: Option<&'a [UnsearchedColumns]>,
}

pub(crate) async fn run(session: &Session, args: &CountArgs) -> Result<Report, Error> {
    let form = FilterArgs::<NoRequiredKeys>::form("count");
    let (typed, _) = match args.filter.parse(&CursorArgs::default()) {
        Ok(parsed) => parsed,
        Err(error) => return Err(explain_mistake(session, error, &args.filter.readable(), &form).await),
    };
    let trail = session.trail().await?;
    let filter = resolve_key(&trail, typed, &form).await?;
    let scope = Scope::unscoped();
    let cap = usize::try_from(args.cap).unwrap_or(usize::MAX);
    let counted = trail.snapshot().await?.count(&scope, &filter, cap).await?;
    let text = match counted {
        Count::Exact(0) => {
            // Unlike a count, a page rejects a key that no row of the table can have.
            trail.timeline_page(&scope, &filter, Position::Newest, 1).await?;
            explain_empty(&trail, &filter, &form).await?
        }
        Count::Exact(1) => "1 change\n".to_owned(),
        Count::Exact(count) => format!("{count} changes\n"),
        Count::Truncated(1) => "more than 1 change\n".to_owned(),
        Count::Truncated(cap) => format!("more than {cap} changes\n"),
    };
    let (count, more) = match counted {
        Count::Exact(count) => (count, false),
        Count::Truncated(cap) => (cap, true),
    };
    let unsearched = unsearched_columns(&trail, &filter).await?;
    let not_searched = unsearched.as_deref();
    if session.json {
        json::line(&Document { format_version: json::FORMAT_VERSION, count, more, not_searched })
    } else {
        Ok(text + &unsearched_lines(not_searched))
    }
}
