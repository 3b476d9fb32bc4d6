//! The view of an actor's page.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{ActorFilter, Count, Filter, Page as PageOfLines, Position, RelativeRange};

use super::ActorPage;
use super::empty::empty;
use crate::components::{Pager, counted_up_to, isolated, line_list, open_in_host, search_stopped};
use crate::html::{Html, IntoHtml};
use crate::names::{ActorName, plural};
use crate::{Page, PageContext};

/// Renders what an actor changed.
pub(super) fn view(page: ActorPage, context: PageContext) -> impl IntoView {
    let title = page.title(&context);
    let ActorName { title: reference, href: in_host, .. } = page.name(&context);
    let ActorPage { actor, window, from, position, lines, count, gaps, last, near } = page;
    // The label replaces the reference, under which the actor is found in a file or by a command.
    let about = reference.map(|reference| {
        let in_host = in_host.map(|href| view! { " · "{open_in_host(&context, href)} });
        view! { <p class="lede">{isolated(reference)}{in_host}</p> }
    });
    let is_first_page = position == Position::Newest;
    let path = context.actor_href(actor.kind, actor.id.as_deref());
    let whole_kind = context.actor_href(actor.kind, None);
    let timeline =
        context.timeline_href(&Filter { actor: Some(actor.clone().into()), from, ..Filter::default() });
    let everybody = context.href("/actors");
    let also = on_behalf_of(&context, &actor, from);
    let crumb = actor.id.is_some().then(|| view! { " / "<a href=whole_kind>{plural(actor.kind)}</a> });
    let heading = heading(count, window);
    let list = format!("{path}?window={window}");
    let PageOfLines { entries, newer, older, truncated_at, .. } = lines;
    let timeline = (!entries.is_empty()).then(|| {
        view! { <p class="steps"><a class="button" href=timeline>"Show the changes in the timeline"</a></p> }
    });
    let stopped = search_stopped(truncated_at, position, entries.is_empty());
    let body = if entries.is_empty() && stopped.is_none() {
        let empty = empty(&actor, is_first_page, window, (last, near), &path);
        view! { {gaps.view(Utc::now())} {empty} }.into_html()
    } else {
        let summary = format!("{} shown", entries.len());
        let pager = (newer.is_some() || older.is_some())
            .then(|| view! { <Pager list=list newer=newer older=older summary=summary/> });
        let list = (!entries.is_empty()).then(|| line_list(entries, gaps, true, false, Utc::now()));
        view! { {list} {stopped} {pager} }.into_html()
    };
    view! {
        <nav class="crumbs" aria-label="Breadcrumbs">
            <a href=everybody>"Who was active"</a> {crumb} " / "{isolated(actor.id.unwrap_or_else(|| plural(actor.kind).to_owned()))}
        </nav>
        <h1>{isolated(title)}</h1>
        {about}
        {windows(window, &path)}
        <section>
            <h2 class="section">{heading}</h2>
            {body}
        </section>
        {timeline}
        {also}
    }
}

/// Renders the link to what others did on behalf of an actor, such as jobs.
fn on_behalf_of(context: &PageContext, actor: &ActorFilter, from: Option<DateTime<Utc>>) -> Option<Html> {
    actor.id.as_ref()?;
    let filter = Filter { on_behalf_of: Some(actor.clone().into()), from, ..Filter::default() };
    let href = context.readable_timeline_href(&filter)?;
    let name = context.names().filtered_actor(actor);
    Some(view! { <p class="note">"Also for "{isolated(name)}": "<a href=href>"what jobs and others did"</a></p> }.into_html())
}

/// Renders links to every time window, and marks the current one.
pub(in crate::pages) fn windows(current: RelativeRange, path: &str) -> impl IntoView + use<> {
    let links: Vec<_> = RelativeRange::ALL
        .into_iter()
        .map(|window| {
            let marked = (window == current).then_some("true");
            let href = format!("{path}?window={window}");
            view! { <a class="button" href=href aria-current=marked>"Last "{window.name()}</a> }
        })
        .collect();
    view! { <nav class="windows" aria-label="Window" data-windows="">{links}</nav> }
}

fn heading(count: Option<Count>, window: RelativeRange) -> String {
    let name = window.name();
    match count {
        Some(count) => format!("{} in the last {name}", counted_up_to(count, "change")),
        None => format!("The last {name}"),
    }
}
