//! The verdict: what needs attention, or what was checked.

use leptos::prelude::*;
use threadline::capture::CaptureFunction;
use threadline::{StorageSchema, TableName};

use super::HomePage;
use crate::components::counted;

/// In a few words, with what it rests on.
pub(super) struct Verdict {
    title: String,
    text: String,
    findings: Vec<Finding>,
}

/// Something that somebody has to mend.
struct Finding {
    title: String,
    text: &'static str,
    /// What mends it; none where names would have to be quoted for the shell.
    command: Option<String>,
}

impl Verdict {
    pub(super) fn of(home: &HomePage, scoped: bool) -> Self {
        if scoped {
            return Self::within_scope(home);
        }
        let (Some(tables), Some(functions)) = (&home.tables, &home.functions) else {
            return Self::plain(
                "Not everything could be checked",
                "Whether capture is as it was set up could not be read in time. Reload the page to ask again.",
            );
        };
        if tables.is_empty() {
            let nothing_yet = home.latest.as_ref().is_some_and(|latest| latest.transactions.is_empty());
            let title = if nothing_yet { "Nothing is captured yet" } else { "No table is captured" };
            let finding = Finding {
                title: "Choose the tables that people will ask about".to_owned(),
                text: "Generate a migration that captures them, and run it. Every change after that is recorded.",
                command: Some(command(&home.schema, "users,billing.invoices")),
            };
            let text = "No table of this database has a capture trigger, so nothing is recorded.";
            return Self { findings: vec![finding], ..Self::plain(title, text) };
        }
        let findings: Vec<_> =
            functions.iter().filter_map(|function| Finding::of(function, tables, &home.schema)).collect();
        match findings.len() {
            0 => Self {
                title: "Nothing needs attention".to_owned(),
                text: format!(
                    "Checked just now: {} captured, each as it was set up.",
                    if tables.len() == 1 {
                        "1 table is".to_owned()
                    } else {
                        format!("{} are", counted(tables.len(), "table"))
                    }
                ),
                findings,
            },
            count => Self {
                title: if count == 1 {
                    "One thing needs attention".to_owned()
                } else {
                    format!("{count} things need attention")
                },
                text: "Capture is not everywhere as it was set up.".to_owned(),
                findings,
            },
        }
    }

    fn within_scope(home: &HomePage) -> Self {
        let Some(latest) = &home.latest else {
            return Self::plain(
                "Not everything could be checked",
                "The newest changes could not be read in time. Reload the page to ask again.",
            );
        };
        let text = if latest.transactions.is_empty() {
            "The audit trail answers, but holds no change that you may see. Your view is limited to a part of it."
        } else {
            "The audit trail answers and shows you changes. Your view is limited to a part of it, so how tables are captured was not checked."
        };
        Self::plain("Nothing needs your attention", text)
    }

    fn plain(title: &str, text: &str) -> Self {
        Self { title: title.to_owned(), text: text.to_owned(), findings: Vec::new() }
    }

    pub(super) fn draw(self) -> impl IntoView {
        let findings: Vec<_> = self.findings.into_iter().map(Finding::draw).collect();
        let findings = (!findings.is_empty()).then(|| view! { <ul class="findings">{findings}</ul> });
        view! { <h1>{self.title}</h1> <p class="lede">{self.text}</p> {findings} }
    }
}

impl Finding {
    fn of(function: &CaptureFunction, tables: &[TableName], schema: &StorageSchema) -> Option<Self> {
        let Some(policy) = &function.policy else {
            return Some(Self {
                title: format!("The function {} is not one that was generated", function.name),
                text: "It stands among the capture functions without the policy that each of them carries. Drop it, or generate the capture of its table again.",
                command: None,
            });
        };
        let table = &policy.table;
        let (what, text) = if !tables.contains(table) {
            (
                "is no longer captured",
                "Its capture function is there, but no trigger calls it: the triggers or the table were dropped. If it is to be captured, generate its capture again and run the migration.",
            )
        } else if !function.is_intact {
            (
                "is captured by a function that was altered",
                "The function is not the one that was generated, so what it records cannot be relied on. Generate it again and run the migration.",
            )
        } else if !function.is_current {
            (
                "has changed since its capture was generated",
                "Its columns are no longer the same. Changes are recorded all the same, but more slowly, and new columns of a redacted table may be withheld. Generate its capture again and run the migration.",
            )
        } else {
            return None;
        };
        let name = table.to_string();
        Some(Self {
            command: is_plain(&name).then(|| command(schema, &name)),
            title: format!("{name} {what}"),
            text,
        })
    }

    fn draw(self) -> impl IntoView {
        let command = self.command.map(|command| {
            view! {
                <p class="command">
                    <code>{command.clone()}</code>" "
                    <button type="button" class="copy" data-copy=command aria-label="Copy the command">"Copy"</button>
                </p>
            }
        });
        view! { <li><h2><bdi>{self.title}</bdi></h2><p>{self.text}</p>{command}</li> }
    }
}

fn command(schema: &StorageSchema, tables: &str) -> String {
    let schema = if *schema == StorageSchema::default() {
        String::new()
    } else {
        format!(" --storage-schema {}", schema.name())
    };
    format!("threadline gen triggers --tables {tables}{schema}")
}

/// No shell reads anything but a name in it.
fn is_plain(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'))
}
