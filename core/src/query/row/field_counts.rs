//! The number of versions of a row that changed each of its fields.

use std::collections::BTreeMap;
use std::time::Instant;

use sqlx::{QueryBuilder, Row};

use crate::query::engine::criteria::Criteria;
use crate::query::engine::index_path::push_first;
use crate::query::engine::snapshot::Snapshot;
use crate::query::model::change::Change;
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;
use crate::query::model::filter::{Filter, Selection};
use crate::query::model::page::Count;
use crate::query::model::row_key::RowKey;
use crate::{Scope, TableName};

/// The number of versions of a row that changed each of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldCounts {
    /// The number of versions, in which each TRUNCATE of the table is one. If it is truncated, the fields were counted in that many
    /// of the newest versions.
    pub versions: Count,
    /// Each field that an update changed, by name, with the number of these updates.
    pub fields: Vec<(String, usize)>,
}

impl FieldCounts {
    /// Counts the fields of a whole history that has been read.
    pub fn of<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Self {
        let (mut versions, mut fields) = (0, BTreeMap::new());
        for change in changes {
            versions += 1;
            count_each(&mut fields, change.changed_fields.iter().flatten().cloned(), 1);
        }
        Self { versions: Count::Exact(versions), fields: fields.into_iter().collect() }
    }
}

fn count_each(
    fields: &mut BTreeMap<String, usize>,
    changed: impl IntoIterator<Item = String>,
    versions: usize,
) {
    for field in changed {
        *fields.entry(field).or_default() += versions;
    }
}

impl Snapshot<'_> {
    /// Counts the versions of a row that changed each of its fields, in at most `cap` versions, the newest first. The other conditions
    /// of the filter apply as well; its own table and key are replaced. Returns `None` if counting takes longer than the
    /// [search time](crate::AuditTrail::search_time).
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::Filter;
    ///
    /// let (scope, any) = (Scope::unscoped(), Filter::default());
    /// let counts = trail.snapshot().await?.field_counts(&scope, "tickets", [("id", 4711)], &any, 1_000).await?;
    /// for (field, versions) in counts.iter().flat_map(|counts| &counts.fields) {
    ///     println!("{field} {versions}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn field_counts(
        &mut self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl Into<RowKey>,
        filter: &Filter,
        cap: usize,
    ) -> Result<Option<FieldCounts>, QueryError> {
        let filter =
            Filter { table: Some(Selection::from(table.into())), key: Some(key.into()), ..filter.clone() };
        let deadline = Instant::now().checked_add(self.search_time());
        let time_limit = self.begin_deadline(deadline).await?;
        let counts = self.count_fields(Criteria::new(scope, &filter), cap).await;
        self.end_time_limit(time_limit, counts).await
    }

    async fn count_fields(&mut self, criteria: Criteria<'_>, cap: usize) -> Result<FieldCounts, QueryError> {
        let (mut fields, mut counted) = (BTreeMap::new(), 0);
        if criteria.is_unsatisfiable() {
            return Ok(FieldCounts { versions: Count::Exact(0), fields: Vec::new() });
        }
        let position = Position::Newest;
        for window in self.time_windows(criteria, position) {
            let mut sql =
                QueryBuilder::new("SELECT c.changed_fields, count(*) FROM (SELECT c.changed_fields");
            push_first(self, &mut sql, criteria, position, window, cap - counted);
            sql.push(") AS c GROUP BY c.changed_fields");
            for row in self.fetch_all(sql).await? {
                let versions = usize::try_from(row.try_get::<i64, _>(1)?).unwrap_or(usize::MAX);
                let changed: Option<Vec<String>> = row.try_get(0)?;
                count_each(&mut fields, changed.into_iter().flatten(), versions);
                counted += versions;
            }
            if counted >= cap {
                break;
            }
        }
        let fields = fields.into_iter().collect();
        if counted == 0 || counted >= cap {
            let has_more =
                counted > 0 && self.count_matches(criteria, position, cap.saturating_add(1)).await? > cap;
            let versions = if has_more { Count::Truncated(cap) } else { Count::Exact(counted) };
            return Ok(FieldCounts { versions, fields });
        }
        let (scope, filter) = criteria.truncates();
        let rest = (cap - counted).saturating_add(1);
        let truncates = self.count_matches(Criteria::new(&scope, &filter), position, rest).await?;
        let versions = match counted + truncates {
            all if all > cap => Count::Truncated(cap),
            all => Count::Exact(all),
        };
        Ok(FieldCounts { versions, fields })
    }
}
