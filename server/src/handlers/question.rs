//! What handlers share: the query of an address, and waiting for an answer.

use threadline::InvalidParameter;
use threadline::TableName;
use threadline::query::{Filter, Position, QueryError};
use threadline_app::pages::{FilterMistake, set_window};
use url::form_urlencoded;

use crate::guard::Visit;

/// Why a question has no answer.
pub(super) enum Unanswered {
    /// The filter asks for what cannot be: its form says where.
    Mistake(FilterMistake),
    /// The database does not answer.
    Database(Option<QueryError>),
}

impl From<InvalidParameter> for Unanswered {
    fn from(error: InvalidParameter) -> Self {
        let (sentence, hint) = (format!("{error}."), format!("Expected {}.", error.expected));
        Self::Mistake(FilterMistake { key: error.name, sentence, hint })
    }
}

impl From<Option<QueryError>> for Unanswered {
    fn from(error: Option<QueryError>) -> Self {
        let (key, hint) = match &error {
            Some(QueryError::KeyMismatch { expected, .. }) => {
                ("key", format!("Expected {}.", expected.join(" and ")))
            }
            Some(QueryError::NotCaptured { .. }) => ("table", "Expected an audited table.".to_owned()),
            _ => return Self::Database(error),
        };
        let sentence = error.map(|error| format!("{error}.")).unwrap_or_default();
        Self::Mistake(FilterMistake { key: key.to_owned(), sentence, hint })
    }
}

/// Waits for the database, but not for ever: a pool whose server is away waits longer than a person does.
pub(super) async fn answered<T>(
    visit: &Visit,
    question: impl Future<Output = Result<T, QueryError>>,
) -> Result<T, Option<QueryError>> {
    match tokio::time::timeout(visit.state.settings.query_timeout, question).await {
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
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

pub(super) fn read_filter(pairs: &[(String, String)]) -> Result<(Filter, Position), InvalidParameter> {
    Filter::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

/// The pairs that say the same in their order. A filter without conditions is a blank `from`: an address without a query opens
/// on the last 24 hours.
pub(super) fn written(filter: &Filter, position: Position) -> Vec<(String, String)> {
    let mut pairs = filter.to_pairs();
    if pairs.is_empty() {
        pairs.push(("from", String::new()));
    }
    match position {
        Position::Newest => {}
        Position::OlderThan(cursor) => pairs.push(("older", cursor.to_string())),
        Position::NewerThan(cursor) => pairs.push(("newer", cursor.to_string())),
    }
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Of the timeline: a record may be typed without its column, and a window may be named by its length.
pub(super) async fn read_question(
    visit: &Visit,
    given: &[(String, String)],
) -> Result<(Filter, Position), Unanswered> {
    let mut rest = given.to_vec();
    complete_record(visit, &mut rest).await?;
    let windows: Vec<_> = rest.extract_if(.., |(key, _)| key == "window").collect();
    let (mut filter, position) = read_filter(&rest)?;
    for (key, word) in windows {
        set_window(&mut filter, &word)
            .ok_or_else(|| InvalidParameter::new(&key, &word, "1h, 24h, 7d, 30d or all"))?;
    }
    Ok((filter, position))
}

/// `42` is the row whose key is 42, where the table has one key column.
async fn complete_record(visit: &Visit, given: &mut [(String, String)]) -> Result<(), Unanswered> {
    let table = given.iter().find(|(key, value)| key == "table" && !value.trim().is_empty()).cloned();
    let is_record = |key: &str, value: &str| key == "key" && !value.trim().is_empty() && !value.contains('=');
    let Some((_, record)) = given.iter_mut().find(|(key, value)| is_record(key, value)) else {
        return Ok(());
    };
    let expects = |what: String| InvalidParameter::new("key", record.trim(), what);
    let Some((key, table)) = table else {
        return Err(expects("the table beside it".to_owned()).into());
    };
    let table: TableName = table.trim().parse().map_err(|error: InvalidParameter| error.named(&key))?;
    let trail = &visit.state.settings.trail;
    let columns = answered(visit, async { trail.snapshot().await?.key_columns(&visit.scope, &table).await })
        .await?
        .unwrap_or_default();
    let [column] = columns.as_slice() else { return Err(expects(full_key(&table, &columns)).into()) };
    *record = form_urlencoded::Serializer::new(String::new()).append_pair(column, record.trim()).finish();
    Ok(())
}

/// How to write the key that cannot be guessed.
fn full_key(table: &TableName, columns: &[String]) -> String {
    if columns.is_empty() {
        return format!("its column too, as in id=42: no key of {table} is known");
    }
    let example: Vec<String> = columns.iter().map(|column| format!("{column}=…")).collect();
    format!("every key column of {table}, as in {}", example.join("&"))
}

/// Of a page that knows positions only.
pub(super) fn read_position(query: Option<&str>) -> Result<Position, InvalidParameter> {
    let (filter, position) = read_filter(&pairs(query))?;
    match filter.to_pairs().into_iter().next() {
        None => Ok(position),
        Some((key, value)) => Err(InvalidParameter::new(key, &value, "one of the keys older and newer")),
    }
}

pub(super) fn to_timeline(visit: &Visit) -> (&'static str, String) {
    ("Go to the timeline", format!("{}/timeline", visit.base))
}
