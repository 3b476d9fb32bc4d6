//! Queries of [`AuditTrail`] for hosts that run one query: each begins a snapshot and queries that.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::as_of::AsOf;
use super::model::cursor::Position;
use super::model::error::QueryError;
use super::model::filter::Filter;
use super::model::page::Page;
use super::model::row_key::RowKey;
use super::model::timeline_entry::TimelineEntry;
use super::transaction::TransactionDetail;
use crate::{AuditTrail, Scope, TableName};

impl AuditTrail {
    /// Returns the newest changes that match the filter, at most `limit`: the entries of a first
    /// [`timeline_page`](Self::timeline_page).
    ///
    /// # Errors
    /// As [`Snapshot::timeline_page`](crate::query::Snapshot::timeline_page).
    pub async fn timeline(
        &self,
        scope: &Scope,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<TimelineEntry>, QueryError> {
        Ok(self.timeline_page(scope, filter, Position::Newest, limit).await?.entries)
    }

    /// Returns a page of at most `size` changes, newest first, by
    /// [`Snapshot::timeline_page`](crate::query::Snapshot::timeline_page) of a new snapshot.
    ///
    /// # Errors
    /// As [`Snapshot::timeline_page`](crate::query::Snapshot::timeline_page).
    pub async fn timeline_page(
        &self,
        scope: &Scope,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        self.snapshot().await?.timeline_page(scope, filter, position, size).await
    }

    /// Returns a row as of a moment, by [`Snapshot::as_of`](crate::query::Snapshot::as_of) of a new snapshot.
    ///
    /// # Errors
    /// As [`Snapshot::as_of`](crate::query::Snapshot::as_of).
    pub async fn as_of(
        &self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl Into<RowKey>,
        at: DateTime<Utc>,
    ) -> Result<AsOf, QueryError> {
        self.snapshot().await?.as_of(scope, table, key, at).await
    }

    /// Returns one transaction with a page of its changes, by [`Snapshot::transaction`](crate::query::Snapshot::transaction) of
    /// a new snapshot.
    ///
    /// # Errors
    /// As [`Snapshot::transaction`](crate::query::Snapshot::transaction).
    pub async fn transaction(
        &self,
        scope: &Scope,
        id: impl Into<Uuid>,
        position: Position,
        size: usize,
    ) -> Result<Option<TransactionDetail>, QueryError> {
        self.snapshot().await?.transaction(scope, id, position, size).await
    }
}
