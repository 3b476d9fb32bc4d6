//! The tables, by their status.

use std::collections::HashMap;

use leptos::prelude::*;
use threadline::TableName;
use threadline::capture::CaptureMode;
use threadline::health::{CoverageStatus, ExemptionSource, Finding, Severity, TableCoverage};
use threadline::query::Filter;

use super::findings::item;
use super::view::FilteredCheck;
use crate::PageContext;
use crate::components::{CommandLine, grouped, isolated, one_line};
use crate::html::IntoHtml;

/// A longer list of tables is folded.
const MAX_UNFOLDED: usize = 30;

/// Renders the tables that need capture, with the commands that capture them.
pub(super) fn needs_capture(check: &FilteredCheck) -> impl IntoView + use<> {
    let tables = check.tables().filter(|table| table.status == CoverageStatus::Uncovered);
    let mut errors: HashMap<&TableName, Vec<&Finding>> = HashMap::new();
    for finding in check.findings().filter(|finding| finding.severity() == Severity::Error) {
        errors.entry(&finding.table).or_default().push(finding);
    }
    let items: Vec<_> = tables
        .map(|table| {
            let errors = errors.get(&table.table).into_iter().flatten();
            let errors: Vec<_> = errors.map(|finding| item(finding, false)).collect();
            let command = table.remedy.as_ref().map(|remedy| view! { <CommandLine text=remedy.to_string()/> });
            let advice = match (&table.run_as, &table.obstacle) {
                (Some(who), _) => format!(" The command has to be run by {who}."),
                (None, Some(obstacle)) => format!(" First: {obstacle}."),
                (None, None) => String::new(),
            };
            let untriggered = (table.remedy.is_some() || table.obstacle.is_some()).then(|| {
                view! { <p>"No change to it is recorded: it has no capture triggers."{isolated(advice)}</p> {command} }
            });
            view! {
                <li>
                    <h3>{isolated(table.table.to_string())}</h3>
                    {untriggered}
                    {(!errors.is_empty()).then(|| view! { <ul class="plain">{errors}</ul> })}
                </li>
            }
        })
        .collect();
    let count = items.len();
    let list = if items.is_empty() {
        view! { <p class="note">"No table needs capture."</p> }.into_html()
    } else {
        view! { <ul class="findings error">{items}</ul> }.into_html()
    };
    view! {
        <section id="coverage-needs" data-live="">
            <h2 class="section">"Needs capture" " " <span class="count">{grouped(count)}</span></h2>
            {list}
        </section>
    }
}

/// Renders the captured tables, with links to their changes.
pub(super) fn captured(check: &FilteredCheck) -> impl IntoView + use<> {
    let context = PageContext::current();
    let rows: Vec<_> = check
        .tables()
        .filter(|table| table.status == CoverageStatus::Covered)
        .map(|table| {
            let href =
                context.timeline_href(&Filter { table: Some((&table.table).into()), ..Filter::default() });
            let mode = match table.mode {
                Some(CaptureMode::Row) => "per row",
                Some(_) => "per statement",
                None => "unknown",
            };
            view! {
                <tr>
                    <th scope="row"><a href=href>{isolated(table.table.to_string())}</a></th>
                    <td data-label="Captured">{mode}</td>
                    <td data-label="Redaction">{redacted(table).map(one_line)}</td>
                </tr>
            }
        })
        .collect();
    let head = view! { <tr><th scope="col">"Table"</th><th scope="col">"Captured"</th><th scope="col">"Redaction"</th></tr> };
    bucket("coverage-captured", "Captured", "No table is captured yet.", head, rows)
}

fn redacted(table: &TableCoverage) -> Option<String> {
    let part = |word: &str, columns: &[String]| {
        (!columns.is_empty()).then(|| format!("{word}: {}", columns.join(", ")))
    };
    let parts: Vec<_> =
        [part("excluded", &table.exclude), part("masked", &table.mask)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Renders the tables that are exempt, with the source of the exemption.
pub(super) fn expected(check: &FilteredCheck) -> impl IntoView + use<> {
    let rows: Vec<_> = check
        .tables()
        .filter_map(|table| match table.status {
            CoverageStatus::ExpectedUncovered(source) => Some((table, source)),
            _ => None,
        })
        .map(|(table, source)| {
            let source = match source {
                ExemptionSource::Baseline => "written by migrations",
                ExemptionSource::Config => "listed in threadline.toml",
            };
            view! { <tr><th scope="row">{isolated(table.table.to_string())}</th><td data-label="Reason">{source}</td></tr> }
        })
        .collect();
    let head = view! { <tr><th scope="col">"Table"</th><th scope="col">"Reason"</th></tr> };
    bucket("coverage-expected", "Left out on purpose", "None.", head, rows)
}

fn bucket(
    id: &'static str,
    title: &'static str,
    empty: &'static str,
    head: impl IntoView + 'static,
    rows: Vec<impl IntoView + 'static>,
) -> impl IntoView {
    let count = rows.len();
    let heading = view! { <h2 class="section">{title} " " <span class="count">{grouped(count)}</span></h2> };
    let content = if rows.is_empty() {
        view! { {heading} <p class="note">{empty}</p> }.into_html()
    } else {
        let fold = format!("{id}-list");
        view! {
            <details id=fold class="bucket" open=count <= MAX_UNFOLDED>
                <summary>{heading}</summary>
                <table class="list"><thead>{head}</thead><tbody>{rows}</tbody></table>
            </details>
        }
        .into_html()
    };
    view! { <section id=id data-live="">{content}</section> }
}
