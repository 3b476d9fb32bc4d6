//! The message of an empty page: the reason, and links.

use leptos::prelude::*;
use threadline::ActorKind;
use threadline::query::{ActorFilter, Filter, RelativeRange};

use super::LastTransaction;
use crate::PageContext;
use crate::components::{NearValue, Timestamp, did_you_mean, one_line};
use crate::html::IntoHtml;
use crate::names::plural;

fn never(actor: &ActorFilter) -> String {
    let actor = match (&actor.id, actor.kind) {
        (None, ActorKind::Anonymous) | (Some(_), _) => actor.to_string(),
        (None, kind) => format!("any {}", kind.as_str().replace('_', " ")),
    };
    format!("No transaction of {actor} is recorded")
}

/// Renders the reason why no transaction is listed, and links to where there may be one.
pub(super) fn empty(
    actor: &ActorFilter,
    is_first_page: bool,
    window: RelativeRange,
    (last, near): (LastTransaction, Vec<NearValue>),
    list: &str,
) -> impl IntoView + use<> {
    if !is_first_page {
        let href = format!("{list}?window={window}");
        return view! {
            <div class="empty">
                <h3>"There is nothing beyond this point"</h3>
                <p><a class="button" href=href>"Go to the newest changes"</a></p>
            </div>
        }
        .into_html();
    }
    let context = PageContext::current();
    let wider: Vec<_> = RelativeRange::ALL
        .into_iter()
        .filter(|other| *other > window)
        .map(|other| {
            let href = format!("{list}?window={other}");
            view! { <a class="button" href=href>"Last "{other.name()}</a> }
        })
        .collect();
    let all = context.timeline_href(&Filter { actor: Some(actor.clone().into()), ..Filter::default() });
    let wider = view! { {wider} <a class="button" href=all>"All time, in the timeline"</a> };
    let others = actor.id.is_some().then(|| {
        let href = context.actor_href(actor.kind, None);
        let label = format!("All {}", plural(actor.kind).to_lowercase());
        view! { <a class="button" href=href>{label}</a> }
    });
    let why = match actor.id {
        Some(_) => {
            "Nothing that you may see was changed under this name. Ids are compared letter by letter, as the application gives them."
        }
        None => "Nothing that you may see was changed by such an actor.",
    };
    let near = did_you_mean(near).map(|near| view! { <p>{near}</p> });
    let title = format!("Nothing in the last {}", window.name());
    match last {
        LastTransaction::Never => view! {
            <div class="empty">
                <h3>{one_line(never(actor))}</h3>
                {near}
                <p>{why}</p>
                <p class="steps">{others}</p>
            </div>
        }
        .into_html(),
        LastTransaction::Unknown => view! {
            <div class="empty"><h3>{title}</h3><p>"A wider window may find something."</p><p class="steps">{wider}</p></div>
        }
        .into_html(),
        LastTransaction::Found(last) => {
            let href = context.href(&format!("/transactions/{}", last.id));
            view! {
                <div class="empty">
                    <h3>{title}</h3>
                    <p>"The last transaction before that was on "<a href=href><Timestamp at=last.occurred_at/></a>"."</p>
                    <p class="steps">{wider}</p>
                </div>
            }
            .into_html()
        }
    }
}
