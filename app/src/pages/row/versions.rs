//! The versions of a record, newest first.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{AsOf, Cursor, Filter, Operation, Page, RowKey, TimelineEntry};

use super::address::Address;
use super::times::{just_before, stamp};
use crate::components::{
    CHANGE_LIST, CaptureGaps, LineOptions, NearValue, Pager, TIME_EXAMPLE, change_line, counted,
    did_you_mean, isolated, sentence_parts, time_in_words,
};
use crate::html::{Html, IntoHtml};
use crate::{PageContext, Zone};

/// The choices of the list for each of its versions.
pub(super) struct VersionOptions<'a> {
    pub(super) now: Option<Now>,
    /// The version that the page shows above the list.
    pub(super) shown: Option<Cursor>,
    pub(super) key: &'a RowKey,
    /// True if the list has one field, so that a version says whether it has a reason.
    pub(super) is_of_field: bool,
}

/// The present version, which other versions are compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    /// The time since which the row is as it is.
    at: DateTime<Utc>,
    /// The text of the link.
    words: &'static str,
}

impl Now {
    pub(super) fn of(latest: &AsOf) -> Option<Self> {
        let words = match latest {
            // The present state is not known.
            AsOf::Uncertain { .. } => "Compare with the last version",
            _ => "Compare with now",
        };
        latest.entry().map(|entry| Self { at: entry.change.captured_at, words })
    }
}

/// Renders a page of the list.
pub(super) fn version_list(
    versions: Page<TimelineEntry>,
    mut gaps: CaptureGaps,
    options: &VersionOptions<'_>,
    address: &Address,
) -> Html {
    let Page { entries, newer, older, .. } = versions;
    let count = entries.len();
    let words = counted(count, "version");
    let whole = newer.is_none() && older.is_none();
    let summary = if whole { words } else { format!("{words} on this page") };
    let now = Utc::now();
    let mut items = Vec::with_capacity(count);
    for entry in entries {
        items.extend(gaps.take_after(entry.change.captured_at, now));
        items.push(version(entry, options, address));
    }
    items.extend(gaps.view(now));
    let items =
        (!items.is_empty()).then(|| view! { <div id=CHANGE_LIST class="entries versions">{items}</div> });
    view! {
        {items}
        <Pager list=address.list() newer=newer older=older summary=summary/>
    }
    .into_html()
}

fn version(
    TimelineEntry { change, transaction, .. }: TimelineEntry,
    &VersionOptions { now, shown, key, is_of_field }: &VersionOptions<'_>,
    address: &Address,
) -> Html {
    let at = change.captured_at;
    let time = time_in_words(at);
    let (whole, then) = match change.operation {
        Operation::Delete => ("Before it was deleted", just_before(at)),
        Operation::Truncate => ("Before the table was emptied", just_before(at)),
        _ if change.takes_away(key) => ("Before its key changed", just_before(at)),
        _ => ("As it was then", at),
    };
    let as_of = address.with([("as_of", stamp(then))]);
    let with_now = now.filter(|now| now.at != at).map(|now| {
        let href = address.with([("compare", stamp(at)), ("with", stamp(now.at))]);
        view! { <a href=href>{now.words}<span class="visually-hidden">{format!(": {time}")}</span></a> }
    });
    let links = view! {
        <p class="entry-links">
            <a href=as_of>{whole}<span class="visually-hidden">{format!(": {time}")}</span></a>
            {with_now}
        </p>
    }
    .into_html();
    let options = LineOptions {
        is_current: shown == Some(change.cursor()),
        page_key: Some(key.clone()),
        with_date: true,
        says_missing_reason: is_of_field,
        links: Some(links),
        ..LineOptions::default()
    };
    change_line(change, Some(transaction), options)
}

/// Renders the form that limits the list to a time window. It is folded while there is none.
pub(super) fn window_form(address: &Address, filter: &Filter) -> Html {
    let open = filter.from.is_some() || filter.to.is_some();
    let field = filter
        .field
        .as_ref()
        .map(ToString::to_string)
        .map(|field| view! { <input type="hidden" name="field" value=field/> });
    let zone = Zone::current();
    let [from, to] = [filter.from, filter.to].map(|at| at.map(|at| zone.written(at)));
    let everything = open.then(|| view! { <a class="button" href=address.whole()>"Show every version"</a> });
    view! {
        <details class="row-window" open=open>
            <summary>"Only between …"</summary>
            <form method="get" action=address.whole() aria-label="Only between two times">
                {field}
                <label>{format!("From ({})", zone.label())} <input type="text" name="from" autocomplete="off" placeholder=TIME_EXAMPLE value=from/></label>
                <label>{format!("To ({})", zone.label())} <input type="text" name="to" autocomplete="off" placeholder="now" value=to/></label>
                <div class="buttons"><button>"Apply"</button>{everything}</div>
            </form>
        </details>
    }
    .into_html()
}

/// Renders the message about a record of which nothing is known: possible reasons, and links.
pub(super) fn no_versions(
    context: &PageContext,
    (table, key): (&TableName, &RowKey),
    (near, table_begins): (Option<RowKey>, Option<DateTime<Utc>>),
    find: String,
    of_table: String,
) -> Html {
    let title = context.names().record(table, key).in_sentence();
    let title = title.unwrap_or_else(|| sentence_parts(Filter::describe_record(table, key)));
    let near = near.map(|near| NearValue::of_key(&near, context.row_of(table, &near)));
    let near = did_you_mean(near.into_iter().collect()).map(|near| view! { <p>{near}</p> });
    let begins = match table_begins {
        Some(at) => format!(
            "{}, when the first change that you may see of this table was captured",
            time_in_words(at)
        ),
        None => "capture began".to_owned(),
    };
    view! {
        <section class="empty">
            <h2>"No changes of "{title}</h2>
            {near}
            <p>
                "Either it never existed, it has not changed since "{begins}", its changes were removed by retention, or you \
                 may not see it."
            </p>
            <p>
                <a class="button" href=find>"Find another record"</a>" "
                <a class="button" href=of_table><span>"All changes of "{isolated(table.to_string())}</span></a>
            </p>
        </section>
    }
    .into_html()
}
