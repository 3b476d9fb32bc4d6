//! `threadline verify-coverage`: the check that a deployment ends with.

use serde::Serialize;
use threadline::health::{Finding, RequirementStatus, Schemas};

use super::health_coverage::push_findings;
use crate::columns::{aligned, rule};
use crate::error::Error;
use crate::escape;
use crate::json;
use crate::output::Report;
use crate::session::Session;

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    expected: usize,
    covered: usize,
    violated: usize,
    tables: Vec<Row<'a>>,
    findings: &'a [Finding],
}

#[derive(Serialize)]
struct Row<'a> {
    schema: &'a str,
    table: &'a str,
    status: RequirementStatus,
}

pub(crate) async fn run(session: &Session) -> Result<Report, Error> {
    let tables = &session.config.expected_tables;
    if tables.is_empty() {
        return Err(Error::NoExpectedTables);
    }
    let trail = session.trail().await?;
    let found = trail.coverage(&session.config, &Schemas::All).await?;
    let results = found.verify(tables);
    let expected = results.len();
    let covered = results.iter().filter(|(_, status)| *status == RequirementStatus::Covered).count();
    let violated = expected - covered;
    let report = if session.json {
        json::line(&Document {
            format_version: json::FORMAT_VERSION,
            expected,
            covered,
            violated,
            tables: results
                .iter()
                .map(|(table, status)| Row { schema: table.schema(), table: table.name(), status: *status })
                .collect(),
            findings: &found.findings,
        })?
    } else {
        let rows = results.iter().map(|(table, status)| [escape::table(table), status.to_string()]);
        let head = std::iter::once(["TABLE", "STATUS"].map(str::to_owned));
        let mut text = aligned(&head.chain(rows).collect::<Vec<_>>());
        text += &rule(&text);
        text += &format!("summary: {covered}/{expected} expected tables covered ({violated} violated)\n");
        push_findings(&mut text, found.findings.iter());
        text
    };
    if violated == 0 {
        return Ok(report);
    }
    let reason = format!("{violated} of {expected} tables that must be captured are not");
    Err(Error::CheckFailed { report, reason })
}
