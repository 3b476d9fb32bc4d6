//! A filter that cannot be used: what is wrong with it, and what was probably meant.

use chrono::Utc;
use threadline::query::{
    FILTER_KEYS, Filter, QueryError, RowKey, Sentence, Suggestion, TypedKey, parse_human_time,
};
use threadline::{InvalidParameter, TableName};

use super::InvalidFilter;
use super::query::expected_key;
use crate::components::NearValue;
use crate::request::QueryFailure;
use crate::{PageContext, PageError, RequestContext};

/// The reason why there are no changes to show.
pub(super) enum Failure {
    /// The filter cannot be used: the page shows its form.
    Filter(Box<InvalidFilter>),
    /// There is no page.
    Page(PageError),
}

impl Failure {
    fn filter(key: String, message: impl Into<Sentence>, hint: String) -> Self {
        let message = message.into();
        Self::Filter(Box::new(InvalidFilter { key, message, hint, near: Vec::new() }))
    }
}

impl From<InvalidParameter> for Failure {
    fn from(error: InvalidParameter) -> Self {
        let error = match error.name.as_str() {
            // The console reads more times than an address may contain.
            "from" | "to" => parse_human_time(&error.value, &Utc::now())
                .map_or_else(|times| times.named(&error.name), |_| error.clone()),
            _ => error,
        };
        let is_known = FILTER_KEYS.iter().any(|key| key.name == error.name)
            || matches!(error.name.as_str(), "window" | "older" | "newer");
        let message = match is_known {
            true => format!("{error}."),
            false => format!(
                "The address has a part \"{}\" that the timeline does not know: expected {}.",
                error.name, error.expected
            ),
        };
        let hint = format!("Expected {}.", error.expected);
        Self::filter(error.name, message, hint)
    }
}

impl From<QueryFailure> for Failure {
    fn from(failure: QueryFailure) -> Self {
        let (key, error, hint) = match failure {
            QueryFailure::Query(error @ QueryError::KeyMismatch { .. }) => {
                let hint = match &error {
                    QueryError::KeyMismatch { expected, .. } => {
                        format!("Expected {}.", expected.join(" and "))
                    }
                    _ => String::new(),
                };
                ("key", error, hint)
            }
            QueryFailure::Query(error @ QueryError::NotCaptured { .. }) => {
                ("table", error, "Expected an audited table.".to_owned())
            }
            failure => return Self::Page(failure.into()),
        };
        Self::filter(key.to_owned(), format!("{error}."), hint)
    }
}

/// Returns what is wrong with a key that no row of the table can have.
pub(super) fn key_mistake(
    context: &PageContext,
    typed: &[(String, String)],
    table: &TableName,
    text: &str,
    mistake: TypedKey,
) -> Failure {
    match mistake {
        TypedKey::WrongType { column, value, expected, nearest } => {
            let message = expected.describe_mismatch(table, &column, &value);
            let hint = message.to_string();
            let href = |key: &RowKey| context.timeline_with(&replaced(typed, "key", &key.to_string()));
            let near = nearest.map(|key| NearValue::of_key(&key, href(&key)));
            let near = near.into_iter().collect();
            Failure::Filter(Box::new(InvalidFilter { key: "key".to_owned(), message, hint, near }))
        }
        TypedKey::OtherColumns { columns } => {
            InvalidParameter::new("key", text, expected_key(table, &columns)).into()
        }
        _ => InvalidParameter::new("key", text, "the key of a record").into(),
    }
}

/// Returns the pairs with another value of one key, without blank ones.
fn replaced(typed: &[(String, String)], key: &str, value: &str) -> Vec<(String, String)> {
    let others = typed.iter().filter(|(name, value)| name != key && !value.trim().is_empty()).cloned();
    others.chain([(key.to_owned(), value.to_owned())]).collect()
}

/// Adds the values that were probably meant to a mistake.
pub(super) async fn suggest(
    context: &RequestContext,
    mut invalid: InvalidFilter,
    typed: &[(String, String)],
) -> InvalidFilter {
    let value = typed.iter().find(|(name, _)| *name == invalid.key).map(|(_, value)| value.trim());
    let (Some(value), true) = (value, invalid.near.is_empty()) else { return invalid };
    let others = typed.iter().filter(|(name, _)| *name != invalid.key);
    let others = Filter::from_readable_pairs(others.map(|(name, value)| (name.as_str(), value.as_str())));
    let near =
        async { context.snapshot().await?.suggest(&context.scope, &invalid.key, value, &others).await };
    let Ok(near) = context.with_query_timeout(near).await else { return invalid };
    // A name that can be read and does not exist has no other mistake.
    if !near.suggestions.is_empty() || invalid.key == "table" && value.parse::<TableName>().is_ok() {
        invalid.message = near.describe(&others);
    }
    let href = |near: &Suggestion| {
        // Of several values, the others stay.
        let pairs = near.filter.to_pairs();
        let list =
            pairs.iter().find(|(name, _)| *name == invalid.key).map_or(&near.value, |(_, value)| value);
        context.page.timeline_with(&replaced(typed, &invalid.key, list))
    };
    invalid.near = near.suggestions.into_iter().map(|near| NearValue::suggested(near, href)).collect();
    invalid
}
