//! A change as the JSON of a diff.

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::change::{Change, RowImage};
use super::operation::Operation;
use super::row_key::RowKey;
use super::timestamp::Timestamp;

/// The version of [`ChangeDiff`]. It rises when a field changes its meaning or is removed.
const SCHEMA_VERSION: u32 = 1;

/// The difference that a change made to each field, for serialisation. [`Change::diff`] creates it.
///
/// Serialised, it is the `change_diff` of the Elixir library, version 1, with two differences: `previous` is one more source of
/// old values, and `op` is in lower case, as it is stored and as in every other JSON of this library.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeDiff<'a> {
    schema_version: u32,
    before_values: &'static str,
    op: Operation,
    id: Uuid,
    transaction_id: Uuid,
    table_schema: &'a str,
    table_name: &'a str,
    table_pk: &'a RowKey,
    captured_at: Timestamp,
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

impl Change {
    /// Returns the change field by field, for JSON. The fields of an inserted row are included only if `expand_inserts` is
    /// true.
    ///
    /// For an update, `field_changes` has the changed fields, sorted by name, with the value after it. `before_values` is the
    /// source of the values before it: `sparse` if they are stored with the change, `previous` if they come from the previous
    /// change of the row, and `none` if they are not known. In the first two cases, a field without a value before has
    /// `"prior_state": "omitted"`.
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
            op: self.operation,
            id: self.id,
            transaction_id: self.transaction_id,
            table_schema: self.table.schema(),
            table_name: self.table.name(),
            table_pk: &self.key,
            captured_at: Timestamp(self.captured_at),
            data_after: &self.after,
            field_changes,
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
