//! What one actor did, or all actors of a type.

mod empty;
mod window;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{ActorFilter, Filter, Page, TableCounts, TransactionRecord};
use threadline::{ActorKind, ActorRef, TableName};

use crate::components::{Pager, TransactionList, counted};
use crate::html::IntoHtml;
use crate::{PageContext, render};
use empty::empty;
pub use window::ActorWindow;
use window::windows;

/// What the page of an actor shows.
#[derive(Debug, Clone)]
pub struct ActorPage {
    /// Who.
    pub actor: ActorFilter,
    /// How far back.
    pub window: ActorWindow,
    /// When the window begins.
    pub from: DateTime<Utc>,
    /// The page begins at the newest transaction.
    pub is_first_page: bool,
    /// A page of transactions within the window.
    pub transactions: Page<TransactionRecord>,
    /// The tables of each, in the same order; none where they could not be counted in time.
    pub touched: Option<Vec<TableCounts>>,
    /// Where the page is empty: the actor's last transaction of all, if there is one and it could be found in time.
    pub last: LastTransaction,
}

/// What is known of an actor's last transaction.
#[derive(Debug, Clone)]
pub enum LastTransaction {
    /// Nobody asked, or the answer did not come in time.
    Unknown,
    /// There is none.
    Never,
    /// This one.
    Found(Box<TransactionRecord>),
}

/// Draws an actor's transactions.
#[must_use]
pub fn actor_page(context: PageContext, page: ActorPage) -> String {
    let name = name(&page.actor);
    let path = self::path(&context, &page.actor);
    let whole_kind = self::path(&context, &page.actor.kind.into());
    let timeline = context.timeline_href(&Filter {
        actor: Some(page.actor.clone()),
        from: Some(page.from),
        ..Filter::default()
    });
    let overview = context.href("");
    render(context, name.clone(), move || {
        let ActorPage { actor, window, is_first_page, transactions, touched, last, .. } = page;
        let crumb = actor.id.is_some().then(|| view! { " / "<a href=whole_kind>{plural(actor.kind)}</a> });
        let heading = heading(&transactions, is_first_page, window);
        let list = format!("{path}?window={}", window.word);
        let tables = tables(touched.as_deref());
        let steps = (!transactions.entries.is_empty()).then(|| {
            view! { <p class="steps"><a class="button" href=timeline>"Show the changes in the timeline"</a></p> }
        });
        let body = if transactions.entries.is_empty() {
            empty(&actor, is_first_page, window, last, &path).into_html()
        } else {
            let Page { entries, newer, older, .. } = transactions;
            let summary = counted(entries.len(), "transaction");
            let pager = (newer.is_some() || older.is_some())
                .then(|| view! { <Pager list=list newer=newer older=older summary=summary/> });
            let of_one_actor = actor.id.is_some() || actor.kind == ActorKind::Anonymous;
            view! {
                <TransactionList transactions=entries touched=touched.unwrap_or_default() of_one_actor=of_one_actor/>
                {pager}
            }
            .into_html()
        };
        view! {
            <nav class="crumbs" aria-label="Breadcrumbs">
                <a href=overview>"Overview"</a> {crumb} " / "<bdi>{actor.id.unwrap_or_else(|| plural(actor.kind).to_owned())}</bdi>
            </nav>
            <h1><bdi>{name.clone()}</bdi></h1>
            <p class="lede">"Recorded transactions, newest first. Times are UTC."</p>
            {windows(window, &path)}
            <section>
                <h2 class="section">{heading}</h2>
                {tables}
                {body}
            </section>
            {steps}
        }
    })
}

fn path(context: &PageContext, actor: &ActorFilter) -> String {
    match actor.id.as_ref().and_then(|id| ActorRef::new(actor.kind, id).ok()) {
        Some(actor) => context.actor_href(&actor),
        None => context.href(&format!("/actors/{}", actor.kind.as_str())),
    }
}

/// `user:42`, or `Every user`.
fn name(actor: &ActorFilter) -> String {
    match (&actor.id, actor.kind) {
        (Some(_), _) => actor.to_string(),
        (None, ActorKind::Anonymous) => "Anonymous".to_owned(),
        (None, kind) => format!("Every {}", kind.as_str().replace('_', " ")),
    }
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

fn heading(page: &Page<TransactionRecord>, is_first_page: bool, window: ActorWindow) -> String {
    let name = window.name;
    match page.entries.len() {
        0 => format!("The last {name}"),
        count if page.newer.is_none() && page.older.is_none() => {
            format!("{} in the last {name}", counted(count, "transaction"))
        }
        count if is_first_page => format!("The newest {} of the last {name}", counted(count, "transaction")),
        count => format!("{} of the last {name}", counted(count, "transaction")),
    }
}

/// What the transactions of this page touched together.
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
            view! { <li><span class="mono">{table.to_string()}</span>{format!(" {count}{more}")}</li> }
        })
        .collect();
    (!rows.is_empty())
        .then(|| view! { <p class="label">"Tables touched, with their changes"</p> <ul class="touched">{rows}</ul> })
        .into_html()
}
