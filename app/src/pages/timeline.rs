//! Every recorded change, newest first, grouped by transaction.

use chrono::Utc;
use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Change, Filter, Page, TimelineEntry, TransactionRecord};
use url::form_urlencoded;

use crate::components::{ChangeCard, FilterForm, Identifier, Moment, Pager, TransactionHeading, day_label};
use crate::{Frame, render};

/// What the timeline shows.
#[derive(Debug, Clone)]
pub struct TimelinePage {
    /// What was asked for.
    pub filter: Filter,
    /// The changes.
    pub page: Page<TimelineEntry>,
    /// The tables that can be filtered by.
    pub tables: Vec<TableName>,
    /// Whether anything at all has been recorded.
    pub has_changes: bool,
}

/// How many changes of one transaction a page shows before it points to the transaction.
const CHANGES_SHOWN: usize = 10;

/// Draws the timeline.
#[must_use]
pub fn timeline_page(frame: Frame, timeline: TimelinePage) -> String {
    let list = frame.href("/timeline");
    render(frame, "Timeline".to_owned(), || {
        let TimelinePage { filter, page, tables, has_changes } = timeline;
        let filtered = !filter.is_empty();
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(filter.to_pairs()).finish();
        let address = if filtered { format!("{list}?{query}") } else { list.clone() };
        let groups = group(page.entries);
        let changes: usize = groups.iter().map(|(_, changes)| changes.len()).sum();
        let summary = counted(changes, groups.len());
        let empty = groups
            .is_empty()
            .then(|| view! { <Empty has_changes=has_changes filtered=filtered list=list.clone()/> });
        view! {
            <h1>"Timeline"</h1>
            <p class="lede">"Every recorded change, newest first. Times are UTC."</p>
            <FilterForm action=list.clone() filter=filter tables=tables/>
            {empty}
            {days(groups)}
            <Pager list=address newer=page.newer older=page.older summary=summary/>
        }
    })
}

fn counted(changes: usize, transactions: usize) -> String {
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!("{} in {}", plural(changes, "change"), plural(transactions, "transaction"))
}

type Group = (TransactionRecord, Vec<Change>);

/// Neighbours of one transaction belong together; the order of the timeline stays as it is.
fn group(entries: Vec<TimelineEntry>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for TimelineEntry { change, transaction } in entries {
        match groups.last_mut() {
            Some((last, changes)) if last.id == transaction.id => changes.push(change),
            _ => groups.push((transaction, vec![change])),
        }
    }
    groups
}

/// A heading wherever the day changes.
fn days(groups: Vec<Group>) -> impl IntoView {
    let today = Utc::now().date_naive();
    let mut shown = None;
    groups
        .into_iter()
        .filter_map(|(transaction, changes)| {
            let at = changes.first()?.captured_at;
            let day = at.date_naive();
            let heading = (shown.replace(day) != Some(day))
                .then(|| view! { <h2 class="day">{day_label(day, today)}</h2> });
            Some(view! {
                {heading}
                <article class="tx">
                    <Moment at=at/>
                    <Transaction transaction=transaction changes=changes/>
                </article>
            })
        })
        .collect::<Vec<_>>()
}

#[component]
fn Transaction(transaction: TransactionRecord, mut changes: Vec<Change>) -> impl IntoView {
    let frame = Frame::current();
    let id = transaction.id.to_string();
    let href = frame.href(&format!("/transactions/{id}"));
    let correlation =
        transaction.action.as_ref().and_then(|action| action.correlation_id.clone()).map(|correlation| {
            view! { <Identifier label="correlation" value=correlation/> }
        });
    let reason = transaction
        .action
        .as_ref()
        .and_then(|action| action.reason.clone())
        .map(|reason| view! { <p class="reason">{reason}</p> });
    let folded = changes.len().saturating_sub(CHANGES_SHOWN);
    changes.truncate(CHANGES_SHOWN);
    let more = (folded > 0).then(|| {
        view! { <p class="note"><a href=href.clone()>{format!("{folded} more changes in this transaction")}</a></p> }
    });
    let cards: Vec<_> = changes.into_iter().map(|change| view! { <ChangeCard change=change/> }).collect();
    view! {
        <div>
            <h3><TransactionHeading transaction=transaction/></h3>
            {reason}
            <p class="ids"><Identifier label="transaction" value=id href=Some(href)/> {correlation}</p>
            {cards}
            {more}
        </div>
    }
}

/// Why there is nothing, and what to do.
#[component]
fn Empty(has_changes: bool, filtered: bool, list: String) -> impl IntoView {
    let (title, text, link) = match (has_changes, filtered) {
        (false, _) => (
            "Nothing has been recorded yet",
            "The first change of a captured table appears here as soon as its transaction commits.",
            None,
        ),
        (true, true) => (
            "No change matches this filter",
            "There are recorded changes, but none of this table in this window.",
            Some("Clear the filter"),
        ),
        (true, false) => (
            "There is nothing beyond this point",
            "These changes may have been removed by the retention policy.",
            Some("Go to the newest changes"),
        ),
    };
    let link = link.map(|label| view! { <p><a class="button" href=list>{label}</a></p> });
    view! { <section class="empty"><h2>{title}</h2><p>{text}</p>{link}</section> }
}
