//! `threadline timeline` and `threadline correlation`: changes, newest first.

use clap::Args;
use threadline::query::{Filter, Page, Position, TimelineEntry};
use threadline::{AuditTrail, Scope};

use super::empty_result::{explain_empty, explain_mistake, resolve_key};
use super::missed_changes::warn_of_missed_changes;
use super::unsearched::{unsearched_columns, unsearched_lines};
use crate::args::{CommandForm, CursorArgs, FilterArgs, LimitArgs, RequiredKeys};
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

/// Reads the filter and the position of the page. `command` is the name of the command, for suggestions.
pub(super) async fn read_filter<R: RequiredKeys>(
    session: &Session,
    args: &TimelineArgs<R>,
    command: &'static str,
) -> Result<(AuditTrail, Filter, Position), Error> {
    let form = FilterArgs::<R>::form(command);
    let (typed, position) = match args.filter.parse(&args.cursor) {
        Ok(parsed) => parsed,
        Err(error) => return Err(explain_mistake(session, error, &args.filter.readable(), &form).await),
    };
    let trail = session.trail().await?;
    let filter = resolve_key(&trail, typed, &form).await?;
    Ok((trail, filter, position))
}

pub(crate) async fn run<R: RequiredKeys>(
    session: &Session,
    args: &TimelineArgs<R>,
    command: &'static str,
) -> Result<Report, Error> {
    let (trail, filter, position) = read_filter(session, args, command).await?;
    let form = FilterArgs::<R>::form(command);
    let page = trail.timeline_page(&Scope::unscoped(), &filter, position, args.limit.get()).await?;
    report(session, &trail, &filter, &form, &page, text::timeline).await
}

/// Reports a page of changes: the changes as `format` writes them or the reason why there are none, and what was not searched.
pub(super) async fn report(
    session: &Session,
    trail: &AuditTrail,
    filter: &Filter,
    form: &CommandForm,
    page: &Page<TimelineEntry>,
    format: impl FnOnce(&Page<TimelineEntry>) -> String,
) -> Result<Report, Error> {
    let is_empty = page.entries.is_empty() && page.truncated_at.is_none();
    let explanation = match is_empty {
        true => explain_empty(trail, filter, form).await?,
        false => Report::new(),
    };
    warn_of_missed_changes(trail, filter).await;
    let unsearched = unsearched_columns(trail, filter).await?;
    if session.json {
        return json::timeline(page, &explanation, unsearched.as_deref());
    }
    let text = match is_empty {
        true => explanation + &text::page_links(page, "changes"),
        false => format(page),
    };
    Ok(text + &unsearched_lines(unsearched.as_deref()))
}
