//! A change as JSON, in the two forms that leave the library: the diff, and the flat row of an export.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::query::{Change, Operation, RowImage, RowKey};

/// The version of [`ChangeDiff`]; it rises when a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;

/// One change and what it did to each field. Serialised, it is the `change_diff` of the reference system, version 1, with two
/// differences: `previous` is one more source of old values, and `op` is in lower case, as it is stored and as every other
/// JSON of this library has it.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeDiff<'a> {
    schema_version: u32,
    before_values: &'static str,
    op: &'static str,
    id: Uuid,
    transaction_id: Uuid,
    table_schema: &'a str,
    table_name: &'a str,
    table_pk: &'a RowKey,
    captured_at: String,
    data_after: &'a Option<RowImage>,
    field_changes: Vec<FieldDiff<'a>>,
}

#[derive(Debug, Clone, Serialize)]
struct FieldDiff<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prior_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

/// One change as a flat row: the columns as they are stored, nothing nested but images and keys. The last three are there where
/// they say something: `old_pk` of an update that replaced the key, `partition_name` of a TRUNCATE of a partition, `clock_at`
/// where the server's clock had been set back.
#[derive(Debug, Clone, Serialize)]
pub struct ExportRow<'a> {
    id: Uuid,
    transaction_id: Uuid,
    table_schema: &'a str,
    table_name: &'a str,
    op: &'static str,
    captured_at: String,
    table_pk: &'a RowKey,
    data_after: &'a Option<RowImage>,
    changed_fields: &'a [String],
    changed_from: BTreeMap<&'a str, &'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_pk: Option<&'a RowKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_at: Option<String>,
}

impl Change {
    /// The change field by field, as JSON. Inserted rows list their fields only when `expand_inserts` says so.
    ///
    /// An update lists its changed fields by name with their value after it. Where old values are kept (`before_values` is
    /// `sparse`), each has its value before, or `"prior_state": "omitted"`; where they come from the previous change
    /// (`before_values` is `previous`), likewise; else (`none`) nothing is said about before.
    #[must_use]
    pub fn diff(&self, expand_inserts: bool) -> ChangeDiff<'_> {
        let before_values = match (&self.before, &self.previous) {
            (Some(_), _) => "sparse",
            (None, Some(_)) => "previous",
            (None, None) => "none",
        };
        let field_changes = match self.operation {
            Operation::Insert if expand_inserts => self.inserted(),
            Operation::Update => self.updated(before_values != "none"),
            Operation::Insert | Operation::Delete | Operation::Truncate => Vec::new(),
        };
        ChangeDiff {
            schema_version: SCHEMA_VERSION,
            before_values,
            op: self.operation.as_str(),
            id: self.id,
            transaction_id: self.transaction_id,
            table_schema: self.table.schema(),
            table_name: self.table.name(),
            table_pk: &self.key,
            captured_at: iso(self.captured_at),
            data_after: &self.after,
            field_changes,
        }
    }

    /// The change as a flat row.
    #[must_use]
    pub fn export_row(&self) -> ExportRow<'_> {
        let before = self.before.iter().flatten().map(|(name, raw)| (name.as_str(), raw.as_ref()));
        ExportRow {
            id: self.id,
            transaction_id: self.transaction_id,
            table_schema: self.table.schema(),
            table_name: self.table.name(),
            op: self.operation.as_str(),
            captured_at: iso(self.captured_at),
            table_pk: &self.key,
            data_after: &self.after,
            changed_fields: self.changed_fields.as_deref().unwrap_or_default(),
            changed_from: before.collect(),
            old_pk: self.old_key.as_ref(),
            partition_name: self.partition.as_deref(),
            clock_at: self.clock_at.map(iso),
        }
    }

    fn inserted(&self) -> Vec<FieldDiff<'_>> {
        self.after
            .iter()
            .flatten()
            .map(|(name, raw)| FieldDiff {
                name,
                after: Some(raw),
                before: None,
                prior_state: None,
                kind: Some("set"),
            })
            .collect()
    }

    fn updated(&self, with_before: bool) -> Vec<FieldDiff<'_>> {
        let mut names: Vec<&String> = self.changed_fields.iter().flatten().collect();
        names.sort_unstable();
        names
            .into_iter()
            .map(|name| {
                let before = value(&self.before, name).or_else(|| value(&self.previous, name));
                let prior_state = (with_before && before.is_none()).then_some("omitted");
                FieldDiff { name, after: value(&self.after, name), before, prior_state, kind: None }
            })
            .collect()
    }
}

fn value<'a>(image: &'a Option<RowImage>, name: &str) -> Option<&'a RawValue> {
    image.as_ref()?.get(name).map(AsRef::as_ref)
}

fn iso(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}
