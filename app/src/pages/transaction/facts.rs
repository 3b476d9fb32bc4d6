//! The facts that the application recorded about a transaction.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde_json::value::RawValue;
use threadline::query::{ActionRecord, Filter, TransactionRecord};

use crate::PageContext;
use crate::components::{Identifier, one_line, text};

/// Renders the reason and the comment, then the other facts by name.
pub(super) fn facts(transaction: TransactionRecord) -> impl IntoView {
    // The heading already describes the session.
    let shown_elsewhere = transaction.session().map(|_| "session");
    let TransactionRecord { id, source, action, metadata, .. } = transaction;
    let texts = action.as_ref().map(texts);
    let words = words(source, action.as_ref());
    view! {
        {texts} {words}
        <p class="ids"><Identifier label="transaction" value=id.to_string() whole=true/> {action.map(ids)}</p>
        {metadata.map(|json| metadata_table(&json, shown_elsewhere))}
    }
}

fn texts(action: &ActionRecord) -> Vec<impl IntoView + use<>> {
    let texts = [&action.reason, &action.comment].into_iter().flatten();
    texts.map(|words| view! { <p class="reason">{text(words.clone(), true)}</p> }).collect()
}

fn words(source: Option<String>, action: Option<&ActionRecord>) -> Option<impl IntoView + use<>> {
    let (verb, category) =
        action.map(|action| (action.verb.clone(), action.category.clone())).unwrap_or_default();
    let words: Vec<_> = [("Source", source), ("Verb", verb), ("Category", category)]
        .into_iter()
        .filter_map(|(name, word)| Some((name, word?)))
        .map(|(name, word)| view! { <div><dt>{name}</dt><dd>{one_line(word)}</dd></div> })
        .collect();
    (!words.is_empty()).then(|| view! { <dl class="facts">{words}</dl> })
}

fn ids(action: ActionRecord) -> impl IntoView {
    let context = PageContext::current();
    let request = action.request_id.map(|id| {
        let href =
            context.readable_timeline_href(&Filter { request_id: Some(id.clone()), ..Filter::default() });
        view! { <Identifier label="request id" value=id href=href whole=true/> }
    });
    let job = action.job_id.map(|id| view! { <Identifier label="job" value=id whole=true/> });
    let correlation = action.correlation_id.map(|id| {
        let href = context.correlation_href(id.clone());
        view! { <Identifier label="request" value=id href=href whole=true/> }
    });
    view! { {request} {job} {correlation} }
}

/// Renders the metadata of the transaction, except for a key that is shown elsewhere: names, and the JSON texts of the
/// database, with every digit.
fn metadata_table(json: &RawValue, shown_elsewhere: Option<&str>) -> Option<impl IntoView + use<>> {
    let facts: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json.get())
        .unwrap_or_else(|_| BTreeMap::from([("value".to_owned(), json.to_owned())]));
    let rows: Vec<_> = facts
        .into_iter()
        .filter(|(name, _)| Some(name.as_str()) != shown_elsewhere)
        .map(|(name, value)| {
            view! { <tr><th scope="row">{one_line(name)}</th><td>{text(value.get().to_owned(), true)}</td></tr> }
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="change metadata">
                <header><h2>"Metadata"</h2></header>
                <table class="diff"><col class="field"/><tbody>{rows}</tbody></table>
            </section>
        }
    })
}
