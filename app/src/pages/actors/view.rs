//! The view of the page.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{ActiveActor, ActiveActors, Filter, RelativeRange, Selection};
use threadline::{ActorKind, ActorRef};

use super::ActorsPage;
use crate::PageContext;
use crate::components::{ShortTimestamp, actor_link, ago, counted, grouped};
use crate::html::{Html, IntoHtml};
use crate::pages::actor::windows;

/// Actors that are listed.
pub(super) const MAX_SHOWN: usize = 200;

/// Renders the actors of the window in groups: people, programs, and what nobody signed.
pub(super) fn view(page: ActorsPage, context: &PageContext) -> impl IntoView + use<> {
    let ActorsPage { window, active } = page;
    let (overview, path, now) = (context.href(""), context.href("/actors"), Utc::now());
    let body = match active {
        None => view! { <p class="note">"The changes could not be counted in time. A shorter window is faster."</p> }.into_html(),
        Some(active) if active.actors.is_empty() => nobody(window, context),
        Some(active) => groups(active, window, context, now),
    };
    view! {
        <nav class="crumbs" aria-label="Breadcrumbs"><a href=overview>"Overview"</a>" / Who was active"</nav>
        <h1>"Who was active"</h1>
        {windows(window, &path)}
        {body}
    }
}

fn nobody(window: RelativeRange, context: &PageContext) -> Html {
    let only = context.visible_part().map(|sentence| view! { <p>{sentence}</p> });
    view! {
        <div class="empty">
            <h2>{format!("Nobody changed anything in the last {}", window.name())}</h2>
            <p>"A wider window may find something."</p>
            {only}
        </div>
    }
    .into_html()
}

fn groups(active: ActiveActors, window: RelativeRange, context: &PageContext, now: DateTime<Utc>) -> Html {
    let ActiveActors { actors, truncated, .. } = active;
    let counted_changes: usize = actors.iter().map(|active| active.changes).sum();
    let note = truncated.then(|| {
        let words = format!(
            "Only the newest {} of this window were counted: somebody who made no other is missing.",
            counted(counted_changes, "change")
        );
        view! { <p class="note">{words}</p> }
    });
    let more = actors.len().saturating_sub(MAX_SHOWN);
    let more = (more > 0)
        .then(|| view! { <p class="note">{format!("… and {} more with fewer changes.", grouped(more))}</p> });
    let mut groups: [Vec<ActiveActor>; 3] = Default::default();
    for active in actors.into_iter().take(MAX_SHOWN) {
        groups[group(active.actor.as_ref())].push(active);
    }
    let unsigned =
        Filter { actor: Some(Selection::unsigned()), from: window.before(now).from, ..Filter::default() };
    let unsigned = context.timeline_href(&unsigned);
    let titles = ["People", "Jobs and services", "Nobody named"];
    let sections: Vec<_> = titles
        .into_iter()
        .zip(groups)
        .filter(|(_, actors)| !actors.is_empty())
        .map(|(title, actors)| section(title, actors, unsigned.clone(), now))
        .collect();
    view! { {note} {sections} {more} }.into_html()
}

/// Returns the number of the group: people, programs, or neither.
const fn group(actor: Option<&ActorRef>) -> usize {
    match actor {
        None => 2,
        Some(actor) => match actor.kind() {
            ActorKind::User | ActorKind::Admin => 0,
            ActorKind::Anonymous => 2,
            _ => 1,
        },
    }
}

fn section(
    title: &'static str,
    actors: Vec<ActiveActor>,
    unsigned: String,
    now: DateTime<Utc>,
) -> impl IntoView {
    let rows: Vec<_> = actors
        .into_iter()
        .map(|ActiveActor { actor, changes, newest, .. }| {
            let who = match actor {
                Some(actor) => actor_link(&actor).into_html(),
                None => view! { <a class="who none" href=unsigned.clone()>"not signed by the application"</a> }.into_html(),
            };
            view! {
                <tr>
                    <th scope="row">{who}</th>
                    <td>{counted(changes, "change")}</td>
                    <td>"the last at "<ShortTimestamp at=newest now=now/>{format!(", {}", ago(now - newest))}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <section class="active">
            <h2 class="section">{title}</h2>
            <table class="list">
                <thead class="visually-hidden"><tr><th scope="col">"Who"</th><th scope="col">"Changes"</th><th scope="col">"Last change"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
}
