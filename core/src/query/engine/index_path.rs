//! The index that a query reads changes from, and the FROM clause that makes it do so.
//!
//! A query over several ranges of an index (the tables of a scope, the eight buckets of a row) reads the first rows of each
//! range with a LATERAL join and merges them. Without that, PostgreSQL would walk through everything between the ranges.

use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};

use super::criteria::Criteria;
use super::snapshot::Snapshot;
use super::time_windows::TimeWindow;
use super::where_clause::{push_limit, push_order, schemas_and_names};
use crate::TableName;
use crate::query::model::cursor::Position;
use crate::query::model::row_key::RowKey;
use crate::query::value_index::{IndexedSide, ValueIndex};

/// The columns by which changes are ordered.
pub(in crate::query) const CHANGE_ORDER: [&str; 2] = ["c.captured_at", "c.id"];

enum IndexPath<'a> {
    /// All changes by time, through the primary key.
    Time,
    /// The changes of one table.
    Table(&'a TableName),
    /// The changes of the tables that the filter selects, or that the scope shows.
    Tables(Vec<TableName>),
    /// The changes of one row, in each of its eight buckets.
    Row(&'a TableName, &'a RowKey),
    /// The changes of one column of a table from or to a value.
    Value(&'a ValueIndex, &'a str),
}

impl<'a> IndexPath<'a> {
    fn of(criteria: Criteria<'a>, snapshot: &'a Snapshot<'_>) -> Self {
        if !snapshot.features().has_buckets || criteria.transaction.is_some() {
            return Self::Time;
        }
        if let (Some(index), Some(value)) = (snapshot.value_index(criteria), &criteria.filter.value) {
            return Self::Value(index, value.text());
        }
        let shown_tables = criteria.scope.condition().and_then(|condition| condition.tables());
        match (criteria.filter.only_table(), &criteria.filter.key, criteria.selected_tables()) {
            (Some(table), Some(key), _) => Self::Row(table, key),
            (Some(table), None, _) => Self::Table(table),
            (None, _, Some(tables)) => Self::Tables(tables.into_iter().cloned().collect()),
            (None, _, None) => shown_tables.map_or(Self::Time, |mut tables| {
                tables.retain(|table| criteria.filter.selects_table(table));
                Self::Tables(tables)
            }),
        }
    }

    /// Returns the columns whose ranges are read. A row has a second one, for changes that took its key away.
    const fn columns(&self) -> &'static [&'static str] {
        match self {
            Self::Time => &[""],
            Self::Table(_) | Self::Tables(_) => &["c.table_hash"],
            Self::Row(..) => &["c.row_bucket", "c.related_bucket"],
            Self::Value(..) => &["c.data_after", "c.changed_from"],
        }
    }

    const fn needs_merge(&self) -> bool {
        matches!(self, Self::Row(..) | Self::Tables(_) | Self::Value(..))
    }
}

/// Pushes the FROM clause and the conditions of at most `limit` changes `c` within the window.
pub(in crate::query) fn push_from(
    snapshot: &Snapshot<'_>,
    sql: &mut QueryBuilder<Postgres>,
    criteria: Criteria<'_>,
    position: Position,
    window: TimeWindow,
    limit: usize,
) {
    let path = IndexPath::of(criteria, snapshot);
    if !path.needs_merge() {
        push_range(snapshot, sql, criteria, position, window, &path, path.columns()[0]);
        return;
    }
    push_range_list(snapshot, sql, &path);
    for (number, column) in path.columns().iter().enumerate() {
        sql.push(if number == 0 { "(SELECT *" } else { ") UNION ALL (SELECT *" });
        push_range(snapshot, sql, criteria, position, window, &path, column);
        push_order(sql, CHANGE_ORDER, position.direction());
        push_limit(sql, limit);
    }
    sql.push(")) AS c");
}

/// Pushes the same with the order and the limit: the first changes of the window.
pub(in crate::query) fn push_first(
    snapshot: &Snapshot<'_>,
    sql: &mut QueryBuilder<Postgres>,
    criteria: Criteria<'_>,
    position: Position,
    window: TimeWindow,
    limit: usize,
) {
    push_from(snapshot, sql, criteria, position, window, limit);
    push_order(sql, CHANGE_ORDER, position.direction());
    push_limit(sql, limit);
}

