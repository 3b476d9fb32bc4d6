//! The columns whose values a search cannot find, because capture keeps them out of the trail.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use sqlx::{QueryBuilder, Row};

use super::engine::snapshot::Snapshot;
use super::model::error::QueryError;
use super::model::filter::Filter;
use super::suggestions::Sentence;
use crate::capture::{FUNCTION_PREFIX, StoredPolicy};
use crate::{Scope, TableName};

/// The columns of one table that a search for a value does not cover.
///
/// Changes that were captured under an earlier policy may contain values of these columns, which are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnsearchedColumns {
    /// The table.
    pub table: TableName,
    /// The columns that the deployed policy excludes.
    pub excluded: Vec<String>,
    /// The columns that it masks.
    pub masked: Vec<String>,
}

/// Serialises as `table_schema`, `table_name`, `excluded` and `masked`.
impl Serialize for UnsearchedColumns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(4))?;
        fields.serialize_entry("table_schema", self.table.schema())?;
        fields.serialize_entry("table_name", self.table.name())?;
        fields.serialize_entry("excluded", &self.excluded)?;
        fields.serialize_entry("masked", &self.masked)?;
        fields.end()
    }
}

impl UnsearchedColumns {
    /// Says why the columns are not searched, in one sentence or two: `password_hash of users is not recorded, so it was not searched,
    /// except where an earlier policy recorded it.`
    #[must_use]
    pub fn describe(&self) -> Vec<Sentence> {
        let sentences = [(&self.excluded, "not recorded"), (&self.masked, "masked")];
        let with_columns = sentences.into_iter().filter(|(columns, _)| !columns.is_empty());
        with_columns.map(|(columns, reason)| self.sentence(columns, reason)).collect()
    }

    fn sentence(&self, columns: &[String], reason: &str) -> Sentence {
        let last = columns.len() - 1;
        let names = columns.iter().enumerate().fold(Sentence::default(), |sentence, (index, column)| {
            let separator = if index == 0 {
                ""
            } else if index == last {
                " and "
            } else {
                ", "
            };
            sentence.words(separator).value(column)
        });
        let [is, it, was, them] =
            if last == 0 { ["is", "it", "was", "it"] } else { ["are", "they", "were", "them"] };
        names.words(" of ").value(self.table.to_string()).words(format!(
            " {is} {reason}, so {it} {was} not searched, except where an earlier policy recorded {them}."
        ))
    }
}

impl Snapshot<'_> {
    /// Returns the columns that the search for the filter's value does not cover, by table: those that the deployed capture policies
    /// exclude or mask, of the tables that the filter selects and the scope names. Without a value, returns nothing.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::Filter;
    ///
    /// let (filter, _) = Filter::from_pairs([("table", "users"), ("value", "berta")])?;
    /// for columns in trail.snapshot().await?.unsearched_columns(&Scope::unscoped(), &filter).await? {
    ///     columns.describe().iter().for_each(|sentence| println!("{sentence}"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn unsearched_columns(
        &mut self,
        scope: &Scope,
        filter: &Filter,
    ) -> Result<Vec<UnsearchedColumns>, QueryError> {
        if filter.value.is_none() {
            return Ok(Vec::new());
        }
        let mut sql = QueryBuilder::new(
            "SELECT pg_catalog.obj_description(p.oid, 'pg_proc') FROM pg_catalog.pg_proc AS p
             JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = ",
        );
        sql.push_bind(self.schema().name().to_owned()).push(" AND starts_with(p.proname::text, ");
        sql.push_bind(FUNCTION_PREFIX).push(")");
        let mut unsearched = Vec::new();
        for row in self.fetch_all(sql).await? {
            let comment: Option<String> = row.try_get(0)?;
            let policy: Option<StoredPolicy> = comment.and_then(|text| serde_json::from_str(&text).ok());
            let Some(StoredPolicy { table, exclude, mask, .. }) = policy else { continue };
            if !filter.selects_table(&table) || !scope.names(&table) {
                continue;
            }
            let is_searched = |column: &String| {
                filter.field.as_ref().is_none_or(|fields| fields.selects(|field| field == column))
            };
            let searched = |columns: Vec<String>| columns.into_iter().filter(is_searched).collect::<Vec<_>>();
            let (excluded, masked) = (searched(exclude), searched(mask));
            if !excluded.is_empty() || !masked.is_empty() {
                unsearched.push(UnsearchedColumns { table, excluded, masked });
            }
        }
        unsearched.sort_by(|one, other| one.table.cmp(&other.table));
        Ok(unsearched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_described_with_the_reason() {
        let columns = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let unsearched = UnsearchedColumns {
            table: "users".into(),
            excluded: columns(&["password_hash"]),
            masked: columns(&["email", "phone", "iban"]),
        };
        let sentences: Vec<_> = unsearched.describe().iter().map(ToString::to_string).collect();
        assert_eq!(
            sentences,
            [
                "password_hash of users is not recorded, so it was not searched, except where an earlier policy recorded it.",
                "email, phone and iban of users are masked, so they were not searched, except where an earlier policy recorded them.",
            ]
        );
    }
}
