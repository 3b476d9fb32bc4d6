//! The one table of the filter's keys: reading, writing, the texts of errors, and every form or guide follow it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use form_urlencoded::Serializer;

use super::Filter;
use crate::query::Operation;
use crate::query::model::cursor::in_range;
use crate::{Action, AuditContext, TableName};

/// A key of the filter.
#[derive(Debug)]
#[non_exhaustive]
pub struct FilterKey {
    /// Its name in URLs, JSON, TOML, and as an option of the command line.
    pub name: &'static str,
    /// What may stand there.
    pub expected: &'static str,
    /// Which changes remain.
    pub meaning: &'static str,
    pub(super) read: fn(&mut Filter, &str) -> Option<()>,
    pub(super) write: fn(&Filter) -> Option<String>,
}

/// The longest name of a field, in bytes: PostgreSQL's.
const MAX_FIELD_BYTES: usize = 63;
const TIME: &str = "a UTC time such as 2026-11-22T09:30";
const ID: &str = "an id of 1 to 256 bytes without control characters";

/// Every key of the filter, in the order in which it is written.
pub static FILTER_KEYS: [FilterKey; 10] = [
    FilterKey {
        name: "table",
        expected: "a table such as tickets or billing.invoices",
        meaning: "changes of this table",
        read: |filter, text| {
            filter.table = Some(TableName::from(text)).filter(TableName::can_exist);
            filter.table.as_ref().map(drop)
        },
        write: |filter| filter.table.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "key",
        expected: "the key of a row such as id=42, or order=7&line=2, and the table beside it",
        meaning: "changes of the row with this key",
        read: |filter, text| {
            filter.key = row_key(text);
            filter.key.as_ref().map(drop)
        },
        write: |filter| filter.key.as_ref().map(write_key),
    },
    FilterKey {
        name: "operation",
        expected: "insert, update, delete or truncate",
        meaning: "changes of this kind",
        read: |filter, text| {
            filter.operation = Operation::ALL.into_iter().find(|operation| operation.as_str() == text);
            filter.operation.map(drop)
        },
        write: |filter| filter.operation.map(|operation| operation.as_str().to_owned()),
    },
    FilterKey {
        name: "field",
        expected: "the name of a column, of 1 to 63 bytes",
        meaning: "updates that changed this field",
        read: |filter, text| {
            filter.field = bounded(text, MAX_FIELD_BYTES);
            filter.field.as_ref().map(drop)
        },
        write: |filter| filter.field.clone(),
    },
    FilterKey {
        name: "actor",
        expected: "an actor such as user:42, or one of the types user, admin, service_account, job, system and anonymous",
        meaning: "changes by this actor, or by actors of this type",
        read: |filter, text| {
            filter.actor = text.parse().ok();
            filter.actor.as_ref().map(drop)
        },
        write: |filter| filter.actor.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "action",
        expected: "the name of an action such as ticket.escalated, of 1 to 200 bytes",
        meaning: "changes under an action of this name",
        read: |filter, text| {
            filter.action = bounded(text, Action::MAX_NAME_BYTES);
            filter.action.as_ref().map(drop)
        },
        write: |filter| filter.action.clone(),
    },
    FilterKey {
        name: "correlation_id",
        expected: ID,
        meaning: "changes under an action with this correlation id",
        read: |filter, text| {
            filter.correlation_id = bounded(text, AuditContext::MAX_ID_BYTES);
            filter.correlation_id.as_ref().map(drop)
        },
        write: |filter| filter.correlation_id.clone(),
    },
    FilterKey {
        name: "request_id",
        expected: ID,
        meaning: "changes under an action with this request id",
        read: |filter, text| {
            filter.request_id = bounded(text, AuditContext::MAX_ID_BYTES);
            filter.request_id.as_ref().map(drop)
        },
        write: |filter| filter.request_id.clone(),
    },
    FilterKey {
        name: "from",
        expected: TIME,
        meaning: "changes captured at this moment or later",
        read: |filter, text| {
            filter.from = time(text);
            filter.from.map(drop)
        },
        write: |filter| filter.from.map(stamp),
    },
    FilterKey {
        name: "to",
        expected: TIME,
        meaning: "changes captured at this moment or earlier",
        read: |filter, text| {
            filter.to = time(text);
            filter.to.map(drop)
        },
        write: |filter| filter.to.map(stamp),
    },
];

/// A text that can be stored and searched for.
fn bounded(text: &str, max_bytes: usize) -> Option<String> {
    let fits = (1..=max_bytes).contains(&text.len()) && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

/// Columns and values as in the query of a URL (`application/x-www-form-urlencoded`), so that any text can stand there.
fn row_key(text: &str) -> Option<BTreeMap<String, String>> {
    let mut key = BTreeMap::new();
    for part in text.split('&') {
        let has_value = part.contains('=');
        let (column, value) = form_urlencoded::parse(part.as_bytes()).next().filter(|_| has_value)?;
        let keeps = |text: &str| !text.contains('\0') && !text.contains(char::REPLACEMENT_CHARACTER);
        let column = bounded(&column, MAX_FIELD_BYTES)?;
        if !keeps(&value) || key.insert(column, value.into_owned()).is_some() {
            return None;
        }
    }
    Some(key)
}

fn write_key(key: &BTreeMap<String, String>) -> String {
    Serializer::new(String::new()).extend_pairs(key).finish()
}

pub(super) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// What a `datetime-local` input sends, taken as UTC, or RFC 3339 with its offset. PostgreSQL keeps microseconds.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let local = || {
        let text = text.strip_suffix('Z').unwrap_or(text);
        ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(|time| time.and_utc())
    };
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).ok().or_else(local);
    time.and_then(|time| DateTime::from_timestamp_micros(time.timestamp_micros())).and_then(in_range)
}
