//! The view of an actor's page.

use leptos::prelude::*;
use threadline::query::{
    Filter, Page as PageOfTransactions, Position, RelativeRange, TableCounts, TransactionRecord,
};
use threadline::{ActorKind, TableName};

use super::ActorPage;
use super::empty::empty;
use crate::components::{Pager, TransactionList, counted, isolated, search_stopped};
use crate::html::IntoHtml;
use crate::{Page, PageContext};

/// Renders the transactions of an actor.
pub(super) fn view(page: ActorPage, context: PageContext) -> impl IntoView {
    let name = page.title();
    let ActorPage { actor, window, from, position, transactions, touched, last, near } = page;
    let is_first_page = position == Position::Newest;
    let path = context.actor_href(actor.kind, actor.id.as_deref());
    let whole_kind = context.actor_href(actor.kind, None);
    let timeline = context.timeline_href(&Filter { actor: Some(actor.clone()), from, ..Filter::default() });
    let overview = context.href("");
    let crumb = actor.id.is_some().then(|| view! { " / "<a href=whole_kind>{plural(actor.kind)}</a> });
    let heading = heading(&transactions, is_first_page, window);
    let list = format!("{path}?window={window}");
    let tables = tables(touched.as_deref());
    let timeline = (!transactions.entries.is_empty()).then(|| {
        view! { <p class="steps"><a class="button" href=timeline>"Show the changes in the timeline"</a></p> }
    });
    let stopped = search_stopped(transactions.truncated_at, position, transactions.entries.is_empty());
    let body = if transactions.entries.is_empty() && stopped.is_none() {
        empty(&actor, is_first_page, window, (last, near), &path).into_html()
    } else {
        let PageOfTransactions { entries, newer, older, .. } = transactions;
        let summary = counted(entries.len(), "transaction");
        let pager = (newer.is_some() || older.is_some())
            .then(|| view! { <Pager list=list newer=newer older=older summary=summary/> });
        let of_one_actor = actor.id.is_some() || actor.kind == ActorKind::Anonymous;
        let list = (!entries.is_empty()).then(|| {
            view! { <TransactionList transactions=entries touched=touched.unwrap_or_default() of_one_actor=of_one_actor/> }
        });
        view! { {list} {stopped} {pager} }.into_html()
    };
    view! {
        <nav class="crumbs" aria-label="Breadcrumbs">
            <a href=overview>"Overview"</a> {crumb} " / "{isolated(actor.id.unwrap_or_else(|| plural(actor.kind).to_owned()))}
        </nav>
        <h1>{isolated(name)}</h1>
        <p class="lede">"Recorded transactions, newest first. Times are UTC."</p>
        {windows(window, &path)}
        <section>
            <h2 class="section">{heading}</h2>
            {tables}
            {body}
        </section>
        {timeline}
    }
}

/// Renders links to every time window, and marks the current one.
fn windows(current: RelativeRange, path: &str) -> impl IntoView + use<> {
    let links: Vec<_> = RelativeRange::ALL
        .into_iter()
        .map(|window| {
            let marked = (window == current).then_some("true");
            let href = format!("{path}?window={window}");
            view! { <a class="button" href=href aria-current=marked>"Last "{window.name()}</a> }
        })
        .collect();
    view! { <nav class="windows" aria-label="Window">{links}</nav> }
}

const fn plural(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::User => "Users",
        ActorKind::Admin => "Admins",
        ActorKind::ServiceAccount => "Service accounts",
        ActorKind::Job => "Jobs",
        ActorKind::System => "System",
        _ => "Anonymous",
    }
}

fn heading(
    page: &PageOfTransactions<TransactionRecord>,
    is_first_page: bool,
    window: RelativeRange,
) -> String {
    let name = window.name();
    match page.entries.len() {
        0 => format!("The last {name}"),
        count if page.truncated_at.is_some() => {
            format!("At least {} in the last {name}", counted(count, "transaction"))
        }
        count if page.newer.is_none() && page.older.is_none() => {
            format!("{} in the last {name}", counted(count, "transaction"))
        }
        count if is_first_page => format!("The newest {} of the last {name}", counted(count, "transaction")),
        count => format!("{} of the last {name}", counted(count, "transaction")),
    }
}

/// Renders the sum of the changes of this page by table.
fn tables(touched: Option<&[TableCounts]>) -> impl IntoView + use<> {
    let Some(touched) = touched else {
        return view! { <p class="note">"The tables could not be counted in time."</p> }.into_html();
    };
    let mut sums: Vec<(&TableName, usize)> = Vec::new();
    for (table, count) in touched.iter().flat_map(|touched| &touched.tables) {
        match sums.iter_mut().find(|(name, _)| *name == table) {
            Some((_, sum)) => *sum += count,
            None => sums.push((table, *count)),
        }
    }
    sums.sort_by(|(one, more), (other, fewer)| fewer.cmp(more).then(one.cmp(other)));
    let more = if touched.iter().any(|touched| touched.truncated) { "+" } else { "" };
    let rows: Vec<_> = sums
        .into_iter()
        .map(|(table, count)| {
            view! { <li><span class="mono">{isolated(table.to_string())}</span>{format!(" {count}{more}")}</li> }
        })
        .collect();
    (!rows.is_empty())
        .then(|| view! { <p class="label">"Tables touched, with their changes"</p> <ul class="touched">{rows}</ul> })
        .into_html()
}
