//! One transaction with its changes, and the transactions of the same correlation.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::engine::criteria::Criteria;
use super::engine::snapshot::Snapshot;
use super::engine::where_clause::to_bigint;
use super::model::change::{Change, RowImage};
use super::model::change_diff::ChangeDiff;
use super::model::cursor::Position;
use super::model::error::QueryError;
use super::model::field_change::OldValueSource;
use super::model::filter::Filter;
use super::model::page::Page;
use super::model::transaction_record::TransactionRecord;
use crate::Scope;

/// A transaction and a page of its changes. Serialised, it is the `transaction` beside the fields of the page.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TransactionDetail {
    /// The transaction and its action.
    pub transaction: TransactionRecord,
    /// Its changes, newest first.
    #[serde(flatten)]
    pub changes: Page<Change>,
}

/// A transaction, its action, and its changes with their old values: the data of an incident report.
///
/// Serialised, it is `transaction`, `entries` and `truncated`. An entry is a change with its `diff`, the row `previous` to it
/// where old values are not stored, and `old_values`, the source of the old value of each field.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TransactionWithOldValues {
    /// The transaction and its action.
    pub transaction: TransactionRecord,
    /// Its changes, newest first. [`Change::diff`] and [`Change::fields`] return them field by field.
    pub changes: Vec<Change>,
    /// True if there are more changes than were asked for.
    pub truncated: bool,
}

impl Snapshot<'_> {
    /// Returns one transaction with a page of at most `size` of its changes, newest first. Returns `None` if there is no such
    /// transaction, or if none of its changes is in the scope.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Position, TransactionId};
    ///
    /// let id: TransactionId = "0193c2aa-0000-7000-8000-00000000008d".parse()?;
    /// let mut snapshot = trail.snapshot().await?;
    /// let detail = snapshot.transaction(&Scope::unscoped(), id, Position::Newest, 50).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn transaction(
        &mut self,
        scope: &Scope,
        id: impl Into<Uuid>,
        position: Position,
        size: usize,
    ) -> Result<Option<TransactionDetail>, QueryError> {
        let id = id.into();
        let filter = Filter::default();
        let criteria = Criteria { transaction: Some(id), ..Criteria::new(scope, &filter) };
        let page = self.page(criteria, position, size).await?;
        if page.entries.is_empty()
            && scope.is_limited()
            && !self.may_exist(criteria, Position::Newest).await?
        {
            return Ok(None);
        }
        let transaction = match page.entries.first() {
            Some(entry) => Some(entry.transaction.clone()),
            None => self.load_transactions(&[(id, None)]).await?.remove(&id),
        };
        let Some(transaction) = transaction else { return Ok(None) };
        Ok(Some(TransactionDetail { transaction, changes: page.map(|entry| entry.change) }))
    }

    /// Returns one transaction with at most `limit` of its changes and their old values. Returns `None` if there is no such
    /// transaction, or if none of its changes is in the scope.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn transaction_with_old_values(
        &mut self,
        scope: &Scope,
        id: impl Into<Uuid>,
        limit: usize,
    ) -> Result<Option<TransactionWithOldValues>, QueryError> {
        let Some(detail) = self.transaction(scope, id, Position::Newest, limit).await? else {
            return Ok(None);
        };
        let truncated = detail.changes.older.is_some();
        let mut changes = detail.changes.entries;
        self.load_old_values(scope, &mut changes).await?;
        Ok(Some(TransactionWithOldValues { transaction: detail.transaction, changes, truncated }))
    }

    /// Returns the transactions with this correlation id, except the transaction `except`: at most `limit`, newest first.
    /// Transactions without a change in the scope are left out.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail, id: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
    /// let scope = threadline::Scope::unscoped();
    /// let mut snapshot = trail.snapshot().await?;
    /// let others = snapshot.transactions_by_correlation(&scope, "checkout-8841", id, 20).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn transactions_by_correlation(
        &mut self,
        scope: &Scope,
        correlation_id: &str,
        except: impl Into<Uuid>,
        limit: usize,
    ) -> Result<Vec<TransactionRecord>, QueryError> {
        let columns = TransactionRecord::columns(self.features().has_meta);
        let mut sql = QueryBuilder::new(self.fill(&format!(
            "SELECT {columns} FROM __schema__.audit_actions AS a
             JOIN __schema__.audit_transactions AS t ON t.action_id = a.id WHERE a.correlation_id = "
        )));
        sql.push_bind(correlation_id.to_owned()).push(" AND t.id <> ").push_bind(except.into());
        self.where_clause(&mut sql).push_visible(scope);
        sql.push(" ORDER BY t.occurred_at DESC, t.id DESC LIMIT ").push_bind(to_bigint(limit));
        let rows = self.fetch_all(sql).await?;
        Ok(rows.iter().map(TransactionRecord::from_row).collect::<Result<_, _>>()?)
    }
}

impl Serialize for TransactionWithOldValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            transaction: &'a TransactionRecord,
            entries: Vec<Entry<'a>>,
            truncated: bool,
        }
        #[derive(Serialize)]
        struct Entry<'a> {
            #[serde(flatten)]
            change: &'a Change,
            diff: ChangeDiff<'a>,
            previous: &'a Option<RowImage>,
            old_values: BTreeMap<String, &'static str>,
        }
        fn entry(change: &Change) -> Entry<'_> {
            let (diff, old_values) = (change.diff(false), old_value_sources(change));
            Entry { change, diff, previous: &change.previous, old_values }
        }
        let Self { transaction, changes, truncated } = self;
        Fields { transaction, entries: changes.iter().map(entry).collect(), truncated: *truncated }
            .serialize(serializer)
    }
}

/// Returns the source of the old value of each field, except where the row did not exist before.
fn old_value_sources(change: &Change) -> BTreeMap<String, &'static str> {
    let fields = change.fields().into_iter();
    let sources = fields.filter(|field| field.before_source != OldValueSource::Absent);
    sources.map(|field| (field.name, field.before_source.as_str())).collect()
}
