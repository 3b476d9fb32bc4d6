//! The view of the redaction page.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::health::{DriftState, TableRedaction};

use super::RedactionPage;
use super::table::table;
use crate::Zone;
use crate::components::{Time, ago, counted, grouped};
use crate::html::IntoHtml;
use crate::{ConsoleAction, Coverage, LastCheck};

/// Renders the page.
pub(super) fn view(page: RedactionPage) -> impl IntoView {
    let now = Utc::now();
    let RedactionPage { coverage, is_configured } = page;
    let content = match &coverage.last {
        Some(last) => checked(&coverage, last, is_configured, now).into_html(),
        None => {
            let why = coverage
                .failure
                .map_or("The first check has not been answered yet.", |failure| failure.reason);
            view! { <h1>"Redaction has not been checked"</h1> <p class="lede">{why}" Reload the page to ask again."</p> }
                .into_html()
        }
    };
    view! {
        {content}
        <p class="note">"The command line gives the same answer: "<code>{ConsoleAction::ViewPolicy.command()}</code></p>
    }
}

fn checked(
    coverage: &Coverage,
    last: &LastCheck,
    is_configured: bool,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let tables = &last.health.redaction;
    let count = |state| tables.iter().filter(|table| table.state == state).count();
    let title = match (count(DriftState::DriftDetected), count(DriftState::CouldNotIntrospect)) {
        _ if !is_configured => "What is redacted".to_owned(),
        (0, 0) => "Redaction is as configured".to_owned(),
        (0, unread) => format!("The redaction of {} cannot be read", counted(unread, "table")),
        (drifted, _) => format!("The redaction of {} has drifted", counted(drifted, "table")),
    };
    let unconfigured = (!is_configured).then(|| {
        view! {
            <p class="notice">
                "The console was given no configuration, so nothing can be compared: pass the text of threadline.toml to Console::builder(…).config(…)."
            </p>
        }
    });
    let stale = coverage.why_stale(now).map(|reason| {
        view! { <p class="notice" role="status"><b>"Stale. "</b>{reason}" This page shows the last result."</p> }
    });
    let age = ago(now - last.at);
    let sections: Vec<_> =
        DriftState::ALL.into_iter().map(|state| section(state, tables, is_configured).into_html()).collect();
    view! {
        <h1>{title}</h1>
        {stale}
        {unconfigured}
        <p class="note">
            "What capture leaves out and masks, compared with threadline.toml. Last checked at " <Time at=last.at/> {format!(" {}, ", Zone::current().offset(last.at))} {age} "."
        </p>
        {sections}
    }
}

fn section(state: DriftState, tables: &[TableRedaction], is_configured: bool) -> impl IntoView + use<> {
    // Without a configuration the state says only whether a function could be read.
    if !is_configured && state == DriftState::ConfigMatchesDeployed {
        return None;
    }
    let is_here = |table: &&TableRedaction| match is_configured {
        true => table.state == state,
        false => (table.state == DriftState::CouldNotIntrospect) == (state == DriftState::CouldNotIntrospect),
    };
    let items: Vec<_> =
        tables.iter().filter(is_here).map(|redaction| table(redaction, is_configured)).collect();
    let count = items.len();
    let title =
        if is_configured || state == DriftState::CouldNotIntrospect { state.label() } else { "Deployed" };
    let content = if items.is_empty() {
        view! { <p class="note">"None."</p> }.into_html()
    } else {
        view! { <ul class="policies">{items}</ul> }.into_html()
    };
    Some(view! {
        <section>
            <h2 class="section">{title} " " <span class="count">{grouped(count)}</span></h2>
            {content}
        </section>
    })
}
