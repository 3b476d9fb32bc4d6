//! `threadline health coverage`: the coverage of the tables, and all findings.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use threadline::health::{CoverageReport, ExemptionSource, Finding, Severity, TableCoverage};
use threadline::query::Timestamp;

use crate::args::SchemaArgs;
use crate::columns::aligned;
use crate::error::Error;
use crate::escape::{self, escaped, name};
use crate::json;
use crate::output::Report;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    #[command(flatten)]
    schemas: SchemaArgs,
    /// Exit with status 1 if a finding is an error.
    #[arg(long)]
    strict: bool,
}

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a str>,
    covered: Vec<&'a str>,
    uncovered: Vec<&'a str>,
    expected_uncovered: Vec<ExemptTable<'a>>,
    findings: Vec<&'a Finding>,
}

#[derive(Serialize)]
struct ExemptTable<'a> {
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
    /// The findings about the trail itself.
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

pub(crate) async fn run(session: &Session, args: &CoverageArgs) -> Result<Report, Error> {
    let trail = session.trail().await?;
    let found = trail.coverage(&session.config, &args.schemas.schemas()).await?;
    let report = match (session.json, args.schemas.all_schemas) {
        (false, _) => text(&found),
        (true, false) => json::line(&OneSchema {
            format_version: json::FORMAT_VERSION,
            checked_at: Timestamp(found.checked_at).to_iso(),
            payload: Payload {
                findings: found.findings.iter().collect(),
                ..payload(&found, Some(args.schemas.schema()))
            },
        })?,
        (true, true) => json::line(&all_schemas(&found))?,
    };
    let errors = found.count(Severity::Error);
    if args.strict && errors > 0 {
        return Err(Error::CheckFailed {
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
        checked_at: Timestamp(found.checked_at).to_iso(),
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
            .map(|(found, source)| ExemptTable { table: found.table.name(), source })
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
        Timestamp(found.checked_at).to_iso(),
        counted(uncovered, "needs capture", "need capture"),
        counted(gaps, "left out on purpose", "left out on purpose"),
    );
    let table = |found: &TableCoverage| format!("  {}", escape::table(&found.table));
    push_section(&mut text, "Need capture", found.uncovered().map(|found| [table(found), advice(found)]));
    push_section(&mut text, "Captured", found.covered().map(|found| [table(found), policy(found)]));
    let exempt = |(found, source)| {
        let source = match source {
            ExemptionSource::Baseline => "built in",
            ExemptionSource::Config => "threadline.toml",
        };
        [table(found), source.to_owned()]
    };
    push_section(&mut text, "Left out on purpose", found.expected_uncovered().map(exempt));
    push_findings(&mut text, found.findings.iter());
    text
}

/// Appends the findings below a heading, one per line.
pub(super) fn push_findings<'a>(text: &mut String, findings: impl Iterator<Item = &'a Finding>) {
    let mut findings = findings.peekable();
    if findings.peek().is_some() {
        *text += "\nFindings\n";
        findings.for_each(|finding| *text += &format!("  {}\n", escaped(&finding.to_string())));
    }
}

fn push_section(text: &mut String, heading: &str, rows: impl Iterator<Item = [String; 2]>) {
    let rows: Vec<[String; 2]> = rows.collect();
    if !rows.is_empty() {
        *text += &format!("\n{heading}\n{}", aligned(&rows));
    }
}

/// Returns the command that captures a table, or what has to be done first.
fn advice(found: &TableCoverage) -> String {
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
