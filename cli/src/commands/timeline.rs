//! `threadline timeline` and `threadline correlation`: changes, newest first.

use clap::Args;
use threadline::Scope;

use super::empty_result::{explain_empty, resolve_key};
use crate::args::{CursorArgs, FilterArgs, LimitArgs, RequiredKeys};
use crate::error::Error;
use crate::output::Report;
use crate::session::Session;
use crate::{json, text};

#[derive(Debug, Args)]
pub(crate) struct TimelineArgs<R: RequiredKeys> {
    #[command(flatten)]
    pub(super) filter: FilterArgs<R>,
    #[command(flatten)]
    pub(super) cursor: CursorArgs,
    #[command(flatten)]
    pub(super) limit: LimitArgs,
}

pub(crate) async fn run<R: RequiredKeys>(session: &Session, args: &TimelineArgs<R>) -> Result<Report, Error> {
    let (filter, position) = args.filter.parse(&args.cursor)?;
    let trail = session.trail().await?;
    let filter = resolve_key(&trail, filter).await?;
    let page = trail.timeline_page(&Scope::unscoped(), &filter, position, args.limit.get()).await?;
    let text = if page.entries.is_empty() && page.truncated_at.is_none() {
        explain_empty(&trail, &filter, "change").await? + &text::page_links(&page, "changes")
    } else {
        text::timeline(&page)
    };
    if session.json { json::timeline(&page) } else { Ok(text) }
}
