//! The view of the search.

use chrono::Utc;
use leptos::prelude::*;
use threadline::query::{Filter, SearchTarget};

use super::found::{Actor, Found, Record, href};
use super::{FoundValues, SearchPage};
use crate::PageContext;
use crate::components::{
    CaptureGaps, ShortTimestamp, Timestamp, counted, counted_up_to, isolated, line_list, unsearched_columns,
};
use crate::diff::accessible_line;
use crate::html::{Html, IntoHtml};

/// Renders the results in groups.
pub(super) fn view(page: SearchPage, context: &PageContext) -> impl IntoView + use<> {
    let SearchPage { text, found, labelled, values } = page;
    if text.is_empty() {
        return view! { <h1>"Search"</h1> {help()} {command()} }.into_html();
    }
    let is_empty = found.is_empty() && labelled.is_empty();
    let groups = groups(found, labelled, context);
    let nothing = is_empty.then(|| {
        view! { <p class="note">"No record, person, transaction or request is called "<b>{isolated(text.clone())}</b>"."</p> }
    });
    let values = values_group(values, &text, context);
    let help = is_empty.then(help);
    view! {
        <h1>"Search: "{isolated(text)}</h1>
        {groups}
        {nothing}
        {values}
        {help}
        {command()}
    }
    .into_html()
}

fn groups(found: Found, labelled: Vec<Record>, context: &PageContext) -> Vec<Html> {
    let Found { records, tables_left_out, actors, requests, transaction } = found;
    let by_key = records.iter().map(|found| record(found, "last changed ", context));
    let by_label = labelled.iter().map(|found| record(found, "had this name at ", context));
    let records: Vec<_> = by_key.chain(by_label).collect();
    let actors: Vec<_> = actors.iter().map(|found| actor(found, context)).collect();
    let requests: Vec<_> = requests.iter().map(|filter| request(filter, context)).collect();
    let transaction: Vec<_> = transaction
        .into_iter()
        .map(|id| href(context, &SearchTarget::Transaction(id)))
        .map(|href| view! { <li><a href=href>"The transaction with this id"</a></li> }.into_html())
        .collect();
    let mut groups: Vec<Html> = [
        ("Records", records),
        ("People and programs", actors),
        ("Requests", requests),
        ("Transactions", transaction),
    ]
    .into_iter()
    .filter(|(_, items)| !items.is_empty())
    .map(|(title, items)| {
        view! { <section><h2 class="section">{title}</h2><ul class="results">{items}</ul></section> }
            .into_html()
    })
    .collect();
    if tables_left_out > 0 {
        let words = format!(
            "The records of {} were not searched. Name the table: ticket 5041.",
            counted(tables_left_out, "more table")
        );
        groups.push(view! { <p class="note">{words}</p> }.into_html());
    }
    groups
}

fn record(found: &Record, when: &'static str, context: &PageContext) -> Html {
    let name = found.name(context).heading_with_label();
    let href = context.row_of(&found.table, &found.key);
    let (at, now) = (found.entry.change.captured_at, Utc::now());
    view! { <li><a href=href>{name}</a> <span class="kind">" "{when}<ShortTimestamp at=at now=now/></span></li> }
        .into_html()
}

fn actor(found: &Actor, context: &PageContext) -> Html {
    let (name, title) = found.name(context);
    let href = context.actor_href(found.actor.kind, found.actor.id.as_deref());
    let title = title.as_deref().map(accessible_line);
    let count =
        found.count.map(|count| view! { " "<span class="kind">{counted_up_to(count, "change")}</span> });
    let more = title.map(|title| view! { " "<span class="kind">{title}</span> });
    view! { <li><a href=href>{isolated(name)}</a>{more}{count}</li> }.into_html()
}

fn request(filter: &Filter, context: &PageContext) -> Html {
    let words = match filter.correlation_id {
        Some(_) => "Everything in this request",
        None => "Everything of the request with this id",
    };
    view! { <li><a href=context.timeline_href(filter)>{words}</a></li> }.into_html()
}

/// Renders the changes with the text in a value, or that they could not be found in time.
fn values_group(values: Option<FoundValues>, text: &str, context: &PageContext) -> Html {
    let body = match values {
        None => {
            view! { <p class="note">"Values could not be searched in time. The timeline searches on, page by page."</p> }
                .into_html()
        }
        Some(FoundValues { lines, searched_to, unsearched, .. }) if lines.is_empty() => {
            let note = match searched_to {
                Some(at) => view! { <p class="note">"Nothing found back to "<Timestamp at=at/>"; the search stopped there."</p> }.into_html(),
                None => {
                    view! { <p class="note">"No change of the last 7 days has it in a recorded value."</p> }.into_html()
                }
            };
            view! { {note} {unsearched_columns(&unsearched)} }.into_html()
        }
        Some(FoundValues { filter, lines, has_more, unsearched, .. }) => {
            let all = has_more.then(|| {
                let href = context.timeline_href(&filter);
                view! { <p><a class="button" href=href>"All changes of the last 7 days"</a></p> }
            });
            view! { {unsearched_columns(&unsearched)} {line_list(lines, CaptureGaps::default(), false, true, Utc::now())} {all} }.into_html()
        }
    };
    let further = Filter::from_pairs([("value", text)]).ok().map(|(filter, _)| {
        view! { <p><a class="button" href=context.timeline_href(&filter)>"Look further back"</a></p> }
    });
    view! { <section><h2 class="section">"Changes with this text in a value"</h2>{body}{further}</section> }
        .into_html()
}

fn help() -> impl IntoView {
    view! {
        <p class="note">
            "Type the number of a record (#5041, ticket 5041), a person or program, an id from a log line or an error page, or a text \
             that was in a value. Conditions are written as who:maria, table:tickets, field:priority, kind:deleted, from:yesterday."
        </p>
    }
}

fn command() -> impl IntoView {
    view! { <p class="note">"The command line gives the same answer: "<code>"threadline search WORDS"</code></p> }
}
