//! Which tables are captured, what is not as it should be, and what was not.

mod findings;
mod past;
mod tables;
mod verdict;

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;
use threadline::health::{CoverageGap, Finding, TableCoverage};

use crate::{ConsoleAction, Coverage, LastCheck, PageContext, render};
use findings::findings;
use past::past;
use tables::{captured, expected, needs_capture};
use verdict::verdict;

/// What the coverage dashboard shows.
#[derive(Debug, Clone)]
pub struct CoveragePage {
    /// What is known.
    pub coverage: Coverage,
    /// The one schema to show, of those that the last check knows; all of them where there is none.
    pub schema: Option<String>,
}

/// Of the last check, what belongs to the schema that was chosen.
struct Shown {
    last: Arc<LastCheck>,
    schema: Option<String>,
}

impl Shown {
    fn contains(&self, schema: &str) -> bool {
        self.schema.as_deref().is_none_or(|chosen| chosen == schema)
    }

    fn tables(&self) -> impl Iterator<Item = &TableCoverage> {
        let tables = &self.last.health.coverage.tables;
        tables.iter().filter(|found| self.contains(found.table.schema()))
    }

    /// Those of the trail itself are shown with every schema.
    fn findings(&self) -> impl Iterator<Item = &Finding> {
        let coverage = &self.last.health.coverage;
        let is_host = |schema: &str| coverage.schemas.iter().any(|known| known == schema);
        coverage.findings.iter().filter(move |finding| {
            let schema = finding.table.schema();
            self.contains(schema) || !is_host(schema)
        })
    }

    fn gaps(&self) -> Option<Vec<&CoverageGap>> {
        let gaps = self.last.gaps.as_ref()?;
        Some(gaps.iter().filter(|gap| self.contains(gap.table.schema())).collect())
    }
}

/// Draws the dashboard. While script runs, its parts are replaced when a check has found something else.
#[must_use]
pub fn coverage_page(context: PageContext, page: CoveragePage) -> String {
    let now = Utc::now();
    render(context, "Coverage".to_owned(), move || {
        let CoveragePage { coverage, schema } = page;
        let shown = coverage.last.clone().map(|last| Shown { last, schema: schema.clone() });
        let controls = controls(&coverage, schema.as_deref());
        let parts = shown.as_ref().map(|shown| {
            view! {
                {needs_capture(shown)}
                {findings(shown)}
                {past(shown, now)}
                {captured(shown)}
                {expected(shown)}
            }
        });
        view! {
            {verdict(&coverage, shown.as_ref(), now)}
            <p id="coverage-away" class="notice" role="alert" hidden>
                "The application does not answer. What is shown is old; the page goes on asking."
            </p>
            {controls}
            {parts}
            <p class="note">
                "The command line gives the same answer: "<code>{ConsoleAction::ViewCoverage.command()}</code>
            </p>
        }
    })
}

/// The schema, and a check at once.
fn controls(coverage: &Coverage, chosen: Option<&str>) -> impl IntoView + use<> {
    let action = with_context(|context: &PageContext| context.href("/coverage"));
    let schemas = coverage.last.iter().flat_map(|last| &last.health.coverage.schemas);
    let options: Vec<_> = schemas
        .map(|schema| {
            let selected = chosen == Some(schema.as_str());
            view! { <option value=schema.clone() selected=selected>{schema.clone()}</option> }
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
