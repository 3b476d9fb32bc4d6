//! The changes of a page, grouped by transaction and by day.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{Change, TimelineEntry, TransactionRecord};

use crate::PageContext;
use crate::components::{ChangeCard, Identifier, Time, TransactionHeading, counted, day_label, text};
use crate::html::{Html, IntoHtml};

/// Changes of one transaction that are shown before the others are folded.
const CHANGES_SHOWN: usize = 10;

pub(super) struct Group {
    transaction: TransactionRecord,
    changes: Vec<Change>,
}

/// Groups adjacent changes of the same transaction, and keeps the order of the timeline.
pub(super) fn group(entries: Vec<TimelineEntry>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for TimelineEntry { change, transaction, .. } in entries {
        match groups.last_mut() {
            Some(last) if last.transaction.id == transaction.id => last.changes.push(change),
            _ => groups.push(Group { transaction, changes: vec![change] }),
        }
    }
    groups
}

/// Renders the groups, with a heading for each day. Infinite scrolling appends more of them to this element, so it contains
/// nothing else. The last transaction may continue on the next page.
pub(super) fn entries(
    context: &PageContext,
    groups: Vec<Group>,
    continues: bool,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let last = groups.len().saturating_sub(1);
    let mut shown = None;
    let entries: Vec<_> = groups
        .into_iter()
        .enumerate()
        .filter_map(|(index, group)| {
            let at = group.changes.first()?.captured_at;
            let day = at.date_naive();
            let heading = (shown.replace(day) != Some(day))
                .then(|| view! { <h2 class="day">{day_label(day, now.date_naive())}</h2> });
            let entry = entry(context, at, group, continues && index == last);
            Some(view! { {heading} {entry} }.into_html())
        })
        .collect();
    view! { <div id="entries">{entries}</div> }
}

fn entry(context: &PageContext, at: DateTime<Utc>, group: Group, continues: bool) -> impl IntoView + use<> {
    let Group { transaction, mut changes } = group;
    let id = transaction.id.to_string();
    let href = context.href(&format!("/transactions/{id}"));
    let action = transaction.action.as_ref();
    let correlation = action.and_then(|action| action.correlation_id.clone()).map(|correlation| {
        let href = context.correlation_href(correlation.clone());
        view! { <Identifier label="correlation" value=correlation href=href/> }
    });
    let reason = action
        .and_then(|action| action.reason.clone())
        .map(|reason| view! { <p class="reason">{text(reason, true)}</p> });
    let count = (changes.len() > 1).then(|| view! { <span>{counted(changes.len(), "change")}</span> });
    let folded = changes.split_off(changes.len().min(CHANGES_SHOWN));
    let folded = (!folded.is_empty()).then(|| {
        let summary = format!("{} of this transaction", counted(folded.len(), "more change"));
        view! { <details class="rest"><summary>{summary}</summary>{cards(folded)}</details> }
    });
    let continues = continues.then(|| {
        view! { <p class="note">"This transaction continues on the next page. "<a href=href.clone()>"See all of it"</a></p> }
    });
    let ids = view! {
        <p class="ids">
            <Identifier label="transaction" value=id.clone() href=Some(href.clone())/> {correlation} {count}
        </p>
    };
    // Rendered in parts, because the type of the whole view is too deep for the compiler.
    let (heading, ids) =
        (view! { <TransactionHeading transaction=transaction/> }.into_html(), ids.into_html());
    let body = view! { <h3>{heading}</h3> {reason} {ids} {cards(changes)} {folded} {continues} }.into_html();
    view! {
        <article class="tx" tabindex="-1" data-entry="" data-href=href data-copy-id=id>
            <Time at=at/>
            <div>{body}</div>
        </article>
    }
}

fn cards(changes: Vec<Change>) -> Vec<Html> {
    changes.into_iter().map(|change| view! { <ChangeCard change=change/> }.into_html()).collect()
}
