//! `threadline health coverage`: which tables are captured, and what is not as it should be.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use threadline::health::{CoverageReport, ExemptionSource, Finding, Severity, TableCoverage};

use crate::columns::aligned;
use crate::escape::{self, escaped, name};
use crate::failure::Failure;
use crate::json;
use crate::output::{Report, moment};
use crate::schemas::Selection;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct Question {
    #[command(flatten)]
    selection: Selection,
    /// End with 1 when a finding is an error.
    #[arg(long)]
    strict: bool,
}

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a str>,
    covered: Vec<&'a str>,
    uncovered: Vec<&'a str>,
    expected_uncovered: Vec<Gap<'a>>,
    findings: Vec<&'a Finding>,
}

#[derive(Serialize)]
struct Gap<'a> {
    table: &'a str,
    source: ExemptionSource,
}

#[derive(Serialize)]
struct OneSchema<'a> {
    format_version: u32,
    checked_at: String,
    #[serde(flatten)]
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct AllSchemas<'a> {
    format_version: u32,
    checked_at: String,
    schemas: BTreeMap<&'a str, Payload<'a>>,
    /// Those of the trail itself.
    trail_findings: Vec<&'a Finding>,
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    covered: usize,
    uncovered: usize,
    expected_uncovered: usize,
    errors: usize,
    warnings: usize,
    hints: usize,
}

pub(crate) async fn coverage(session: &Session, question: &Question) -> Result<Report, Failure> {
    let trail = session.trail().await?;
    let asked = trail.coverage(&session.config, &question.selection.schemas()).await;
    let found = asked.map_err(Failure::health)?;
    let report = match (session.json, question.selection.all_schemas) {
        (false, _) => text(&found),
        (true, false) => json::line(&OneSchema {
            format_version: json::FORMAT_VERSION,
            checked_at: moment(found.checked_at),
            payload: Payload {
                findings: found.findings.iter().collect(),
                ..payload(&found, Some(question.selection.schema()))
            },
        })?,
        (true, true) => json::line(&all_schemas(&found))?,
    };
    let errors = found.count(Severity::Error);
    if question.strict && errors > 0 {
        return Err(Failure::Verdict {
            report,
            reason: counted(errors, "finding is an error", "findings are errors"),
        });
    }
    Ok(report)
}

fn all_schemas(found: &CoverageReport) -> AllSchemas<'_> {
    let of_host = |finding: &&Finding| found.schemas.iter().any(|schema| schema == finding.table.schema());
    AllSchemas {
        format_version: json::FORMAT_VERSION,
        checked_at: moment(found.checked_at),
        schemas: found
            .schemas
            .iter()
            .map(|schema| (schema.as_str(), Payload { schema: None, ..payload(found, Some(schema)) }))
            .collect(),
        trail_findings: found.findings.iter().filter(|finding| !of_host(finding)).collect(),
        summary: Summary {
            covered: found.covered().count(),
            uncovered: found.uncovered().count(),
            expected_uncovered: found.expected_uncovered().count(),
            errors: found.count(Severity::Error),
            warnings: found.count(Severity::Warning),
            hints: found.count(Severity::Hint),
        },
    }
}

fn payload<'a>(found: &'a CoverageReport, schema: Option<&'a str>) -> Payload<'a> {
    let within = |table: &&TableCoverage| Some(table.table.schema()) == schema;
    Payload {
        schema,
        covered: found.covered().filter(within).map(|found| found.table.name()).collect(),
        uncovered: found.uncovered().filter(within).map(|found| found.table.name()).collect(),
        expected_uncovered: found
            .expected_uncovered()
            .filter(|(found, _)| within(found))
            .map(|(found, source)| Gap { table: found.table.name(), source })
            .collect(),
        findings: found.findings.iter().filter(|finding| Some(finding.table.schema()) == schema).collect(),
    }
}

fn text(found: &CoverageReport) -> Report {
    let schemas = match found.schemas.as_slice() {
        [one] => format!("Schema {}", name(one)),
        several => counted(several.len(), "schema", "schemas"),
    };
    let (covered, uncovered) = (found.covered().count(), found.uncovered().count());
    let gaps = found.expected_uncovered().count();
    let mut text = format!(
        "{schemas}, checked {}: {covered} captured, {}, {}.\n",
        moment(found.checked_at),
        counted(uncovered, "needs capture", "need capture"),
        counted(gaps, "expected gap", "expected gaps"),
    );
    let table = |found: &TableCoverage| format!("  {}", escape::table(&found.table));
    section(&mut text, "Need capture", found.uncovered().map(|found| [table(found), remedy(found)]));
    section(&mut text, "Captured", found.covered().map(|found| [table(found), policy(found)]));
    let gap = |(found, source)| {
        let source = match source {
            ExemptionSource::Baseline => "built in",
            ExemptionSource::Config => "threadline.toml",
        };
        [table(found), source.to_owned()]
    };
    section(&mut text, "Expected gaps", found.expected_uncovered().map(gap));
    findings(&mut text, found.findings.iter());
    text
}

/// Every finding on a line of its own, below a heading.
pub(crate) fn findings<'a>(text: &mut String, findings: impl Iterator<Item = &'a Finding>) {
    let mut findings = findings.peekable();
    if findings.peek().is_some() {
        *text += "\nFindings\n";
        findings.for_each(|finding| *text += &format!("  {}\n", escaped(&finding.to_string())));
    }
}

fn section(text: &mut String, heading: &str, rows: impl Iterator<Item = [String; 2]>) {
    let rows: Vec<[String; 2]> = rows.collect();
    if !rows.is_empty() {
        *text += &format!("\n{heading}\n{}", aligned(&rows));
    }
}

fn remedy(found: &TableCoverage) -> String {
    match (&found.remedy, &found.run_as, &found.obstacle) {
        (Some(remedy), Some(role), _) => escaped(&format!("{remedy}  (as {role})")),
        (Some(remedy), None, _) => escaped(&remedy.to_string()),
        (None, _, Some(obstacle)) => escaped(obstacle),
        (None, _, None) => "see its findings".to_owned(),
    }
}

fn policy(found: &TableCoverage) -> String {
    let mut parts: Vec<String> =
        found.mode.map(|mode| format!("per {}", mode.as_str())).into_iter().collect();
    for (verb, columns) in [("excludes", &found.exclude), ("masks", &found.mask)] {
        if !columns.is_empty() {
            let columns: Vec<String> = columns.iter().map(|column| name(column)).collect();
            parts.push(format!("{verb} {}", columns.join(" ")));
        }
    }
    parts.join(", ")
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
