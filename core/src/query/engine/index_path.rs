//! Where in an index the changes lie that are asked for, when they lie in several places: the newest of each place are read
//! and put together, instead of walking through everything in between.

use std::collections::BTreeMap;

use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};

use crate::query::engine::schema_features::Layout;
use crate::query::engine::where_clause::Selection;
use crate::{StorageSchema, TableName};

pub(in crate::query) enum Places<'a> {
    /// The timeline, from one end to the other.
    Timeline,
    /// One table.
    Table(&'a TableName),
    /// The tables that the scope shows.
    Tables(Vec<TableName>),
    /// One row, under each of eight places of four days.
    Row(&'a TableName, &'a BTreeMap<String, String>),
}

impl<'a> Places<'a> {
    pub(in crate::query) fn of(selection: Selection<'a>, layout: Layout) -> Self {
        let filter = selection.filter;
        if !layout.has_buckets || selection.transaction.is_some() {
            return Self::Timeline;
        }
        match (
            &filter.table,
            &filter.key,
            selection.scope.condition().and_then(|condition| condition.tables()),
        ) {
            (Some(table), Some(key), _) => Self::Row(table, key),
            (Some(table), None, _) => Self::Table(table),
            (None, _, Some(tables)) => Self::Tables(tables),
            (None, _, None) => Self::Timeline,
        }
    }

    pub(in crate::query) const fn are_several(&self) -> bool {
        matches!(self, Self::Row(..) | Self::Tables(_))
    }

    /// The list of places, and the beginning of what is read from each.
    pub(in crate::query) fn push_list(&self, sql: &mut QueryBuilder<Postgres>, schema: &StorageSchema) {
        match self {
            Self::Timeline | Self::Table(_) => return,
            Self::Row(table, key) => {
                sql.push(schema.fill(
                    " FROM (SELECT __schema__.threadline_row_bucket(__schema__.threadline_table_hash(",
                ));
                sql.push_bind(table.schema().to_owned()).push(", ").push_bind(table.name().to_owned());
                sql.push("), ").push_bind(Json((*key).clone()));
                sql.push(", slot << 61) AS place FROM generate_series(0::bigint, 7) AS slot)");
            }
            Self::Tables(tables) => {
                let (schemas, names): (Vec<String>, Vec<String>) =
                    tables.iter().map(|table| (table.schema().to_owned(), table.name().to_owned())).unzip();
                sql.push(schema.fill(
                    " FROM (SELECT DISTINCT __schema__.threadline_table_hash(schema, name) AS place FROM unnest(",
                ));
                sql.push_bind(schemas).push(", ").push_bind(names).push(") AS shown (schema, name))");
            }
        }
        sql.push(" AS places CROSS JOIN LATERAL (");
    }

    /// The columns by which a place is found: a row has a second one, for the changes that took its key away.
    pub(in crate::query) const fn columns(&self) -> &'static [&'static str] {
        match self {
            Self::Timeline => &[""],
            Self::Table(_) | Self::Tables(_) => &["c.table_hash"],
            Self::Row(..) => &["c.row_bucket", "c.related_bucket"],
        }
    }

    /// What a change of the place meets.
    pub(in crate::query) fn push_condition(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        schema: &StorageSchema,
        column: &str,
    ) {
        match self {
            Self::Timeline => {}
            Self::Table(table) => {
                sql.push(schema.fill(&format!("{column} = __schema__.threadline_table_hash(")));
                sql.push_bind(table.schema().to_owned()).push(", ").push_bind(table.name().to_owned());
                sql.push(") AND ");
            }
            Self::Tables(_) | Self::Row(..) => {
                sql.push(format!("{column} = places.place AND "));
            }
        }
    }
}
