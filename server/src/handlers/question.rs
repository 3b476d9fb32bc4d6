//! What handlers share: the query of an address, and waiting for an answer.

use threadline::query::{Filter, FilterError, Position, QueryError};

use crate::guard::Visit;

/// Waits for the database, but not for ever: a pool whose server is away waits longer than a person does.
pub(super) async fn answered<T>(
    visit: &Visit,
    question: impl Future<Output = Result<T, QueryError>>,
) -> Result<T, Option<QueryError>> {
    match tokio::time::timeout(visit.shared.settings.query_timeout, question).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::warn!(error = ?error.to_string(), "the audit trail could not be read");
            Err(Some(error))
        }
        Err(_) => {
            tracing::warn!("the audit trail did not answer in time");
            Err(None)
        }
    }
}

/// The pairs of a query, decoded.
pub(super) fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

pub(super) fn read_filter(pairs: &[(String, String)]) -> Result<(Filter, Position), FilterError> {
    Filter::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

/// Of a page that knows positions only.
pub(super) fn read_position(query: Option<&str>) -> Result<Position, FilterError> {
    let (filter, position) = read_filter(&pairs(query))?;
    match filter.to_pairs().into_iter().next() {
        None => Ok(position),
        Some((key, value)) => Err(FilterError::new(key, &value, "one of the keys older and newer")),
    }
}

pub(super) fn to_timeline(visit: &Visit) -> (&'static str, String) {
    ("Go to the timeline", format!("{}/timeline", visit.base))
}
