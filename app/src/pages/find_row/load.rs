//! Finds the row, or loads the form with what is wrong in it.

use threadline::TableName;
use threadline::query::{Filter, QueryError, RowKey, Snapshot, Suggestion, TypedKey};
use url::form_urlencoded::Serializer;

use super::query::FindRowQuery;
use super::{FindRowPage, InvalidField, RowField};
use crate::components::NearValue;
use crate::{PageContext, PageError, RequestContext};

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
    if table.is_empty() {
        return Ok(Err(InvalidField::plain(RowField::Table, "Choose a table.".to_owned())));
    }
    let mut snapshot = context.snapshot().await?;
    let Ok(name) = table.parse::<TableName>() else {
        let message = "This is not a table name. Write it as tickets or billing.invoices.".to_owned();
        let near = near_tables(context, &mut snapshot, table, record).await?.near;
        return Ok(Err(InvalidField { near, ..InvalidField::plain(RowField::Table, message) }));
    };
    let read = match snapshot.read_key(&context.scope, &name, record).await {
        Err(QueryError::NotCaptured { .. }) => {
            return Ok(Err(near_tables(context, &mut snapshot, table, record).await?));
        }
        read => read?,
    };
    Ok(match read {
        _ if record.is_empty() => {
            Err(InvalidField::plain(RowField::Record, "Enter the number or id of a record.".to_owned()))
        }
        TypedKey::Key(key) => Ok((name, key)),
        TypedKey::WrongType { column, value, expected, nearest } => {
            let near = nearest.map(|key| NearValue {
                value: key.get(&column).unwrap_or_default().to_owned(),
                href: context.page.row_of(&name, &key),
                count: None,
            });
            let message = expected.describe_mismatch(&name, &column, &value);
            Err(InvalidField { field: RowField::Record, message, near: near.into_iter().collect() })
        }
        TypedKey::OtherColumns { columns } => {
            Err(InvalidField::plain(RowField::Record, expected_record(&name, &columns)))
        }
        _ => Err(InvalidField::plain(RowField::Record, expected_record(&name, &[]))),
    })
}

/// Returns that there is no such table, with links to the tables that were probably meant and the same record.
async fn near_tables(
    context: &RequestContext,
    snapshot: &mut Snapshot<'_>,
    table: &str,
    record: &str,
) -> Result<InvalidField, QueryError> {
    let others = Filter::default();
    let near = snapshot.suggest(&context.scope, "table", table, &others).await?;
    let message = near.describe(&others);
    let href = |near: &Suggestion| form_address(&context.page, &near.value, record);
    let near = near.suggestions.into_iter().map(|near| NearValue::suggested(near, href)).collect();
    Ok(InvalidField { field: RowField::Table, message, near })
}

/// Returns the address of the form with a table and a record.
fn form_address(context: &PageContext, table: &str, record: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("table", table).append_pair("record", record);
    context.href(&format!("/rows?{}", query.finish()))
}

/// Describes how to write a record of this table.
fn expected_record(table: &TableName, columns: &[String]) -> String {
    let example = |columns: &[String]| {
        let pairs = (1..).zip(columns).map(|(value, column)| (column, value.to_string()));
        Serializer::new(String::new()).extend_pairs(pairs).finish()
    };
    match columns {
        [] => format!(
            "No changes of {table} are recorded yet. Write its key column with the value, such as id=4711."
        ),
        [column] => {
            format!(
                "Records of {table} have the key {column}. Write its value alone, or {}.",
                example(columns)
            )
        }
        _ => format!(
            "Records of {table} have the key {}. Write every column with its value, such as {}.",
            columns.join(", "),
            example(columns)
        ),
    }
}
