//! Reads the redaction of the Elixir library's capture functions from their bodies, because they store no policy.
//!
//! Executes the body symbolically for an insert, an update and a delete, up to the row that it inserts into the trail. Every
//! statement and every expression has to be one that the library generates, in any layout and order. A single unknown one makes
//! the whole body unknown, because it could record anything.

mod expressions;
mod sql;
mod state;
mod statements;
#[cfg(test)]
mod tests;
mod tokens;

use self::state::{OldValues, Row, State, Value};
use super::drift::Redaction;
use crate::StorageSchema;

/// Returns the redaction that a body applies to inserts, updates and old values alike. Returns `None` if they differ, if the body is
/// unknown, or if it does not record every change in this trail.
pub(super) fn redaction(body: &str, storage: &StorageSchema) -> Option<Redaction> {
    let body = statements::parse(&tokens::tokens(body)?)?;
    let recorded = |operation, row| State::run(&body, storage, operation, row)?.recorded();
    let (inserted, updated) = (recorded("INSERT", Row::New)?, recorded("UPDATE", Row::New)?);
    let deleted = recorded("DELETE", Row::Old)?;
    let [Value::Image(Row::New, after_insert), Value::Null, Value::Null] = inserted else { return None };
    let [Value::Image(Row::New, after_update), Value::Names(unnamed), old_values] = updated else {
        return None;
    };
    let [Value::Null, Value::Null, Value::Null] = deleted else { return None };
    let is_redacted = names_no_excluded(&unnamed, &after_insert) && hides(&old_values, &after_insert);
    (after_insert == after_update && is_redacted).then_some(after_insert)
}

/// Returns whether no excluded column is named.
fn names_no_excluded(unnamed: &[String], redaction: &Redaction) -> bool {
    redaction.exclude.iter().all(|column| unnamed.contains(column))
}

/// Returns whether old values are redacted like new ones. Only named columns have old values, but the names that are recorded may
/// be others than those at that time.
fn hides(old_values: &Value, redaction: &Redaction) -> bool {
    match old_values {
        Value::Null => true,
        Value::OldValues(OldValues { unnamed, mask, placeholder }) => {
            names_no_excluded(unnamed, redaction)
                && redaction.mask.iter().all(|column| mask.contains(column))
                && (mask.is_empty() || placeholder.as_ref() == Some(&redaction.mask_placeholder))
        }
        _ => false,
    }
}
