//! Explains empty results, and resolves the key of a filter.

use threadline::query::{Filter, QueryError, RowKey};
use threadline::{AuditTrail, Scope, TableName};

use crate::args::row_key::{self, has_history};
use crate::escape::table;
use crate::output::Report;
use crate::text;

/// The number of newest changes that are searched for an example of a key. A TRUNCATE has none.
const CHANGES_SEARCHED: usize = 5;

/// Explains why nothing of this kind was found: the trail is empty, or nothing matches the filter.
///
/// # Errors
/// [`QueryError::NotCaptured`] if nothing was ever recorded of the filter's table, which is most likely misspelt.
pub(super) async fn explain_empty(
    trail: &AuditTrail,
    filter: &Filter,
    kind: &str,
) -> Result<Report, QueryError> {
    let scope = Scope::unscoped();
    if let Some(table) = &filter.table
        && !trail.snapshot().await?.captured_tables(&scope).await?.contains(table)
    {
        let of_table = Filter { table: Some(table.clone()), ..Filter::default() };
        if trail.timeline(&scope, &of_table, 1).await?.is_empty() {
            return Err(QueryError::NotCaptured { table: table.clone() });
        }
    }
    if !trail.snapshot().await?.has_changes(&scope).await? {
        return Ok("No change has been captured yet.\n".to_owned());
    }
    let mut text = format!("No {kind} matches.\n");
    if let (Some(table), Some(key)) = (&filter.table, &filter.key) {
        text += &example_key(trail, table, key).await?;
    }
    Ok(text)
}

/// Returns a line with an example of a key of the table, or an empty text if the trail has changes under this key.
pub(super) async fn example_key(
    trail: &AuditTrail,
    named: &TableName,
    key: &RowKey,
) -> Result<String, QueryError> {
    if has_history(trail, named, key).await? {
        return Ok(String::new());
    }
    let of_table = Filter { table: Some(named.clone()), ..Filter::default() };
    let newest = trail.timeline(&Scope::unscoped(), &of_table, CHANGES_SEARCHED).await?;
    let example = newest.iter().map(|entry| &entry.change.key).find(|key| !key.is_empty());
    Ok(example.map_or_else(String::new, |example| {
        let (table, key) = (table(named), text::key(example));
        format!("Keys are matched by their text; the newest change of {table} has the key {key}.\n")
    }))
}

/// Replaces the key of a filter by the one under which the trail records the row.
pub(super) async fn resolve_key(trail: &AuditTrail, filter: Filter) -> Result<Filter, QueryError> {
    let (Some(table), Some(key)) = (&filter.table, filter.key.clone()) else { return Ok(filter) };
    let key = row_key::resolve(trail, table, key).await?;
    Ok(Filter { key: Some(key), ..filter })
}
