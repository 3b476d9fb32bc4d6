//! The summary: what needs attention, or what was checked.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::health::{CoverageReport, DriftState, Severity};
use threadline::{StorageSchema, TableName};

use super::HomePage;
use crate::components::{CommandLine, ago, counted, needing_capture, one_line};
use crate::{ConsoleAction, Coverage, PageContext};

/// Tables that are named here; the coverage page names them all.
const TABLES_NAMED: usize = 3;

/// A summary in a few words, and what needs attention.
pub(super) struct Summary {
    title: String,
    text: String,
    needs: Vec<Need>,
}

/// Something that needs attention.
struct Need {
    title: String,
    text: String,
    command: Option<String>,
    /// The link to the details: its text, and the path below the mount.
    link: Option<(&'static str, &'static str)>,
}

impl Summary {
    pub(super) fn of(home: &HomePage, context: &PageContext, now: DateTime<Utc>) -> Self {
        let Some(coverage) = &home.coverage else {
            return Self::without_coverage(home, context);
        };
        let Some(last) = &coverage.last else {
            let reason = coverage.failure.map_or("No check has ended yet.", |failure| failure.reason);
            return Self::plain(
                "Not everything could be checked",
                &format!(
                    "Whether every table is captured is not known. {reason} Reload the page to ask again."
                ),
            );
        };
        let report = &last.health.coverage;
        if report.covered().next().is_none() {
            return Self::nothing_captured(home);
        }
        let drifted =
            last.health.redaction.iter().filter(|table| table.state == DriftState::DriftDetected).count();
        let needs: Vec<_> = [
            unread(home),
            stale(coverage, now),
            uncovered(report),
            warnings(report),
            (context.may(ConsoleAction::ViewPolicy) && home.is_configured).then(|| drift(drifted)).flatten(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let captured = report.covered().count();
        match needs.len() {
            0 => Self::plain(
                "Nothing needs attention",
                &format!(
                    "Checked {}: {} captured, each as it was set up.",
                    ago(now - last.at),
                    if captured == 1 {
                        "1 table is".to_owned()
                    } else {
                        format!("{} are", counted(captured, "table"))
                    }
                ),
            ),
            count => Self {
                title: if count == 1 {
                    "One thing needs attention".to_owned()
                } else {
                    format!("{count} things need attention")
                },
                text: format!("Checked {}.", ago(now - last.at)),
                needs,
            },
        }
    }

    fn nothing_captured(home: &HomePage) -> Self {
        let nothing_yet = home.latest.as_ref().is_ok_and(|latest| latest.is_empty());
        let need = Need {
            title: "Choose the tables that people will ask about".to_owned(),
            text: "Generate a migration that captures them, and run it. Every change after that is recorded."
                .to_owned(),
            command: Some(command(&home.schema, "users,billing.invoices")),
            link: Some(("See every table", "/coverage")),
        };
        Self {
            title: if nothing_yet { "Nothing is captured yet" } else { "No table is captured" }.to_owned(),
            text: "No table of this database is captured, so nothing is recorded.".to_owned(),
            needs: vec![need],
        }
    }

    /// Summarizes for operators who may not see coverage: whose trail this is, and which part of it they see.
    fn without_coverage(home: &HomePage, context: &PageContext) -> Self {
        let latest = match &home.latest {
            Ok(latest) => latest,
            Err(reason) => {
                let text =
                    format!("The newest changes could not be read. {reason} Reload the page to ask again.");
                return Self::plain("Not everything could be checked", &text);
            }
        };
        let visible = context.visible_part();
        let text = match (&visible, latest.is_empty()) {
            (Some(visible), true) => format!("{visible} There is none yet."),
            (Some(visible), false) => visible.clone(),
            (None, true) => "No change is recorded yet.".to_owned(),
            (None, false) => "You see every recorded change.".to_owned(),
        };
        Self::plain(&format!("Audit trail of {}", context.host.name_in_sentence()), &text)
    }

    fn plain(title: &str, text: &str) -> Self {
        Self { title: title.to_owned(), text: text.to_owned(), needs: Vec::new() }
    }

    pub(super) fn view(self) -> impl IntoView {
        let needs: Vec<_> = self.needs.into_iter().map(Need::view).collect();
        let needs = (!needs.is_empty()).then(|| view! { <ul class="findings">{needs}</ul> });
        view! { <h1>{self.title}</h1> <p class="lede">{self.text}</p> {needs} }
    }
}

impl Need {
    fn in_coverage(title: String, text: String) -> Self {
        Self { title, text, command: None, link: Some(("Open coverage", "/coverage")) }
    }

    fn view(self) -> impl IntoView {
        let command = self.command.map(|command| view! { <CommandLine text=command/> });
        let link = self.link.map(|(label, path)| {
            let href = with_context(|context: &PageContext| context.href(path));
            view! { <p><a href=href>{label}</a></p> }
        });
        view! { <li><h2><bdi>{self.title}</bdi></h2><p>{one_line(self.text)}</p>{command}{link}</li> }
    }
}

fn unread(home: &HomePage) -> Option<Need> {
    let text = home.latest.as_ref().err()?.clone();
    let title = "The newest changes could not be read".to_owned();
    Some(Need { title, text, command: None, link: Some(("Open the timeline", "/timeline")) })
}

fn stale(coverage: &Coverage, now: DateTime<Utc>) -> Option<Need> {
    let reason = coverage.why_stale(now)?;
    let text = format!("{reason} This page shows the last result.");
    Some(Need::in_coverage("Coverage could not be checked".to_owned(), text))
}

fn uncovered(report: &CoverageReport) -> Option<Need> {
    let tables: Vec<&TableName> = report.uncovered().map(|found| &found.table).collect();
    (!tables.is_empty()).then(|| {
        let text = format!("{}: changes there may be missing from the trail.", named(&tables));
        Need::in_coverage(needing_capture(tables.len()), text)
    })
}

fn warnings(report: &CoverageReport) -> Option<Need> {
    let mut tables: Vec<&TableName> = report
        .findings
        .iter()
        .filter(|finding| finding.severity() == Severity::Warning)
        .map(|finding| &finding.table)
        .collect();
    let count = tables.len();
    tables.dedup();
    (count > 0).then(|| {
        let text = format!("About {}. Each is listed with the command that fixes it.", named(&tables));
        Need::in_coverage(counted(count, "warning"), text)
    })
}

/// Names the first few tables, and counts the others.
fn named(tables: &[&TableName]) -> String {
    let names: Vec<String> = tables.iter().take(TABLES_NAMED).map(ToString::to_string).collect();
    let mut text = names.join(", ");
    if tables.len() > TABLES_NAMED {
        text += &format!(" and {}", counted(tables.len() - TABLES_NAMED, "other table"));
    }
    text
}

fn drift(count: usize) -> Option<Need> {
    (count > 0).then(|| Need {
        title: format!("The redaction of {} has drifted", counted(count, "table")),
        text: "The excluded and masked columns differ from threadline.toml.".to_owned(),
        command: None,
        link: Some(("Open redaction", "/policy/redaction")),
    })
}

fn command(schema: &StorageSchema, tables: &str) -> String {
    let schema = if *schema == StorageSchema::default() {
        String::new()
    } else {
        format!(" --storage-schema {}", schema.name())
    };
    format!("threadline gen triggers --tables {tables}{schema}")
}
