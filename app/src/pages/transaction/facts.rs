//! What the application said about a transaction.

use leptos::prelude::*;
use serde_json::Value;
use threadline::query::{ActionRecord, Filter, TransactionRecord};

use crate::Frame;
use crate::components::Identifier;

/// Reason and comment in words, then every other fact by name.
pub(super) fn facts(transaction: TransactionRecord) -> impl IntoView {
    let TransactionRecord { id, action, metadata, .. } = transaction;
    let (said, ids) = action.map(|action| (said(&action), ids(action))).unzip();
    view! {
        {said}
        <p class="ids"><Identifier label="transaction" value=id.to_string() whole=true/> {ids}</p>
        {metadata.map(metadata_table)}
    }
}

fn said(action: &ActionRecord) -> impl IntoView + use<> {
    let texts: Vec<_> = [&action.reason, &action.comment]
        .into_iter()
        .flatten()
        .map(|text| view! { <p class="reason">{text.clone()}</p> })
        .collect();
    let words: Vec<_> = [("Verb", &action.verb), ("Category", &action.category)]
        .into_iter()
        .filter_map(|(name, word)| Some((name, word.clone()?)))
        .map(|(name, word)| view! { <div><dt>{name}</dt><dd>{word}</dd></div> })
        .collect();
    let words = (!words.is_empty()).then(|| view! { <dl class="facts">{words}</dl> });
    view! { {texts} {words} }
}

fn ids(action: ActionRecord) -> impl IntoView {
    let frame = Frame::current();
    let request = action.request_id.map(|id| {
        let href = frame.timeline_href(&Filter { request_id: Some(id.clone()), ..Filter::default() });
        view! { <Identifier label="request" value=id href=Some(href) whole=true/> }
    });
    let job = action.job_id.map(|id| view! { <Identifier label="job" value=id whole=true/> });
    let correlation = action.correlation_id.map(|id| {
        let href = frame.correlation_href(id.clone());
        view! { <Identifier label="correlation" value=id href=Some(href) whole=true/> }
    });
    view! { {request} {job} {correlation} }
}

/// The facts about the transaction as a whole, as names and JSON texts.
fn metadata_table(json: Value) -> Option<impl IntoView> {
    let facts = match json {
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        other => vec![("value".to_owned(), other.to_string())],
    };
    let rows: Vec<_> = facts
        .into_iter()
        .map(|(name, value)| view! { <tr><th scope="row">{name}</th><td>{value}</td></tr> })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="change metadata">
                <header><h2>"Metadata"</h2></header>
                <table class="diff"><tbody>{rows}</tbody></table>
            </section>
        }
    })
}
