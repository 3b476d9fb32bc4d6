//! The view of the coverage page.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;
use threadline::health::{CoverageGap, Finding, TableCoverage};

use super::CoveragePage;
use super::findings::findings;
use super::gap_history::gap_history;
use super::summary::summary;
use super::tables::{captured, expected, needs_capture};
use crate::diff::accessible_line;
use crate::{ConsoleAction, Coverage, LastCheck, PageContext};

/// The part of the last check that concerns the chosen schema.
pub(super) struct FilteredCheck {
    pub(super) last: Arc<LastCheck>,
    schema: Option<String>,
}

impl FilteredCheck {
    fn contains(&self, schema: &str) -> bool {
        self.schema.as_deref().is_none_or(|chosen| chosen == schema)
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = &TableCoverage> {
        let tables = &self.last.health.coverage.tables;
        tables.iter().filter(|table| self.contains(table.table.schema()))
    }

    /// Returns the findings of the schema. Findings about the trail itself belong to every schema.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        let coverage = &self.last.health.coverage;
        let is_host = |schema: &str| coverage.schemas.iter().any(|known| known == schema);
        coverage.findings.iter().filter(move |finding| {
            let schema = finding.table.schema();
            self.contains(schema) || !is_host(schema)
        })
    }

    pub(super) fn gaps(&self) -> Option<Vec<&CoverageGap>> {
        let gaps = self.last.gaps.as_ref()?;
        Some(gaps.iter().filter(|gap| self.contains(gap.table.schema())).collect())
    }
}

/// Renders the page. In the browser its parts are replaced when a later check has found something else.
pub(super) fn view(page: CoveragePage, context: &PageContext) -> impl IntoView + use<> {
    let now = Utc::now();
    let CoveragePage { coverage, schema } = page;
    let check = coverage.last.clone().map(|last| FilteredCheck { last, schema: schema.clone() });
    let controls = controls(&coverage, schema.as_deref(), context.href("/coverage"));
    let parts = check.as_ref().map(|check| {
        view! {
            {needs_capture(check)}
            {findings(check)}
            {gap_history(check, now)}
            {captured(check)}
            {expected(check)}
        }
    });
    view! {
        {summary(&coverage, check.as_ref(), now)}
        <p id="coverage-away" class="notice" role="alert" hidden>
            "The application does not answer. The page is outdated, and keeps asking."
        </p>
        {controls}
        {parts}
        <p class="note">
            "The command line gives the same answer: "<code>{ConsoleAction::ViewCoverage.command()}</code>
        </p>
    }
}

/// Renders the choice of a schema, and the button that starts a check.
fn controls(coverage: &Coverage, chosen: Option<&str>, action: String) -> impl IntoView + use<> {
    let schemas = coverage.last.iter().flat_map(|last| &last.health.coverage.schemas);
    let options: Vec<_> = schemas
        .map(|schema| {
            let selected = chosen == Some(schema.as_str());
            view! { <option value=schema.clone() selected=selected>{accessible_line(schema)}</option> }
        })
        .collect();
    let choice = (options.len() > 1).then(|| {
        view! {
            <form method="get" action=action.clone()>
                <label>
                    "Schema"
                    <select name="schema"><option value="" selected=chosen.is_none()>"All schemas"</option>{options}</select>
                </label>
                <button>"Show"</button>
            </form>
        }
    });
    let kept = chosen.map(|schema| view! { <input type="hidden" name="schema" value=schema.to_owned()/> });
    view! {
        <div class="coverage-controls">
            {choice}
            <form method="post" action=action>{kept}<button>"Check now"</button></form>
        </div>
    }
}
