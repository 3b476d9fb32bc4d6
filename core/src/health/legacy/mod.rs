//! What a capture function of the Elixir library records: its functions carry no policy.
//!
//! The body is followed for an insert, an update and a delete, with symbols for values, down to what it inserts into the trail.
//! Every statement and every expression has to be one that the generator of the library writes, in whatever layout and order.
//! One that is not known makes the whole body unknown, because then nobody can say what it records.

mod expressions;
mod sql;
mod state;
mod statements;
#[cfg(test)]
mod tests;
mod tokens;

use self::state::{Row, State, Value};
use super::drift::Redaction;
use crate::StorageSchema;

/// The redaction that a body applies to inserts, updates and old values alike; `None` where that is not certain, and where it
/// does not record every change in this trail.
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
    let names_no_excluded = after_insert.exclude.iter().all(|column| unnamed.contains(column));
    (after_insert == after_update && names_no_excluded && hides(&old_values, &after_insert))
        .then_some(after_insert)
}

/// Old values are masked where new ones are. Those of excluded columns are not there: only named columns have any.
fn hides(old_values: &Value, redaction: &Redaction) -> bool {
    match old_values {
        Value::Null => true,
        Value::OldValues(mask, placeholder) => {
            redaction.mask.iter().all(|column| mask.contains(column))
                && (mask.is_empty() || placeholder.as_ref() == Some(&redaction.mask_placeholder))
        }
        _ => false,
    }
}
