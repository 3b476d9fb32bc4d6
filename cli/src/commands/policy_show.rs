//! `threadline policy show`: the configured and the deployed redaction.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use threadline::health::{DriftState, Redaction, RedactionDiff, TableRedaction};

use crate::args::SchemaArgs;
use crate::columns::{aligned, rule};
use crate::error::Error;
use crate::escape::{self, escaped, name};
use crate::json;
use crate::output::Report;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct PolicyShowArgs {
    #[command(flatten)]
    schemas: SchemaArgs,
}

#[derive(Serialize)]
struct OneSchema<'a> {
    format_version: u32,
    schema: &'a str,
    #[serde(flatten)]
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct AllSchemas<'a> {
    format_version: u32,
    schemas: BTreeMap<&'a str, Payload<'a>>,
}

#[derive(Serialize)]
struct Payload<'a> {
    total_tables: usize,
    drift_detected: usize,
    could_not_introspect: usize,
    config_matches_deployed: usize,
    tables: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    table: &'a str,
    status: DriftState,
    configured: &'a Redaction,
    deployed: Option<&'a Redaction>,
    diff: &'a RedactionDiff,
    warning: Option<&'a str>,
    hint: Option<String>,
}

pub(crate) async fn run(session: &Session, args: &PolicyShowArgs) -> Result<Report, Error> {
    let trail = session.trail().await?;
    let tables = trail.redaction(&session.config, &args.schemas.schemas()).await?;
    if !session.json {
        return Ok(text(&tables));
    }
    let format_version = json::FORMAT_VERSION;
    if !args.schemas.all_schemas {
        let payload = payload(tables.iter());
        return json::line(&OneSchema { format_version, schema: args.schemas.schema(), payload });
    }
    let within = |schema| tables.iter().filter(move |table| table.table.schema() == schema);
    let schemas = tables.iter().map(|table| table.table.schema());
    let schemas = schemas.map(|schema| (schema, payload(within(schema)))).collect();
    json::line(&AllSchemas { format_version, schemas })
}

fn payload<'a>(tables: impl Iterator<Item = &'a TableRedaction>) -> Payload<'a> {
    let tables: Vec<Row<'_>> = tables
        .map(|table| Row {
            table: table.table.name(),
            status: table.state,
            configured: &table.configured,
            deployed: table.deployed.as_ref(),
            diff: &table.diff,
            warning: table.warning.as_deref(),
            hint: hint(table),
        })
        .collect();
    let count = |state| tables.iter().filter(|row| row.status == state).count();
    Payload {
        total_tables: tables.len(),
        drift_detected: count(DriftState::DriftDetected),
        could_not_introspect: count(DriftState::CouldNotIntrospect),
        config_matches_deployed: count(DriftState::ConfigMatchesDeployed),
        tables,
    }
}

/// Returns the command that deploys the configured redaction, or what has to be done first.
fn hint(table: &TableRedaction) -> Option<String> {
    let command = table.remedy.as_ref().map(|remedy| match &table.run_as {
        Some(role) => format!("{role} must run {remedy}"),
        None => format!("run {remedy}"),
    });
    command.or_else(|| table.obstacle.clone())
}

fn text(tables: &[TableRedaction]) -> Report {
    let counts = DriftState::ALL.map(|state| {
        let count = tables.iter().filter(|table| table.state == state).count();
        format!("{count} {}", state.label().to_lowercase())
    });
    let mut text = format!("Policy drift: {}\n", counts.join(", "));
    if tables.is_empty() {
        return text;
    }
    let head = ["TABLE", "STATUS", "CONFIG", "DEPLOYED", "HINT"].map(str::to_owned);
    let rows = tables.iter().map(|table| {
        [
            escape::table(&table.table),
            table.state.label().to_owned(),
            cell(Some(&table.configured)),
            cell(table.deployed.as_ref()),
            hint(table).map_or_else(|| "-".to_owned(), |hint| escaped(&hint)),
        ]
    });
    let lines = aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    text += &format!("\n{lines}{}", rule(&lines));
    let differing: Vec<_> =
        tables.iter().filter(|table| table.state != DriftState::ConfigMatchesDeployed).collect();
    if !differing.is_empty() {
        text += "\nDETAILS\n";
        differing.into_iter().for_each(|table| text += &details(table));
    }
    text
}

fn details(table: &TableRedaction) -> String {
    let mut lines = vec![
        ("Status", table.state.label().to_owned()),
        ("Config", cell(Some(&table.configured))),
        ("Deployed", cell(table.deployed.as_ref())),
    ];
    if !table.diff.is_empty() {
        lines.push(("Diff", difference(&table.diff)));
    }
    lines.extend(table.warning.as_deref().map(|warning| ("Warning", escaped(warning))));
    lines.extend(hint(table).map(|hint| ("Hint", escaped(&hint))));
    let lines: String = lines.iter().map(|(label, line)| format!("  {label}: {line}\n")).collect();
    format!("\n{}\n{lines}", escape::table(&table.table))
}

fn difference(diff: &RedactionDiff) -> String {
    let lists = [
        ("exclude_only_in_config", &diff.exclude_only_in_config),
        ("exclude_only_in_deployed", &diff.exclude_only_in_deployed),
        ("mask_only_in_config", &diff.mask_only_in_config),
        ("mask_only_in_deployed", &diff.mask_only_in_deployed),
    ];
    let filled = lists.into_iter().filter(|(_, columns)| !columns.is_empty());
    let mut parts: Vec<String> = filled.map(|(key, columns)| format!("{key}={}", list(columns))).collect();
    for (key, differs) in
        [("placeholder_mismatch", diff.placeholder_mismatch), ("mask_null_mismatch", diff.mask_null_mismatch)]
    {
        if differs {
            parts.push(key.to_owned());
        }
    }
    parts.join(" ")
}

fn cell(redaction: Option<&Redaction>) -> String {
    let Some(redaction) = redaction else { return "unavailable".to_owned() };
    let mut cell = format!("exclude={} mask={}", list(&redaction.exclude), list(&redaction.mask));
    if !redaction.mask.is_empty() {
        cell += &format!(" placeholder={}", escaped(&redaction.mask_placeholder));
    }
    cell
}

fn list(columns: &[String]) -> String {
    format!("[{}]", columns.iter().map(|column| name(column)).collect::<Vec<_>>().join(","))
}
