//! One row over time.

mod find;

pub(crate) use find::find_row;

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, RawQuery};
use axum::response::Response;
use http::StatusCode;
use threadline::InvalidParameter;
use threadline::query::{AsOf, Cursor, Filter, Position, QueryError, RowKey, Snapshot, TimelineEntry};
use threadline::{Scope, TableName};
use threadline_app::pages::{
    AsOfQuestion, Compared, ComparisonQuestion, RowField, RowPage, RowThen, moment, row_page, still_to_come,
};

use self::find::lead;
use super::question::{answered, pairs, read_filter, to_timeline};
use crate::guard::Visit;
use crate::respond::Reply;

/// Versions on one page.
const PAGE: usize = 20;

pub(crate) async fn row(
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    path: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let (table, key) = path.map(|Path(segments)| segments).unwrap_or_default();
    let named = Filter::from_pairs([("table", table.as_str()), ("key", key.as_str())]);
    let Ok((Filter { table: Some(table), key: Some(key), .. }, _)) = named else {
        // Such as `/rows/tickets/4711`.
        return lead(&visit, &table, &key, &uri.to_string()).await.unwrap_or_else(|(_, form)| form);
    };
    let asked = match Asked::read(query.as_deref()) {
        Ok(asked) => asked,
        Err(error) => {
            return Reply::bad_request(&error, to_timeline(&visit)).into_response(visit.page_context());
        }
    };
    let row = Row { scope: &visit.scope, table, key };
    let question = async { row.page(&mut visit.state.settings.trail.snapshot().await?, asked).await };
    match answered(&visit, question).await {
        Err(Some(QueryError::KeyMismatch { .. } | QueryError::NotCaptured { .. })) => {
            match lead(&visit, &row.table.to_string(), &row.key.to_string(), &uri.to_string()).await {
                Err((RowField::Table, mut form)) => {
                    *form.status_mut() = StatusCode::NOT_FOUND;
                    form
                }
                Ok(answer) | Err((RowField::Record, answer)) => answer,
            }
        }
        Err(error) => Reply::unanswered(error.as_ref(), uri.to_string(), to_timeline(&visit))
            .into_response(visit.page_context()),
        Ok(page) => {
            let status = status(&page);
            Reply::page_with(status, |context| row_page(context, page)).into_response(visit.page_context())
        }
    }
}

fn status(page: &RowPage) -> StatusCode {
    let as_of = page.as_of.as_ref().is_some_and(|question| question.answer.is_err());
    let comparison = page.comparison.as_ref().is_some_and(|question| question.answer.is_err());
    match page.latest {
        AsOf::BeforeHorizon => StatusCode::NOT_FOUND,
        _ if as_of || comparison => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

/// What the query of the address asks for.
struct Asked {
    window: Filter,
    position: Position,
    as_of: Option<String>,
    sides: Option<[String; 2]>,
}

impl Asked {
    /// Blank fields of a form ask for nothing.
    fn read(query: Option<&str>) -> Result<Self, InvalidParameter> {
        let own = ["as_of", "compare", "with"];
        let (asked, list): (Vec<_>, Vec<_>) =
            pairs(query).into_iter().partition(|(key, _)| own.contains(&key.as_str()));
        let (window, position) = read_filter(&list)?;
        if let Some((key, value)) =
            window.to_pairs().into_iter().find(|(key, _)| !["from", "to"].contains(key))
        {
            let expected = "one of the keys as_of, compare, with, from, to, older and newer";
            return Err(InvalidParameter::new(key, &value, expected));
        }
        let [as_of, compare, with] = own.map(|name| {
            let found = asked.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
        });
        let sides =
            (compare.is_some() || with.is_some()).then(|| [compare, with].map(Option::unwrap_or_default));
        Ok(Self { window, position, as_of, sides })
    }
}

/// The row that is asked about.
struct Row<'a> {
    scope: &'a Scope,
    table: TableName,
    key: RowKey,
}

impl Row<'_> {
    async fn page(&self, trail: &mut Snapshot<'_>, asked: Asked) -> Result<RowPage, QueryError> {
        let Asked { window, position, as_of, sides } = asked;
        let (table, key) = (self.table.clone(), self.key.clone());
        let mut versions = trail.row_history(self.scope, table, key, &window, position, PAGE).await?;
        let changes = versions.entries.iter_mut().map(|entry| &mut entry.change);
        trail.load_old_values(self.scope, changes).await?;
        let as_of = match as_of {
            None => None,
            Some(at) => Some(AsOfQuestion { answer: self.as_of(trail, &at).await?, at }),
        };
        let comparison = match sides {
            None => None,
            Some(sides) => Some(ComparisonQuestion { answer: self.compare(trail, &sides).await?, sides }),
        };
        Ok(RowPage {
            table: self.table.clone(),
            key: self.key.clone(),
            filter: window,
            position,
            versions,
            latest: trail.as_of_now(self.scope, self.table.clone(), self.key.clone()).await?,
            as_of,
            comparison,
        })
    }

    async fn as_of(&self, trail: &mut Snapshot<'_>, at: &str) -> Result<Result<RowThen, String>, QueryError> {
        let at = match moment(at) {
            Ok(at) => at,
            Err(sentence) => return Ok(Err(sentence)),
        };
        let row = match trail.as_of(self.scope, self.table.clone(), self.key.clone(), at).await {
            Err(QueryError::FutureTimestamp { at }) => return Ok(Err(still_to_come(at))),
            answer => answer?,
        };
        let first = match row {
            AsOf::BeforeHorizon => self.first(trail).await?,
            _ => None,
        };
        Ok(Ok(RowThen { at, row, first }))
    }

    /// The oldest change of the row itself: its table may have been emptied long before.
    async fn first(&self, trail: &mut Snapshot<'_>) -> Result<Option<TimelineEntry>, QueryError> {
        let row =
            Filter { table: Some(self.table.clone()), key: Some(self.key.clone()), ..Filter::default() };
        let first = trail.timeline_page(self.scope, &row, Position::NewerThan(Cursor::OLDEST), 1).await?;
        Ok(first.entries.into_iter().next())
    }

    async fn compare(
        &self,
        trail: &mut Snapshot<'_>,
        sides: &[String; 2],
    ) -> Result<Result<Compared, (usize, String)>, QueryError> {
        let at = match [moment(&sides[0]), moment(&sides[1])] {
            [Ok(one), Ok(other)] => [one, other],
            [Err(sentence), _] => return Ok(Err((0, sentence))),
            [_, Err(sentence)] => return Ok(Err((1, sentence))),
        };
        let question = trail.compare(self.scope, self.table.clone(), self.key.clone(), at);
        match question.await {
            Err(QueryError::FutureTimestamp { at: late }) => {
                Ok(Err((usize::from(at[0] != late), still_to_come(late))))
            }
            answer => Ok(Ok(Compared { at, comparison: answer? })),
        }
    }
}
