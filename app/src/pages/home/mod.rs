//! What needs attention, and the ways in.

mod attention;
mod ways_in;

use chrono::Utc;
use leptos::prelude::*;
use threadline::query::{TableCounts, TransactionRecord};
use threadline::{StorageSchema, TableName};

use crate::components::TransactionList;
use crate::html::IntoHtml;
use crate::{Coverage, PageContext, render};
use attention::Verdict;
use ways_in::ways_in;

/// What the home page shows. What could not be read in time is left out.
#[derive(Debug, Clone)]
pub struct HomePage {
    /// The schema of the trail, for the commands.
    pub schema: StorageSchema,
    /// The tables that are captured, of those that the scope names.
    pub tables: Option<Vec<TableName>>,
    /// What is known of coverage; for those who may know.
    pub coverage: Option<Coverage>,
    /// The console was given a configuration to compare with.
    pub is_configured: bool,
    /// What happened last.
    pub latest: Option<LatestActivity>,
}

/// The newest transactions.
#[derive(Debug, Clone, Default)]
pub struct LatestActivity {
    /// The transactions, newest first.
    pub transactions: Vec<TransactionRecord>,
    /// The tables of each, in the same order; empty where they could not be counted.
    pub touched: Vec<TableCounts>,
}

/// Draws the home page.
#[must_use]
pub fn home_page(context: PageContext, home: HomePage) -> String {
    let verdict = Verdict::of(&home, &context, Utc::now());
    let timeline = context.href("/timeline");
    render(context, "Overview".to_owned(), move || {
        let latest = match home.latest {
            None => view! { <p class="note">"The newest transactions could not be read in time. The timeline may still show them."</p> }.into_html(),
            Some(latest) if latest.transactions.is_empty() => {
                view! { <p class="note">"No change is recorded yet. The first one appears here when its transaction commits."</p> }.into_html()
            }
            Some(LatestActivity { transactions, touched }) => {
                view! { <TransactionList transactions=transactions touched=touched/> }.into_html()
            }
        };
        view! {
            {verdict.draw()}
            {ways_in(&home.tables.unwrap_or_default())}
            <section class="latest">
                <h2 class="section">"Latest activity"</h2>
                {latest}
                <p><a class="button" href=timeline>"Open the timeline"</a></p>
            </section>
        }
    })
}
