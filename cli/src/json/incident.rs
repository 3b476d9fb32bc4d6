//! One transaction whole: each change with its diff, and where its old values come from.

use std::collections::BTreeMap;

use serde::Serialize;
use threadline::query::{
    Change, ChangeDiff, OldValueSource, RowImage, TransactionRecord, TransactionWithOldValues,
};

use super::{Entry, FORMAT_VERSION, entry, line};
use crate::failure::Failure;
use crate::output::Report;

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    transaction: &'a TransactionRecord,
    entries: Vec<Whole<'a>>,
    /// Whether there are more changes.
    truncated: bool,
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    entry: Entry<'a>,
    diff: ChangeDiff<'a>,
    /// The row after the change before this one, where old values are not stored.
    previous: &'a Option<RowImage>,
    old_values: BTreeMap<String, &'static str>,
}

pub(crate) fn incident(bundle: &TransactionWithOldValues) -> Result<Report, Failure> {
    line(&Document {
        format_version: FORMAT_VERSION,
        transaction: &bundle.transaction,
        entries: bundle.changes.iter().map(whole).collect(),
        truncated: bundle.truncated,
    })
}

fn whole(change: &Change) -> Whole<'_> {
    let fields = change.fields().into_iter();
    Whole {
        entry: entry(change, None),
        diff: change.diff(false),
        previous: &change.previous,
        old_values: fields.filter_map(|field| Some((field.name, source(field.before_source)?))).collect(),
    }
}

const fn source(value: OldValueSource) -> Option<&'static str> {
    match value {
        OldValueSource::Absent => None,
        OldValueSource::Stored => Some("stored"),
        OldValueSource::PreviousChange => Some("previous_change"),
        _ => Some("unknown"),
    }
}
