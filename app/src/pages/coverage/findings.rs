//! Warnings and hints. Errors are shown with their tables.

use std::collections::HashSet;

use leptos::prelude::*;
use threadline::TableName;
use threadline::health::{CoverageStatus, Finding, Severity};

use super::view::FilteredCheck;
use crate::components::{CommandLine, counted, grouped, isolated, sentence};

pub(super) fn findings(check: &FilteredCheck) -> impl IntoView + use<> {
    // An error of a table that does not need capture concerns the trail itself.
    let uncovered = check.tables().filter(|found| found.status == CoverageStatus::Uncovered);
    let uncovered: HashSet<&TableName> = uncovered.map(|found| &found.table).collect();
    let stands_elsewhere =
        |finding: &Finding| finding.severity() == Severity::Error && uncovered.contains(&finding.table);
    let (hints, rest): (Vec<&Finding>, Vec<&Finding>) = check
        .findings()
        .filter(|finding| !stands_elsewhere(finding))
        .partition(|finding| finding.severity() == Severity::Hint);
    let count = hints.len() + rest.len();
    let list = |found: &[&Finding]| {
        let items: Vec<_> = found.iter().map(|finding| item(finding, true)).collect();
        view! { <ul class="findings">{items}</ul> }
    };
    let nothing = (count == 0).then(|| view! { <p class="note">"There are no warnings and no hints."</p> });
    let warnings = (!rest.is_empty()).then(|| list(&rest));
    let hints = (!hints.is_empty()).then(|| {
        let summary = format!("{}, worth a look", counted(hints.len(), "hint"));
        view! { <details id="coverage-hints"><summary>{summary}</summary>{list(&hints)}</details> }
    });
    view! {
        <section id="coverage-findings" data-live="">
            <h2 class="section">"Warnings and hints" " " <span class="count">{grouped(count)}</span></h2>
            {nothing}
            {warnings}
            {hints}
        </section>
    }
}

/// Renders a finding, its meaning, and the command that fixes it, if there is one.
pub(super) fn item(finding: &Finding, with_table: bool) -> impl IntoView + use<> {
    let severity = finding.severity().as_str();
    let command = finding.remedy.as_ref().map(|remedy| view! { <CommandLine text=remedy.to_string()/> });
    let table = with_table.then(|| view! { <h3>{isolated(finding.table.to_string())}</h3> });
    view! {
        <li data-code=finding.kind.code>
            {table}
            <p><span class=format!("severity {severity}")>{severity}</span>" "{isolated(statement(finding))}</p>
            <p class="note">{finding.kind.meaning}</p>
            {command}
        </li>
    }
}

/// Makes a sentence of a finding; the name of a table is not capitalized.
fn statement(finding: &Finding) -> String {
    let statement = finding.statement();
    if statement.starts_with(&finding.table.to_string()) {
        format!("{statement}.")
    } else {
        sentence(statement)
    }
}
