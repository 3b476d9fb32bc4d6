//! `threadline verify-coverage`: the gate of a deployment.

use serde::Serialize;
use threadline::health::{Finding, RequirementStatus, Schemas};

use crate::columns::{aligned, rule};
use crate::escape;
use crate::failure::Failure;
use crate::health::findings;
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
    status: &'static str,
}

pub(crate) async fn answer(session: &Session) -> Result<Report, Failure> {
    let tables = &session.config.expected_tables;
    if tables.is_empty() {
        return Err(Failure::NothingExpected);
    }
    let trail = session.trail().await?;
    let found = trail.coverage(&session.config, &Schemas::All).await.map_err(Failure::health)?;
    let verdicts = found.verify(tables);
    let expected = verdicts.len();
    let covered = verdicts.iter().filter(|(_, verdict)| *verdict == RequirementStatus::Covered).count();
    let violated = expected - covered;
    let report = if session.json {
        json::line(&Document {
            format_version: json::FORMAT_VERSION,
            expected,
            covered,
            violated,
            tables: verdicts
                .iter()
                .map(|(table, verdict)| Row {
                    schema: table.schema(),
                    table: table.name(),
                    status: verdict.as_str(),
                })
                .collect(),
            findings: &found.findings,
        })?
    } else {
        let rows =
            verdicts.iter().map(|(table, verdict)| [escape::table(table), verdict.as_str().to_owned()]);
        let head = std::iter::once(["TABLE", "STATUS"].map(str::to_owned));
        let mut text = aligned(&head.chain(rows).collect::<Vec<_>>());
        text += &rule(&text);
        text += &format!("summary: {covered}/{expected} expected tables covered ({violated} violated)\n");
        findings(&mut text, found.findings.iter());
        text
    };
    if violated == 0 {
        return Ok(report);
    }
    let reason = format!("{violated} of {expected} tables that must be captured are not");
    Err(Failure::Verdict { report, reason })
}
