//! The reader of function bodies that the Elixir library has generated.
//!
//! It reports a redaction only for bodies that it understands. Each body with a reported redaction is executed on rows here, and
//! the recorded change must be redacted as reported.

mod execution;
mod fragments;
#[path = "../../../testkit/src/elixir.rs"]
mod generator;
mod statements;
mod tokens;

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};
use threadline::StorageSchema;
use threadline::health::{Redaction, elixir_redaction};

use self::execution::{Error, Insert, Trigger, Value};
use self::generator::ElixirCapture;
use self::tokens::Token;

const SCHEMA: &str = "audit";
/// The maximum length of a body. The longest known one has 3 KB, and longer ones are only slower to execute.
const MAX_BODY_BYTES: usize = 16 << 10;

/// Checks a body: as it is, or made of the fragments of known bodies.
pub(crate) fn check(input: &str) {
    let body = fragments::body(input);
    if body.len() <= MAX_BODY_BYTES {
        check_body(&body);
    }
}

fn check_body(body: &str) {
    let Ok(storage) = StorageSchema::new(SCHEMA) else { return };
    let Some(redaction) = elixir_redaction(body, &storage) else { return };
    let tokens =
        tokens::tokens(body).unwrap_or_else(|| panic!("tokens that PostgreSQL does not know: {body}"));
    for trigger in triggers(&tokens) {
        match execution::run(&tokens, &trigger) {
            Ok(inserts) => check_recorded(&inserts, &trigger, &redaction, body),
            // PostgreSQL refuses the function, or the write: nothing is recorded.
            Err(Error::Raised) => {}
            Err(Error::Unknown(what)) => panic!("{what} is read as known: {body}"),
        }
    }
    check_regenerated(&redaction, &storage);
}

/// Returns the calls of the trigger: every operation, with different arguments and rows.
fn triggers(tokens: &[Token]) -> Vec<Trigger> {
    let literals = tokens.iter().filter_map(|token| match token {
        Token::Text(text) => Some(text.clone()),
        _ => None,
    });
    let columns: BTreeSet<String> =
        literals.chain(["id", "other"].map(str::to_owned)).filter(|name| !name.is_empty()).collect();
    let row = |prefix: &str, is_same: fn(usize) -> bool| -> Map<String, Json> {
        let value = |at: usize| if is_same(at) { "same".to_owned() } else { format!("{prefix} {at}") };
        let values = columns.iter().enumerate().map(|(at, name)| (name.clone(), value(at).into()));
        values.collect()
    };
    let with_null = |mut row: Map<String, Json>| {
        let others = row.iter_mut().filter(|(name, _)| *name != "id");
        others.step_by(2).for_each(|(_, value)| *value = Json::Null);
        row
    };
    let different = (row("new", |_| false), row("old", |_| false));
    let alike = (row("new", |at| at % 2 == 0), row("old", |at| at % 2 == 0));
    let equal = (row("new", |_| true), row("old", |_| true));
    let null = (with_null(different.0.clone()), different.1.clone());
    let mut triggers = Vec::new();
    for operation in ["INSERT", "UPDATE", "DELETE"] {
        for (new, old) in [&different, &alike, &equal, &null] {
            for arguments in [&[][..], &["id"], &["absent", "id"], &["id", "other"]] {
                let arguments = arguments.iter().map(|&name| name.to_owned()).collect();
                triggers.push(Trigger { operation, arguments, new: new.clone(), old: old.clone() });
            }
        }
    }
    triggers
}

/// Checks that exactly one change is recorded, redacted as reported.
fn check_recorded(inserts: &[Insert], trigger: &Trigger, redaction: &Redaction, body: &str) {
    let transactions = ("audit".to_owned(), "audit_transactions".to_owned());
    let changes = ("audit".to_owned(), "audit_changes".to_owned());
    let mut recorded = inserts.iter().filter(|insert| insert.table != transactions);
    let (Some(change), None) = (recorded.next(), recorded.next()) else {
        panic!("not exactly one change is recorded: {inserts:?} by {body}")
    };
    assert_eq!(change.table, changes, "{body}");
    let value = |column: &str| change.values.get(column).cloned().unwrap_or(Value::Null);
    assert_eq!(value("op"), Value::Text(trigger.operation.to_lowercase()), "{body}");
    assert_eq!(value("transaction_id"), Value::Transaction, "{body}");
    let key_columns: Vec<&str> = trigger.arguments.iter().map(String::as_str).chain(["id"]).collect();
    match value("table_pk") {
        Value::Json(Json::Object(key)) => {
            assert!(key.keys().all(|column| key_columns.contains(&column.as_str())), "{key:?} by {body}");
        }
        other => assert_eq!(other, Value::Null, "{body}"),
    }
    let placeholder = Json::from(redaction.mask_placeholder.as_str());
    let after = (trigger.operation != "DELETE").then(|| {
        let mut row = trigger.new.clone();
        row.retain(|column, _| !redaction.exclude.contains(column));
        row.extend(redaction.mask.iter().map(|column| (column.clone(), placeholder.clone())));
        Value::Json(row.into())
    });
    assert_eq!(value("data_after"), after.unwrap_or(Value::Null), "{redaction:?} by {body}");
    let changed = match value("changed_fields") {
        Value::Names(names) => names,
        other => {
            assert_eq!(other, Value::Null, "{body}");
            Vec::new()
        }
    };
    let is_changed = |column: &String| {
        trigger.operation == "UPDATE"
            && trigger.new.get(column) != trigger.old.get(column)
            && !redaction.exclude.contains(column)
    };
    assert!(changed.iter().all(is_changed), "{changed:?} with {redaction:?} by {body}");
    match value("changed_from") {
        Value::Json(Json::Object(old_values)) => {
            for (column, old) in &old_values {
                assert!(changed.contains(column), "{column} of {old_values:?} with {redaction:?} by {body}");
                let is_masked = redaction.mask.contains(column);
                let is_known = *old == placeholder || !is_masked && trigger.old.get(column) == Some(old);
                assert!(is_known, "{column} of {old_values:?} with {redaction:?} by {body}");
            }
        }
        other => assert_eq!(other, Value::Null, "{body}"),
    }
}

/// Checks that the body which the library generates for a redaction is read as this redaction.
fn check_regenerated(redaction: &Redaction, storage: &StorageSchema) {
    let [exclude, mask]: [Vec<&str>; 2] =
        [&redaction.exclude, &redaction.mask].map(|columns| columns.iter().map(String::as_str).collect());
    for (has_key_arguments, has_old_values) in [(false, false), (false, true), (true, false), (true, true)] {
        let generated = ElixirCapture {
            schema: Some(SCHEMA),
            has_key_arguments,
            exclude: &exclude,
            mask: &mask,
            placeholder: &redaction.mask_placeholder,
            has_old_values,
        };
        let body = generated.body();
        let read = elixir_redaction(&body, storage);
        let is_equal = read.as_ref().is_some_and(|read| {
            let is_masked_equally =
                read.mask_placeholder == redaction.mask_placeholder && read.mask_null == redaction.mask_null;
            read.exclude == redaction.exclude
                && read.mask == redaction.mask
                && (is_masked_equally || read.mask.is_empty())
        });
        assert!(is_equal, "{redaction:?} is read back as {read:?} from {body}");
    }
}
