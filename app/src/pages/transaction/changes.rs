//! The changes of a transaction: their number, their tables, and a page of them.

use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Change, Count, Page, TableCounts};

use crate::components::{CHANGE_LIST, LineOptions, Pager, change_line, counted, counted_up_to, isolated};
use crate::html::IntoHtml;

/// Changes that are shown in full without being opened.
const MAX_OPEN: usize = 3;

/// Renders the section of the changes.
pub(super) fn changes(
    page: Page<Change>,
    is_first_page: bool,
    touched: Option<TableCounts>,
    address: String,
) -> impl IntoView {
    let Page { entries, newer, older, .. } = page;
    let shown = entries.len();
    let is_whole = newer.is_none() && older.is_none();
    let contents = touched
        .as_ref()
        .filter(|touched| touched.tables.len() > 1)
        .map(|touched| contents(touched, &entries));
    let pager = (!is_whole).then(|| {
        let summary = summary(shown, is_first_page, touched.as_ref().map(TableCounts::count));
        view! { <Pager list=address.clone() newer=newer older=older summary=summary/> }
    });
    let title = title(touched.as_ref(), shown, is_whole);
    let empty = (shown == 0).then(|| empty(is_first_page, address));
    let line = |change| {
        let options = LineOptions { is_open: shown <= MAX_OPEN, ..LineOptions::default() };
        change_line(change, None, options)
    };
    let lines: Vec<_> = entries.into_iter().map(line).collect();
    let lines =
        (shown > 0).then(|| view! { <div id=CHANGE_LIST class="entries of-transaction">{lines}</div> });
    let order = (shown > 1).then(|| view! { <p class="note">"Newest first."</p> });
    view! {
        <section class="changes">
            <h2 class="section">{title}</h2>
            {order}
            {contents}
            {empty}
            {lines}
            {pager}
        </section>
    }
}

fn title(touched: Option<&TableCounts>, shown: usize, is_whole: bool) -> String {
    match touched {
        Some(touched) if !touched.tables.is_empty() => {
            let tables = counted(touched.tables.len(), "table");
            format!("{} in {tables}", counted_up_to(touched.count(), "change"))
        }
        _ if is_whole && shown > 0 => counted(shown, "change"),
        _ => "Changes".to_owned(),
    }
}

fn summary(shown: usize, is_first_page: bool, count: Option<Count>) -> String {
    let shown = match count {
        Some(Count::Exact(count)) => format!("{shown} of {}", counted(count, "change")),
        Some(Count::Truncated(_)) | None => counted(shown, "change"),
    };
    if is_first_page { format!("The newest {shown}") } else { format!("{shown} on this page") }
}

/// Renders the tables with their numbers of changes, and links to the first change of each on this page.
fn contents(touched: &TableCounts, entries: &[Change]) -> impl IntoView + use<> {
    let first =
        |table: &TableName| entries.iter().find(|change| change.table == *table).map(|change| change.id);
    let tables: Vec<_> = touched
        .tables
        .iter()
        .map(|(table, count)| {
            let name = isolated(table.to_string());
            let name = match first(table) {
                Some(id) => view! { <a class="mono" href=format!("#change-{id}")>{name}</a> }.into_html(),
                None => view! { <span class="mono">{name}</span> }.into_html(),
            };
            view! { <li>{name}{format!(" {}", counted(*count, "change"))}</li> }
        })
        .collect();
    view! { <nav aria-label="Tables of this transaction"><ul class="touched">{tables}</ul></nav> }
}

fn empty(is_first_page: bool, address: String) -> impl IntoView {
    if is_first_page {
        view! {
            <div class="empty">
                <h3>"No changes of this transaction are recorded"</h3>
                <p>"They may have been removed by the retention policy. What is known of the transaction is above."</p>
            </div>
        }
        .into_html()
    } else {
        view! {
            <div class="empty">
                <h3>"There is nothing beyond this point"</h3>
                <p><a class="button" href=address>"Go to the newest changes of this transaction"</a></p>
            </div>
        }
        .into_html()
    }
}
