//! The view of the timeline.

use chrono::{DateTime, Utc};
use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;

use super::activity_strip::activity_strip;
use super::chips::chips;
use super::empty::{invalid_filter, no_changes, unknown_values};
use super::filter_form::filter_form;
use super::presets::{people_only, presets};
use super::result::{downloads, list_link, result_line};
use super::{FoundChanges, TimelinePage};
use crate::PageContext;
use crate::components::{Pager, line_list, search_stopped, unsearched_columns};
use crate::html::IntoHtml;
use crate::islands::LiveChanges;

/// Renders the filter form and the changes.
pub(super) fn view(page: TimelinePage, context: PageContext) -> impl IntoView {
    let TimelinePage { typed, tables, result } = page;
    let now = Utc::now();
    let filter = result.as_ref().map(|found| &found.filter);
    let presets = presets(&context, &typed, filter, now).into_html();
    let people = people_only(&context, &typed).into_html();
    let form = filter_form(&context, &typed, &tables, filter.err()).into_html();
    let found = result.as_ref().ok();
    let count = found.map(result_line);
    let live = found.map(|found| live_changes(&context, found));
    let link = found.and_then(|found| list_link(&context, found));
    let downloads = found.map(|found| downloads(&context, &found.filter));
    let result = match result {
        Ok(found) => Either::Left(self::result(&context, found, now)),
        Err(invalid) => Either::Right(invalid_filter(&context, invalid)),
    };
    view! {
        <div class="head"><h1>"Timeline"</h1> {count} {live}</div>
        <div class="bar">{presets} {people} {form} {downloads} {link}</div>
        {result}
    }
}

/// Renders the part that offers newer changes, on the newest page of a window that is still open.
fn live_changes(context: &PageContext, found: &FoundChanges) -> Option<impl IntoView + use<>> {
    let mark = found.mark.as_ref().filter(|_| found.page.newer.is_none())?;
    let list = context.timeline_href(&found.filter);
    let query = list.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    Some(view! { <LiveChanges query=query since=mark.to_string()/> })
}

fn result(context: &PageContext, found: FoundChanges, now: DateTime<Utc>) -> impl IntoView + use<> {
    let FoundChanges { filter, position, page, activity, has_changes, explained, gaps, unsearched, .. } =
        found;
    let list = context.timeline_href(&filter);
    let strip = activity.map(|activity| activity_strip(context, &filter, &activity, now));
    let lines = page.entries;
    let summary = format!("{} shown", lines.len());
    let is_alone = lines.is_empty() && page.newer.is_none() && page.older.is_none();
    let pager = (!is_alone).then(|| {
        view! { <Pager list=list newer=page.newer older=page.older summary=summary/> }
    });
    let stopped = search_stopped(page.truncated_at, position, lines.is_empty());
    let entries = match lines.is_empty() {
        true if stopped.is_some() => {
            EitherOf3::A(view! { {gaps.view(now)} {unknown_values(context, &filter, explained)} })
        }
        true => EitherOf3::B(view! {
            {gaps.view(now)}
            {no_changes(context, &filter, position, has_changes, explained, now)}
        }),
        false => EitherOf3::C(line_list(lines, gaps, true, !filter.is_empty(), now)),
    };
    view! {
        {chips(context, &filter, now)}
        {strip}
        {unsearched_columns(&unsearched)}
        {entries}
        {stopped}
        {pager}
    }
}
