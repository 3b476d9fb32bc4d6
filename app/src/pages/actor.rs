//! What one actor did, or all actors of a type.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use threadline::query::{ActorFilter, Filter, Page, TablesTouched, TransactionRecord};
use threadline::{ActorKind, ActorRef, TableName};

use crate::components::{DateTime as Moment, Pager, TransactionList, counted};
use crate::{Frame, render};

/// How far back an actor's page looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorWindow {
    /// The word in the address.
    pub word: &'static str,
    /// In words, after "the last".
    pub name: &'static str,
    /// The length.
    pub length: TimeDelta,
}

impl ActorWindow {
    /// Every window, the shortest first.
    pub const ALL: [Self; 4] = [
        Self { word: "1h", name: "hour", length: TimeDelta::hours(1) },
        Self { word: "24h", name: "24 hours", length: TimeDelta::hours(24) },
        Self { word: "7d", name: "7 days", length: TimeDelta::days(7) },
        Self { word: "30d", name: "30 days", length: TimeDelta::days(30) },
    ];

    /// The window of an address that names none.
    pub const DEFAULT: Self = Self::ALL[1];
}

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
    pub touched: Option<Vec<TablesTouched>>,
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
pub fn actor_page(frame: Frame, page: ActorPage) -> String {
    let name = name(&page.actor);
    let path = self::path(&frame, &page.actor);
    let whole_kind = self::path(&frame, &page.actor.kind.into());
    let timeline = frame.timeline_href(&Filter {
        actor: Some(page.actor.clone()),
        from: Some(page.from),
        ..Filter::default()
    });
    let overview = frame.href("");
    render(frame, name.clone(), move || {
        let ActorPage { actor, window, is_first_page, transactions, touched, last, .. } = page;
        let crumb = actor.id.is_some().then(|| view! { " / "<a href=whole_kind>{plural(actor.kind)}</a> });
        let heading = heading(&transactions, is_first_page, window);
        let list = format!("{path}?window={}", window.word);
        let tables = tables(touched.as_deref());
        let steps = (!transactions.entries.is_empty()).then(|| {
            view! { <p class="steps"><a class="button" href=timeline>"Show the changes in the timeline"</a></p> }
        });
        let body = if transactions.entries.is_empty() {
            empty(&actor, is_first_page, window, last, &path).into_any()
        } else {
            let Page { entries, newer, older } = transactions;
            let summary = counted(entries.len(), "transaction");
            let pager = (newer.is_some() || older.is_some())
                .then(|| view! { <Pager list=list newer=newer older=older summary=summary/> });
            let of_one_actor = actor.id.is_some() || actor.kind == ActorKind::Anonymous;
            view! {
                <TransactionList transactions=entries touched=touched.unwrap_or_default() of_one_actor=of_one_actor/>
                {pager}
            }
            .into_any()
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

fn path(frame: &Frame, actor: &ActorFilter) -> String {
    match actor.id.as_ref().and_then(|id| ActorRef::new(actor.kind, id).ok()) {
        Some(actor) => frame.actor_href(&actor),
        None => frame.href(&format!("/actors/{}", actor.kind.as_str())),
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

fn windows(current: ActorWindow, path: &str) -> impl IntoView + use<> {
    let links: Vec<_> = ActorWindow::ALL
        .into_iter()
        .map(|window| {
            let marked = (window == current).then_some("true");
            let href = format!("{path}?window={}", window.word);
            view! { <a class="button" href=href aria-current=marked>"Last "{window.name}</a> }
        })
        .collect();
    view! { <nav class="windows" aria-label="Window">{links}</nav> }
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
fn tables(touched: Option<&[TablesTouched]>) -> impl IntoView + use<> {
    let Some(touched) = touched else {
        return view! { <p class="note">"The tables could not be counted in time."</p> }.into_any();
    };
    let mut sums: Vec<(&TableName, usize)> = Vec::new();
    for (table, count) in touched.iter().flat_map(|touched| &touched.tables) {
        match sums.iter_mut().find(|(name, _)| *name == table) {
            Some((_, sum)) => *sum += count,
            None => sums.push((table, *count)),
        }
    }
    sums.sort_by(|(one, more), (other, fewer)| fewer.cmp(more).then(one.cmp(other)));
    let more = if touched.iter().any(|touched| touched.is_partial) { "+" } else { "" };
    let rows: Vec<_> = sums
        .into_iter()
        .map(|(table, count)| {
            view! { <li><span class="mono">{table.to_string()}</span>" "{count}{more}</li> }
        })
        .collect();
    (!rows.is_empty())
        .then(|| view! { <p class="label">"Tables touched, with their changes"</p> <ul class="touched">{rows}</ul> })
        .into_any()
}

fn never(actor: &ActorFilter) -> String {
    let actor = match (&actor.id, actor.kind) {
        (None, ActorKind::Anonymous) | (Some(_), _) => actor.to_string(),
        (None, kind) => format!("any {}", kind.as_str().replace('_', " ")),
    };
    format!("No transaction of {actor} is recorded")
}

/// Why there is nothing, and where there is something.
fn empty(
    actor: &ActorFilter,
    is_first_page: bool,
    window: ActorWindow,
    last: LastTransaction,
    path: &str,
) -> impl IntoView + use<> {
    if !is_first_page {
        let href = format!("{path}?window={}", window.word);
        return view! {
            <div class="empty">
                <h3>"There is nothing beyond this point"</h3>
                <p><a class="button" href=href>"Go to the newest transactions"</a></p>
            </div>
        }
        .into_any();
    }
    let wider: Vec<_> = ActorWindow::ALL
        .into_iter()
        .filter(|other| other.length > window.length)
        .map(|other| {
            let href = format!("{path}?window={}", other.word);
            view! { <a class="button" href=href>"Last "{other.name}</a> }
        })
        .collect();
    let others = actor.id.is_some().then(|| {
        let href = self::path(&Frame::current(), &actor.kind.into());
        let label = format!("See all of type {}", actor.kind.as_str());
        view! { <a class="button" href=href>{label}</a> }
    });
    let title = format!("Nothing in the last {}", window.name);
    match last {
        LastTransaction::Never => view! {
            <div class="empty">
                <h3>{never(actor)}</h3>
                <p>"Nothing that you may see was changed under this name. Ids are compared letter by letter, as the application gives them."</p>
                <p class="steps">{others}</p>
            </div>
        }
        .into_any(),
        LastTransaction::Unknown => view! {
            <div class="empty"><h3>{title}</h3><p>"A wider window may find something."</p><p class="steps">{wider}</p></div>
        }
        .into_any(),
        LastTransaction::Found(last) => {
            let frame = Frame::current();
            let href = frame.href(&format!("/transactions/{}", last.id));
            view! {
                <div class="empty">
                    <h3>{title}</h3>
                    <p>"The last transaction before that was on "<a href=href><Moment at=last.occurred_at/></a>"."</p>
                    <p class="steps">{wider}</p>
                </div>
            }
            .into_any()
        }
    }
}