/// Pushes the list of ranges, and the beginning of the subquery on each.
fn push_range_list(snapshot: &Snapshot<'_>, sql: &mut QueryBuilder<Postgres>, path: &IndexPath<'_>) {
    match path {
        IndexPath::Time | IndexPath::Table(_) => return,
        IndexPath::Value(..) => {
            sql.push(" FROM (");
            return;
        }
        IndexPath::Row(table, key) => {
            sql.push(
                snapshot
                    .fill(" FROM (SELECT __schema__.threadline_row_bucket(__schema__.threadline_table_hash("),
            );
            sql.push_bind(table.schema().to_owned()).push(", ").push_bind(table.name().to_owned());
            sql.push("), ").push_bind(Json((*key).clone()));
            sql.push(", slot << 61) AS bucket FROM generate_series(0::bigint, 7) AS slot)");
        }
        IndexPath::Tables(tables) => {
            let (schemas, names) = schemas_and_names(tables);
            sql.push(snapshot.fill(
                " FROM (SELECT DISTINCT __schema__.threadline_table_hash(schema, name) AS bucket FROM unnest(",
            ));
            sql.push_bind(schemas).push(", ").push_bind(names).push(") AS shown (schema, name))");
        }
    }
    sql.push(" AS ranges CROSS JOIN LATERAL (");
}

/// Pushes the FROM clause and the conditions of the changes of one range.
fn push_range(
    snapshot: &Snapshot<'_>,
    sql: &mut QueryBuilder<Postgres>,
    criteria: Criteria<'_>,
    position: Position,
    window: TimeWindow,
    path: &IndexPath<'_>,
    column: &str,
) {
    if let IndexPath::Value(index, value) = path {
        push_value_range(snapshot, sql, criteria, position, window, index, (column, value));
        return;
    }
    match criteria.transaction {
        // OFFSET 0 makes PostgreSQL find the transaction by its id first, whatever it expects of the other conditions.
        Some(transaction) => {
            sql.push(
                snapshot.fill(" FROM (SELECT * FROM __schema__.audit_changes AS c WHERE c.transaction_id = "),
            );
            sql.push_bind(transaction);
            if let Some(from) = window.from {
                sql.push(" AND c.captured_at >= ").push_bind(from);
            }
            sql.push(" OFFSET 0) AS c WHERE ");
        }
        None => drop(sql.push(snapshot.fill(" FROM __schema__.audit_changes AS c WHERE "))),
    }
    match path {
        IndexPath::Time | IndexPath::Value(..) => {}
        IndexPath::Table(table) => {
            sql.push(snapshot.fill(&format!("{column} = __schema__.threadline_table_hash(")));
            sql.push_bind(table.schema().to_owned()).push(", ").push_bind(table.name().to_owned());
            sql.push(") AND ");
        }
        IndexPath::Tables(_) | IndexPath::Row(..) => {
            sql.push(format!("{column} = ranges.bucket AND "));
        }
    }
    snapshot.where_clause(sql).push(criteria, position, window);
}

/// Pushes the FROM clause and the conditions of the changes that have a value on one side. PostgreSQL reads them in order from the index of
/// this side: OFFSET 0 makes it plan the subquery for all of its rows, of which every other index returns more.
fn push_value_range(
    snapshot: &Snapshot<'_>,
    sql: &mut QueryBuilder<Postgres>,
    criteria: Criteria<'_>,
    position: Position,
    window: TimeWindow,
    index: &ValueIndex,
    (image, value): (&str, &str),
) {
    let ValueIndex { column, table_hash, .. } = index;
    let side = if image == "c.data_after" { IndexedSide::New } else { IndexedSide::Old };
    sql.push(snapshot.fill(" FROM (SELECT * FROM __schema__.audit_changes AS c WHERE "));
    sql.push(side.predicate("c.", *table_hash, column)).push(" AND ").push(side.hash("c.", column));
    sql.push(" = pg_catalog.hashtextextended(").push_bind(value.to_owned()).push(", 0)");
    if side == IndexedSide::Old {
        // A change is in both indexes only where a number became a text of the same digits, or the other way round.
        sql.push(" AND c.data_after ->> ").push_bind(column.clone());
        sql.push(" IS DISTINCT FROM ").push_bind(value.to_owned());
    }
    let [after, before] = criteria.filter.bounds(position);
    let bounds = [(">=", window.from), ("<", window.until), (">=", after), ("<=", before)];
    for (comparison, moment) in bounds {
        if let Some(moment) = moment {
            sql.push(format!(" AND c.captured_at {comparison} ")).push_bind(moment);
        }
    }
    push_order(sql, CHANGE_ORDER, position.direction());
    sql.push(" OFFSET 0) AS c WHERE ");
    snapshot.where_clause(sql).push(criteria, position, window);
}
