//! Lists of transactions without their changes.

use chrono::{Datelike, Utc};
use leptos::prelude::*;
use threadline::query::{TableCounts, TransactionRecord};

use super::heading::{failed, who};
use super::plural::counted;
use super::value::{isolated, text};
use crate::PageContext;
use crate::html::{Html, IntoHtml};

/// Tables that are named in a line.
const TABLES_SHOWN: usize = 4;

/// A list of transactions, newest first: time, actor, action, reason and tables. Each links to its page.
#[component]
pub(crate) fn TransactionList(
    transactions: Vec<TransactionRecord>,
    /// The tables of each transaction; empty if counting took too long.
    touched: Vec<TableCounts>,
    /// True if all of them have the same actor, which is then not repeated.
    #[prop(optional)]
    of_one_actor: bool,
) -> impl IntoView {
    let context = PageContext::current();
    let year = Utc::now().year();
    let lines: Vec<_> = transactions
        .into_iter()
        .enumerate()
        .map(|(index, transaction)| {
            let tables = touched
                .get(index)
                .filter(|touched| !touched.tables.is_empty())
                .map(|touched| tables(touched).into_html());
            line(&context, transaction, tables, of_one_actor, year)
        })
        .collect();
    view! { <ol class="transactions">{lines}</ol> }
}

fn line(
    context: &PageContext,
    transaction: TransactionRecord,
    tables: Option<Html>,
    of_one_actor: bool,
    year: i32,
) -> impl IntoView + use<> {
    // The actor of the list may have acted on behalf of somebody.
    let who = (!of_one_actor || transaction.on_behalf_of.is_some())
        .then(|| view! { {who(&transaction, false)} " · " });
    let TransactionRecord { id, occurred_at: at, action, .. } = transaction;
    let href = context.href(&format!("/transactions/{id}"));
    let exact = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let date = if at.year() == year { "%-d %b" } else { "%-d %b %Y" };
    let failed = action.as_ref().and_then(failed);
    let (name, reason) = action.map_or((None, None), |action| (Some(action.name), action.reason));
    let action = match name {
        Some(name) => view! { <a class="action" href=href.clone()>{isolated(name)}</a> }.into_html(),
        None => view! { <a class="kind" href=href.clone()>"no action recorded"</a> }.into_html(),
    };
    view! {
        <li data-entry="" data-href=href data-copy-id=id.to_string()>
            <time datetime=exact.clone() title=exact>
                <span>{at.format(date).to_string()}</span>" "<span>{at.format("%H:%M:%S").to_string()}</span>
            </time>
            <p class="what">{who} {action} {failed}</p>
            {reason.map(|reason| view! { <p class="reason">{text(reason, true)}</p> })}
            {tables}
        </li>
    }
}

/// Renders the most changed tables by name, and the number of the others.
fn tables(touched: &TableCounts) -> impl IntoView + use<> {
    let named: Vec<_> = touched
        .tables
        .iter()
        .take(TABLES_SHOWN)
        .map(|(table, count)| {
            let more = if touched.truncated { "+" } else { "" };
            view! { <li><span class="mono">{isolated(table.to_string())}</span>{format!(" {count}{more}")}</li> }
        })
        .collect();
    let others = touched.tables.len().saturating_sub(TABLES_SHOWN);
    let others = (others > 0).then(|| view! { <li>{format!("and {}", counted(others, "other table"))}</li> });
    view! { <ul class="touched" aria-label="Changes by table">{named}{others}</ul> }
}
