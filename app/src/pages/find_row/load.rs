//! Finds the row, or loads the form with what is wrong in it.

use threadline::TableName;
use threadline::query::{QueryError, RowKey};
use url::form_urlencoded::Serializer;

use super::query::FindRowQuery;
use super::{FindRowPage, InvalidField, RowField};
use crate::{PageError, RequestContext};

pub(super) async fn load(context: &RequestContext, query: FindRowQuery) -> Result<FindRowPage, PageError> {
    match query.typed {
        None => form(context, String::new(), String::new(), None).await,
        Some((table, record)) => resolve(context, table, record).await,
    }
}

/// Redirects to the row that a table and a record name, or loads the form with what is wrong in it.
pub(in crate::pages) async fn resolve(
    context: &RequestContext,
    table: String,
    record: String,
) -> Result<FindRowPage, PageError> {
    match context.with_query_timeout(find(context, &table, &record)).await? {
        Ok((table, key)) => Err(PageError::Redirect(context.page.row_of(&table, &key))),
        Err(invalid) => form(context, table, record, Some(invalid)).await,
    }
}

async fn form(
    context: &RequestContext,
    table: String,
    record: String,
    invalid: Option<InvalidField>,
) -> Result<FindRowPage, PageError> {
    let tables = context.with_query_timeout(context.captured_tables()).await?;
    Ok(FindRowPage { table, record, invalid, tables })
}

/// Returns the row that a table and a record name, or which of the two has to be written differently.
async fn find(
    context: &RequestContext,
    table: &str,
    record: &str,
) -> Result<Result<(TableName, RowKey), InvalidField>, QueryError> {
    let scope = &context.scope;
    let invalid = |field, message: String| Ok(Err(InvalidField { field, message }));
    if table.is_empty() {
        return invalid(RowField::Table, "Choose a table.".to_owned());
    }
    let Ok(name) = table.parse::<TableName>() else {
        return invalid(
            RowField::Table,
            "This is no table. Write it as tickets or billing.invoices.".to_owned(),
        );
    };
    let mut snapshot = context.snapshot().await?;
    let columns = snapshot.key_columns(scope, &name).await?;
    if columns.is_none() && !snapshot.captured_tables(scope).await?.contains(&name) {
        return invalid(RowField::Table, format!("Table {name} is not captured. Choose one of the list."));
    }
    if record.is_empty() {
        return invalid(RowField::Record, "Enter the key of a row.".to_owned());
    }
    let columns = columns.unwrap_or_default();
    match RowKey::parse(&columns, record) {
        Ok(key) => Ok(Ok((name, key))),
        Err(_) => invalid(RowField::Record, expected_record(&name, &columns)),
    }
}

/// Describes how to write a record of this table.
fn expected_record(table: &TableName, columns: &[String]) -> String {
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
