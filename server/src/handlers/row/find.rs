//! From a table and a record, as people write them, to the row's own address.

use axum::Extension;
use axum::extract::{OriginalUri, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use threadline::query::{QueryError, RowKey};
use threadline::{AuditTrail, Scope, TableName};
use threadline_app::pages::{FindRowPage, RowField, RowMistake, find_row_page};
use url::form_urlencoded::Serializer;

use crate::guard::Visit;
use crate::handlers::question::{answered, pairs, to_timeline};
use crate::respond::Reply;

pub(crate) async fn find_row(
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = pairs(query.as_deref());
    if pairs.is_empty() {
        return form(&visit, "", "", None, StatusCode::OK).await;
    }
    let value = |name: &str| {
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).unwrap_or_default()
    };
    lead(&visit, value("table"), value("record"), &uri.to_string())
        .await
        .unwrap_or_else(|mistaken| mistaken.1)
}

/// Leads to the row; or else the form with what is wrong in it, and the field.
pub(super) async fn lead(
    visit: &Visit,
    table: &str,
    record: &str,
    again: &str,
) -> Result<Response, (RowField, Response)> {
    let trail = &visit.state.settings.trail;
    match answered(visit, find(trail, &visit.scope, table, record)).await {
        Ok(Ok((table, key))) => Ok(Redirect::to(&visit.page_context().row_of(&table, &key)).into_response()),
        Ok(Err(mistake)) => {
            let field = mistake.field;
            Err((field, form(visit, table, record, Some(mistake), StatusCode::BAD_REQUEST).await))
        }
        Err(error) => {
            let reply = Reply::unanswered(error.as_ref(), again.to_owned(), to_timeline(visit));
            Ok(reply.into_response(visit.page_context()))
        }
    }
}

async fn form(
    visit: &Visit,
    table: &str,
    record: &str,
    mistake: Option<RowMistake>,
    status: StatusCode,
) -> Response {
    let tables = answered(visit, async {
        visit.state.settings.trail.snapshot().await?.captured_tables(&visit.scope).await
    })
    .await;
    let reply = match tables {
        Err(error) => {
            let again = format!("{}/rows", visit.base);
            return Reply::unanswered(error.as_ref(), again, to_timeline(visit))
                .into_response(visit.page_context());
        }
        Ok(tables) => {
            let page = FindRowPage { table: table.to_owned(), record: record.to_owned(), mistake, tables };
            Reply::page_with(status, |context| find_row_page(context, page))
        }
    };
    reply.into_response(visit.page_context())
}

/// The row, or what has to be written differently.
async fn find(
    trail: &AuditTrail,
    scope: &Scope,
    table: &str,
    record: &str,
) -> Result<Result<(TableName, RowKey), RowMistake>, QueryError> {
    let mistake = |field, sentence: String| Ok(Err(RowMistake { field, sentence }));
    if table.is_empty() {
        return mistake(RowField::Table, "Choose a table.".to_owned());
    }
    let Ok(name) = table.parse::<TableName>() else {
        return mistake(
            RowField::Table,
            "This is no table. Write it as tickets or billing.invoices.".to_owned(),
        );
    };
    let mut trail = trail.snapshot().await?;
    let columns = trail.key_columns(scope, &name).await?;
    if columns.is_none() && !trail.captured_tables(scope).await?.contains(&name) {
        return mistake(RowField::Table, format!("Table {name} is not audited. Choose one of the list."));
    }
    if record.is_empty() {
        return mistake(RowField::Record, "Enter the key of a row.".to_owned());
    }
    let columns = columns.unwrap_or_default();
    match RowKey::parse(&columns, record) {
        Ok(key) => Ok(Ok((name, key))),
        Err(_) => mistake(RowField::Record, how_to_write(&name.to_string(), &columns)),
    }
}

fn how_to_write(table: &str, columns: &[String]) -> String {
    let example = |columns: &[String]| {
        let pairs = (1..).zip(columns).map(|(value, column)| (column, value.to_string()));
        Serializer::new(String::new()).extend_pairs(pairs).finish()
    };
    match columns {
        [] => format!(
            "Nothing is recorded of {table} yet. Write its key column with the value, such as id=4711."
        ),
        [column] => {
            format!("Rows of {table} have the key {column}. Write its value alone, or {}.", example(columns))
        }
        _ => format!(
            "Rows of {table} have the key {}. Write every column with its value, such as {}.",
            columns.join(", "),
            example(columns)
        ),
    }
}
