//! Every recorded change, newest first, grouped by transaction.

mod address;
mod chips;
mod empty;
mod filter_fields;
mod filter_form;
mod groups;
mod presets;
mod result;

pub use presets::set_window;

use chrono::{DateTime, Utc};
use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Count, Filter, Page, Position, SnapshotMark, TimelineEntry};

use self::chips::chips;
use self::empty::{no_changes, not_read};
use self::filter_form::filter_form;
use self::groups::{entries, group};
use self::result::{downloads, result_line, stopped};
use crate::components::{Pager, counted};
use crate::html::IntoHtml;
use crate::islands::LiveChanges;
use crate::{PageContext, render};

/// What the timeline shows.
#[derive(Debug, Clone)]
pub struct TimelinePage {
    /// The pairs of the filter as they were given, for the form.
    pub typed: Vec<(String, String)>,
    /// The tables that can be filtered by.
    pub tables: Vec<TableName>,
    /// What was found, or why nothing was looked for.
    pub answer: Result<FoundChanges, FilterMistake>,
}

/// The changes of one page.
#[derive(Debug, Clone)]
pub struct FoundChanges {
    /// What was asked for.
    pub filter: Filter,
    /// Where the page begins.
    pub position: Position,
    /// The changes.
    pub page: Page<TimelineEntry>,
    /// Whether the last transaction of the page goes on beyond it.
    pub continues: bool,
    /// How many changes match; none where it took too long to count them.
    pub count: Option<Count>,
    /// Whether anything at all has been recorded.
    pub has_changes: bool,
    /// The mark of the snapshot that the page was read from; none where nothing new is looked for.
    pub mark: Option<SnapshotMark>,
}

/// A part of the filter that could not be read.
#[derive(Debug, Clone)]
pub struct FilterMistake {
    /// The key.
    pub key: String,
    /// What is wrong with it, in full.
    pub sentence: String,
    /// What the field of the key says about its value.
    pub hint: String,
}

/// Draws the timeline.
#[must_use]
pub fn timeline_page(context: PageContext, timeline: TimelinePage) -> String {
    render(context.clone(), "Timeline".to_owned(), move || {
        let TimelinePage { typed, tables, answer } = timeline;
        let now = Utc::now();
        let filter = answer.as_ref().map(|found| &found.filter);
        let form = filter_form(&context, &typed, &tables, filter, now).into_html();
        let result = match answer {
            Ok(found) => Either::Left(result(&context, found, now)),
            Err(mistake) => Either::Right(not_read(&context, mistake)),
        };
        view! {
            <h1>"Timeline"</h1>
            <p class="lede">"Every recorded change, newest first. Times are UTC."</p>
            {form}
            {result}
        }
    })
}

fn result(context: &PageContext, found: FoundChanges, now: DateTime<Utc>) -> impl IntoView + use<> {
    let FoundChanges { filter, position, page, continues, count, has_changes, mark } = found;
    let list = context.timeline_href(&filter);
    let query = list.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    let live = mark
        .filter(|_| page.newer.is_none())
        .map(|mark| view! { <LiveChanges query=query since=mark.to_string()/> });
    let changes = page.entries.len();
    let groups = group(page.entries);
    let summary = format!("{} in {}", counted(changes, "change"), counted(groups.len(), "transaction"));
    let is_alone = groups.is_empty() && page.newer.is_none() && page.older.is_none();
    let pager = (!is_alone).then(|| {
        view! { <Pager list=list newer=page.newer older=page.older summary=summary/> }
    });
    let stopped = page.truncated_at.map(|at| stopped(at, position, groups.is_empty()));
    let entries = match groups.is_empty() {
        true if stopped.is_some() => EitherOf3::A(()),
        true => EitherOf3::B(no_changes(context, &filter, position, has_changes, now)),
        false => EitherOf3::C(entries(context, groups, continues, now)),
    };
    view! {
        <div class="result">
            {result_line(count)}
            {chips(context, &filter, now)}
            {downloads(context, &filter)}
        </div>
        {live}
        {entries}
        {stopped}
        {pager}
    }
}
