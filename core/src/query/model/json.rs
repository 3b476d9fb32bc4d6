//! The JSON of records, for downloads, the command line and hosts alike.
//!
//! The names are those of the stored columns, except that `meta` is called `metadata`. Values are the JSON texts that the
//! database stores, so numbers keep every digit; times are UTC with microseconds. A field whose name ends with `?` in the
//! documentation of a type is left out where it is not known.

use std::collections::BTreeMap;

use serde::ser::{self, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::as_of::AsOf;
use super::change::{Change, RowImage};
use super::field_change::{FieldChange, FieldValue};
use super::operation::Operation;
use super::page::Page;
use super::possible_removal::PossibleRemoval;
use super::row_key::RowKey;
use super::timeline_entry::TimelineEntry;
use super::timestamp::Timestamp;
use super::transaction_record::{ActionRecord, TransactionRecord};
use crate::ActorRef;

/// The fields of a change, in the form of the Elixir library's exports.
#[derive(Serialize)]
struct ChangeFields<'a> {
    id: Uuid,
    transaction_id: Uuid,
    table_schema: &'a str,
    table_name: &'a str,
    op: Operation,
    captured_at: Timestamp,
    table_pk: &'a RowKey,
    data_after: &'a Option<RowImage>,
    changed_fields: &'a [String],
    changed_from: &'a RowImage,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_pk: Option<&'a RowKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_at: Option<Timestamp>,
}

static NO_VALUES: RowImage = RowImage::new();

impl<'a> From<&'a Change> for ChangeFields<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            id: change.id,
            transaction_id: change.transaction_id,
            table_schema: change.table.schema(),
            table_name: change.table.name(),
            op: change.operation,
            captured_at: Timestamp(change.captured_at),
            table_pk: &change.key,
            data_after: &change.after,
            changed_fields: change.changed_fields.as_deref().unwrap_or_default(),
            changed_from: change.before.as_ref().unwrap_or(&NO_VALUES),
            old_pk: change.old_key.as_ref(),
            partition_name: change.partition.as_deref(),
            clock_at: change.clock_at.map(Timestamp),
        }
    }
}

/// Serialises as `id`, `transaction_id`, `table_schema`, `table_name`, `op`, `captured_at`, `table_pk`, `data_after`,
/// `changed_fields`, `changed_from`, `old_pk?`, `partition_name?` and `clock_at?`.
impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ChangeFields::from(self).serialize(serializer)
    }
}

/// The fields of a transaction without its action. The first four are always there, as in exports of the Elixir library.
#[derive(Serialize)]
pub(crate) struct TransactionFields<'a> {
    id: Uuid,
    occurred_at: Timestamp,
    actor_ref: Option<&'a ActorRef>,
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<&'a ActorRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

impl<'a> From<&'a TransactionRecord> for TransactionFields<'a> {
    fn from(record: &'a TransactionRecord) -> Self {
        Self {
            id: record.id,
            occurred_at: Timestamp(record.occurred_at),
            actor_ref: record.actor.as_ref(),
            source: record.source.as_deref(),
            on_behalf_of: record.on_behalf_of.as_ref(),
            metadata: record.metadata.as_deref(),
        }
    }
}

/// Serialises as `id`, `occurred_at`, `actor_ref`, `source`, `on_behalf_of?`, `metadata?` and `action?`.
impl Serialize for TransactionRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            #[serde(flatten)]
            transaction: TransactionFields<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            action: Option<&'a ActionRecord>,
        }
        Fields { transaction: self.into(), action: self.action.as_ref() }.serialize(serializer)
    }
}

/// Serialises as the fields of the change, its `transaction`, and beside that the `action?` of the transaction.
impl Serialize for TimelineEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            #[serde(flatten)]
            change: ChangeFields<'a>,
            transaction: TransactionFields<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            action: Option<&'a ActionRecord>,
        }
        let Self { change, transaction } = self;
        let action = transaction.action.as_ref();
        Fields { change: change.into(), transaction: transaction.into(), action }.serialize(serializer)
    }
}

/// Serialises as `entries`, the cursors `newer`, `older` and `truncated_at?`.
impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { entries, newer, older, truncated_at } = self;
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("entries", entries)?;
        fields.serialize_entry("newer", newer)?;
        fields.serialize_entry("older", older)?;
        if let Some(truncated_at) = truncated_at {
            fields.serialize_entry("truncated_at", &Timestamp(*truncated_at))?;
        }
        fields.end()
    }
}

/// Serialises as `cause`, a sentence, with the `transaction_id?` of the event or the `table_name_now?` of a renamed table.
impl Serialize for PossibleRemoval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("cause", &self.to_string())?;
        match self {
            Self::PartitionTruncated { transaction_id, .. } => {
                fields.serialize_entry("transaction_id", transaction_id)?;
            }
            Self::TableRenamed { to, .. } => fields.serialize_entry("table_name_now", &to.to_string())?,
            _ => {}
        }
        fields.end()
    }
}

/// Serialises as `state`, which is `snapshot`, `uncertain`, `deleted`, `moved` or `before_horizon`, the `row`, and the last
/// `change` with its transaction. A moved row also has `moved_to`, its new key, and an uncertain one has `possible_removals`.
impl Serialize for AsOf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = match self {
            Self::Present(_) => "snapshot",
            Self::Uncertain { .. } => "uncertain",
            Self::Deleted(_) => "deleted",
            Self::Moved(_) => "moved",
            Self::BeforeHorizon => "before_horizon",
        };
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("state", state)?;
        fields.serialize_entry("row", &self.row())?;
        fields.serialize_entry("change", &self.entry())?;
        match self {
            Self::Moved(entry) => fields.serialize_entry("moved_to", &entry.change.key)?,
            Self::Uncertain { causes, .. } => fields.serialize_entry("possible_removals", causes)?,
            Self::Present(_) | Self::Deleted(_) | Self::BeforeHorizon => {}
        }
        fields.end()
    }
}

/// Serialises as a JSON value; null if there is none. A shortened value has no JSON, so it is an error.
impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Omitted | Self::Null => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(json) | Self::Json(json) => {
                let raw = RawValue::from_string(json.clone()).map_err(ser::Error::custom)?;
                raw.serialize(serializer)
            }
            Self::TooLarge(value) => BTreeMap::from([("too_large", value)]).serialize(serializer),
            Self::Shortened { .. } => Err(ser::Error::custom("the value was not read whole")),
        }
    }
}

/// Serialises as `name`, `before?` and `after?`. A side without a value is left out.
impl Serialize for FieldChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("name", &self.name)?;
        for (side, value) in [("before", &self.before), ("after", &self.after)] {
            if !matches!(value, FieldValue::Absent | FieldValue::Omitted) {
                fields.serialize_entry(side, value)?;
            }
        }
        fields.end()
    }
}
