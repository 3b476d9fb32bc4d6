//! Links from a transaction, and the other transactions of the same request.

use chrono::{TimeDelta, Utc};
use leptos::prelude::*;
use threadline::query::{Filter, TransactionRecord};

use super::RelatedChanges;
use crate::PageContext;
use crate::components::{CaptureGaps, isolated, line_list};
use crate::html::IntoHtml;

/// Renders links to what support staff usually look for next.
pub(super) fn links(transaction: &TransactionRecord) -> impl IntoView + use<> {
    let context = PageContext::current();
    let around = |length: TimeDelta, filter: Filter| {
        let at = transaction.occurred_at;
        let (from, to) = (at.checked_sub_signed(length), at.checked_add_signed(length));
        context.readable_timeline_href(&Filter { from, to, ..filter })
    };
    let actor = transaction.actor.as_ref().and_then(|actor| {
        let href = around(TimeDelta::hours(1), Filter { actor: Some(actor.into()), ..Filter::default() })?;
        Some(view! { <li><a href=href>"What "{isolated(context.names().actor(actor).text)}" did an hour before and after"</a></li> })
    });
    let action = transaction.action.as_ref().and_then(|action| {
        let href =
            around(TimeDelta::days(1), Filter { action: Some(action.name.as_str().into()), ..Filter::default() })?;
        Some(view! { <li><a href=href>"Other "<q>{isolated(context.names().action(&action.name))}</q>" within a day"</a></li> })
    });
    let everything = around(TimeDelta::minutes(10), Filter::default())
        .map(|href| view! { <li><a href=href>"Everything 10 minutes before and after"</a></li> });
    view! {
        <nav class="elsewhere" aria-label="From here">
            <ul>
                {actor}
                {action}
                {everything}
            </ul>
        </nav>
    }
}

/// Renders the other transactions of the same request, which the correlation id names.
pub(super) fn related(correlation: Option<String>, related: Option<RelatedChanges>) -> Option<impl IntoView> {
    let context = PageContext::current();
    let is_alone = related.as_ref().is_some_and(|related| related.lines.is_empty());
    // The list would have the changes of this page alone.
    let all = context.correlation_href(correlation?).filter(|_| !is_alone);
    let body = match related {
        None => {
            view! { <p class="note">"They could not be read in time. The timeline may still find them."</p> }
                .into_html()
        }
        Some(related) if related.lines.is_empty() => {
            let words = if context.visible_part().is_some() {
                "Nothing else that you may see happened in this request."
            } else {
                "Nothing else happened in this request."
            };
            view! { <p class="note">{words}</p> }.into_html()
        }
        Some(RelatedChanges { lines, truncated }) => {
            let more = truncated.then(|| view! { <p class="note">"Only the newest are listed."</p> });
            view! { {line_list(lines, CaptureGaps::default(), false, false, Utc::now())} {more} }.into_html()
        }
    };
    Some(view! {
        <section class="related">
            <h2 class="section">"The same request"</h2>
            {body}
            {all.map(|all| view! { <p><a class="button" href=all>"Show the whole request"</a></p> })}
        </section>
    })
}
