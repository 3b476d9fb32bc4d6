//! The line of a large transaction.

use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{LargeTransaction, Operation};

use super::card::about;
use super::subject::{noun, verb};
use super::{time, who, why_of};
use crate::components::plural::{counted, counted_to, grouped};
use crate::html::{Html, IntoHtml};
use crate::names::Names;
use crate::{Density, PageContext};

/// Kinds of changes that the line names beside the largest one.
const MAX_OTHERS: usize = 2;

/// Renders a transaction with many changes: their numbers by table and operation. `is_filtered` says whether
/// the list has a filter, which others of its changes may not match.
pub(crate) fn large_transaction_line(large: LargeTransaction, is_filtered: bool) -> Html {
    let count = large.count();
    let LargeTransaction { transaction, example, counts, truncated, .. } = large;
    let context = PageContext::current();
    let names = context.names();
    let id = transaction.id.to_string();
    let href = context.href(&format!("/transactions/{id}"));
    let head = view! { {time(example.captured_at, false)}" "{who(&transaction, names)} }.into_html();
    let mut kinds = counts.iter();
    let what = kinds.next().map(|largest| kind(largest, truncated, names));
    let others: Vec<_> = kinds.by_ref().take(MAX_OTHERS).map(|other| kind(other, false, names)).collect();
    let rest = kinds.len();
    let rest = (rest > 0).then(|| format!(" and {}", counted(rest, "other kind")));
    let why = why_of(&transaction, true, names).into_html();
    let open = context.density == Density::Cards;
    let all: Vec<_> = counts
        .iter()
        .enumerate()
        .map(|(index, counts)| view! { <li>{kind(counts, truncated && index == 0, names)}</li> })
        .collect();
    let matching = if is_filtered { "of this transaction match the filter" } else { "in this transaction" };
    let stopped = if truncated { "; counting stopped there" } else { "" };
    let note = format!("{} {matching}{stopped}.", counted_to(count, "change"));
    let about = about(&context, transaction, None, None);
    view! {
        <details class="entry bulk" open=open data-entry="" data-copy-id=id>
            <summary>{head}" "<span class="what">{what}</span>" "<span class="delta">{others}{rest} {why}</span></summary>
            <section id=format!("transaction-{id}") class="change">
                {about}
                <p class="note">{note}</p>
                <ul class="kinds">{all}</ul>
                <p class="entry-links"><a class="button" href=href>"Show all changes of this transaction"</a></p>
            </section>
        </details>
    }
    .into_compact_html()
}

/// Renders a number of changes of one kind: `~ changed 5,000 tickets`.
fn kind(
    (table, operation, count): &(TableName, Operation, usize),
    is_truncated: bool,
    names: Names<'_>,
) -> Html {
    let more = if is_truncated { "+" } else { "" };
    let number =
        if *operation == Operation::Truncate { String::new() } else { format!("{}{more} ", grouped(*count)) };
    view! { {verb(*operation, None)}" "<b>{number}{noun(table, *count, names)}</b>" " }.into_html()
}
