//! The summary: whether every table is captured, and how old the result is.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::health::{CoverageStatus, Severity};

use super::view::FilteredCheck;
use crate::Coverage;
use crate::Zone;
use crate::components::{Time, ago, grouped, local, needing_capture};

pub(super) fn summary(
    coverage: &Coverage,
    check: Option<&FilteredCheck>,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let title = match check {
        None => "Coverage has not been checked".to_owned(),
        Some(check) => match count(check, |status| status == CoverageStatus::Uncovered) {
            0 if check.tables().next().is_none() => "There is no table to capture".to_owned(),
            0 => "All tables captured".to_owned(),
            count => needing_capture(count),
        },
    };
    let numbers = check.map(numbers);
    let checked = coverage.last.as_ref().map(|last| {
        view! { <p class="note">"Last checked at " <Time at=last.at/> {format!(" {}, ", Zone::current().offset(last.at))} {ago(now - last.at)} "."</p> }
    });
    view! {
        <section id="coverage-verdict" data-live="">
            <h1>{title}</h1>
            {notice(coverage, now)}
            {numbers}
            {checked}
        </section>
    }
}

fn count(check: &FilteredCheck, is: impl Fn(CoverageStatus) -> bool) -> usize {
    check.tables().filter(|table| is(table.status)).count()
}

fn numbers(check: &FilteredCheck) -> impl IntoView + use<> {
    let findings = |severity| check.findings().filter(|finding| finding.severity() == severity).count();
    let number = |count: usize, one: &'static str, many: &'static str, href: &'static str| {
        let name = if count == 1 { one } else { many };
        view! { <li><a href=href><b>{grouped(count)}</b>" "{name}</a></li> }
    };
    let [covered, uncovered, expected] = [
        count(check, |status| status == CoverageStatus::Covered),
        count(check, |status| status == CoverageStatus::Uncovered),
        count(check, |status| matches!(status, CoverageStatus::ExpectedUncovered(_))),
    ];
    view! {
        <ul class="numbers">
            {number(covered, "captured", "captured", "#coverage-captured")}
            {number(uncovered, "needs capture", "need capture", "#coverage-needs")}
            {number(expected, "left out on purpose", "left out on purpose", "#coverage-expected")}
            {number(findings(Severity::Warning), "warning", "warnings", "#coverage-findings")}
            {number(findings(Severity::Hint), "hint", "hints", "#coverage-findings")}
        </ul>
    }
}

/// Renders a notice about checks that fail and a result that is outdated.
fn notice(coverage: &Coverage, now: DateTime<Utc>) -> Option<impl IntoView + use<>> {
    if !coverage.is_stale(now) {
        return None;
    }
    let seconds = coverage.period.as_secs();
    let age =
        coverage.last.as_ref().map(|last| format!("What is shown was checked {}. ", ago(now - last.at)));
    let (reason, command) = match coverage.failure {
        Some(failure) => {
            let since = local(failure.since, "%H:%M:%S");
            let zone = Zone::current().offset(failure.since);
            (format!("Checks have failed since {since} {zone}: {} ", failure.reason), failure.command)
        }
        None => ("The check that is due has not been answered yet. ".to_owned(), None),
    };
    let command = command.map(|command| view! { <code>{command}</code> " " });
    Some(view! {
        <p class="notice" role="status">
            <b>"Stale. "</b> {reason} {command} {age}
            {format!("It is tried again every {seconds} seconds.")}
        </p>
    })
}
