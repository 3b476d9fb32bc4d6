//! What is not as it should be: warnings and hints. Errors stand with their tables.

use leptos::prelude::*;
use threadline::health::{CoverageStatus, Finding, Severity};

use super::Shown;
use crate::components::{CommandLine, counted, grouped};

pub(super) fn findings(shown: &Shown) -> impl IntoView + use<> {
    // An error that belongs to no table in need of capture is about the trail itself.
    let stands_elsewhere = |finding: &Finding| {
        finding.severity() == Severity::Error
            && shown
                .tables()
                .any(|found| found.table == finding.table && found.status == CoverageStatus::Uncovered)
    };
    let (hints, rest): (Vec<&Finding>, Vec<&Finding>) = shown
        .findings()
        .filter(|finding| !stands_elsewhere(finding))
        .partition(|finding| finding.severity() == Severity::Hint);
    let count = hints.len() + rest.len();
    let list = |found: &[&Finding]| {
        let items: Vec<_> = found.iter().map(|finding| item(finding, true)).collect();
        view! { <ul class="findings">{items}</ul> }
    };
    let nothing =
        (count == 0).then(|| view! { <p class="note">"Nothing was found that somebody should look at."</p> });
    let warnings = (!rest.is_empty()).then(|| list(&rest));
    let hints = (!hints.is_empty()).then(|| {
        let summary = format!("{}, worth a look", counted(hints.len(), "hint"));
        view! { <details id="coverage-hints" class="hints"><summary>{summary}</summary>{list(&hints)}</details> }
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

/// What it is, what that means, and the command that mends it.
pub(super) fn item(finding: &Finding, with_table: bool) -> impl IntoView + use<> {
    let severity = finding.severity().name();
    let table = with_table.then(|| view! { <h3><bdi>{finding.table.to_string()}</bdi></h3> });
    view! {
        <li data-code=finding.kind.code>
            {table}
            <p><span class=format!("severity {severity}")>{severity}</span>" "<bdi>{sentence(finding)}</bdi></p>
            <p class="note">{finding.kind.meaning}</p>
            <CommandLine text=finding.command.text()/>
        </li>
    }
}

/// With a capital letter, unless it begins with the name of the table, and a full stop.
fn sentence(finding: &Finding) -> String {
    let statement = finding.statement();
    let mut letters = statement.chars();
    match letters.next() {
        Some(first) if !statement.starts_with(&finding.table.to_string()) => {
            format!("{}{}.", first.to_uppercase(), letters.as_str())
        }
        _ => format!("{statement}."),
    }
}
