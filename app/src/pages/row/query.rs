//! The query of a row's page: the row, a part of its history, and the versions to show beside it.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use threadline::InvalidParameter;
use threadline::TableName;
use threadline::query::{Filter, Position, RowKey};
use url::form_urlencoded;

use crate::query_string::{pairs, parse_filter, resolve_times};
use crate::{PageError, RequestContext};

/// The keys of the filter that the list takes.
const LIST_KEYS: [&str; 3] = ["from", "to", "field"];

/// The query of the page.
#[derive(Debug)]
pub(in crate::pages) enum RowQuery {
    /// A row.
    Row { table: TableName, key: RowKey, options: Box<RowOptions> },
    /// A table and a record that have to be resolved first, such as `/rows/tickets/4711`.
    Unresolved { table: String, record: String },
}

/// The part of the history to list, and the versions to show.
#[derive(Debug)]
pub(in crate::pages) struct RowOptions {
    /// The filter of the list: only `from`, `to` and `field`.
    pub(super) filter: Filter,
    pub(super) position: Position,
    /// The time to show the row at, as it was typed.
    pub(super) as_of: Option<String>,
    /// The two times to compare, as they were typed.
    pub(super) compare: Option<[String; 2]>,
}

impl FromRequestParts<RequestContext> for RowQuery {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, context: &RequestContext) -> Result<Self, PageError> {
        let path = Path::<(String, String)>::from_request_parts(parts, context).await;
        let (table, record) = path.map(|Path(segments)| segments).unwrap_or_default();
        Ok(match (table.parse(), record.parse()) {
            (Ok(table), Ok(key)) => {
                let mut pairs = pairs(parts);
                if resolve_times(&mut pairs, &["as_of", "compare", "with", "from", "to"], context.page.zone) {
                    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                    let row = context.page.row_of(&table, &key);
                    return Err(PageError::Redirect(format!("{row}?{query}")));
                }
                Self::Row { table, key, options: Box::new(RowOptions::parse(pairs)?) }
            }
            _ => Self::Unresolved { table, record },
        })
    }
}

impl RowOptions {
    /// Parses the pairs of the query. A blank field of a form asks for nothing.
    fn parse(pairs: Vec<(String, String)>) -> Result<Self, InvalidParameter> {
        let own = ["as_of", "compare", "with"];
        let (options, list): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(key, _)| own.contains(&key.as_str()));
        let (filter, position) = parse_filter(&list)?;
        let unknown = filter.to_pairs().into_iter().find(|(key, _)| !LIST_KEYS.contains(key));
        if let Some((key, value)) = unknown {
            let expected = "one of the keys as_of, compare, with, from, to, field, older and newer";
            return Err(InvalidParameter::new(key, &value, expected));
        }
        let [as_of, compare, with] = own.map(|name| {
            let found = options.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
        });
        let compare =
            (compare.is_some() || with.is_some()).then(|| [compare, with].map(Option::unwrap_or_default));
        Ok(Self { filter, position, as_of, compare })
    }
}
