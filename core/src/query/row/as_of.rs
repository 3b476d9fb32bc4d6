//! A row as of a moment, from the changes of its key and of the whole table.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;

use super::key_holder::{KeyHolder, holder_after, removes_key};
use super::removal::possible_removals;
use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::window_scan::ChangeRow;
use crate::query::model::as_of::{AsOf, Comparison};
use crate::query::model::change::Change;
use crate::query::model::cursor::{Cursor, Position};
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::possible_removal::PossibleRemoval;
use crate::query::model::row_key::RowKey;
use crate::query::model::timeline_entry::TimelineEntry;
use crate::{Scope, TableName};

/// The longest step back of a clock that is taken into account. After a longer one, an earlier state of a row may be returned
/// for moments in between.
const MAX_CLOCK_STEP: TimeDelta = TimeDelta::days(31);
/// The number of TRUNCATEs that are read together.
const TRUNCATE_BATCH: usize = 100;
/// The numbers of earlier changes of a key that are read, one after the other, to find the row that has it. Nearly always one
/// change is enough.
const KEY_CHANGE_LIMITS: [usize; 3] = [2, 20, 200];

impl Snapshot<'_> {
    /// Returns a row as of a moment: its state after its newest change at that moment or before.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::AsOf;
    ///
    /// let yesterday = chrono::Utc::now() - chrono::TimeDelta::days(1);
    /// let mut snapshot = trail.snapshot().await?;
    /// match snapshot.as_of(&Scope::unscoped(), "tickets", [("id", 4711)], yesterday).await? {
    ///     AsOf::Present(entry) => println!("{:?}", entry.change.after),
    ///     AsOf::Uncertain { causes, .. } => println!("may have been removed: {}", causes[0]),
    ///     AsOf::Deleted(entry) => println!("deleted at {}", entry.change.captured_at),
    ///     AsOf::Moved(entry) => println!("has the key {} since", entry.change.key),
    ///     AsOf::BeforeHorizon => println!("did not exist, or was not captured yet"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::FutureTimestamp`] if the moment is in the future by the clock of the database. [`QueryError::KeyMismatch`]
    /// if no row has such a key, and [`QueryError::NotCaptured`]. [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn as_of(
        &mut self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl Into<RowKey>,
        at: DateTime<Utc>,
    ) -> Result<AsOf, QueryError> {
        self.row_at(scope, &table.into(), &key.into(), Some(at)).await
    }

    /// Returns a row as it is now: its state after its newest change. No clock is read, so a change counts even if it was
    /// recorded with a time that the server's clock has not reached yet.
    ///
    /// # Errors
    /// As [`as_of`](Self::as_of), except [`QueryError::FutureTimestamp`].
    pub async fn as_of_now(
        &mut self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl Into<RowKey>,
    ) -> Result<AsOf, QueryError> {
        self.row_at(scope, &table.into(), &key.into(), None).await
    }

    /// Returns a row as of two moments, and the fields that differ. The order of the moments does not matter.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    ///
    /// let now = chrono::Utc::now();
    /// let moments = [now - chrono::TimeDelta::days(1), now];
    /// let mut snapshot = trail.snapshot().await?;
    /// let comparison = snapshot.compare(&Scope::unscoped(), "tickets", [("id", 4711)], moments).await?;
    /// for field in &comparison.fields {
    ///     println!("{}: {:?} -> {:?}", field.name, field.before, field.after);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`as_of`](Self::as_of).
    pub async fn compare(
        &mut self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl Into<RowKey>,
        [one, other]: [DateTime<Utc>; 2],
    ) -> Result<Comparison, QueryError> {
        let (table, key) = (table.into(), key.into());
        let before = self.row_at(scope, &table, &key, Some(one.min(other))).await?;
        let after = self.row_at(scope, &table, &key, Some(one.max(other))).await?;
        Ok(Comparison::new(before, after))
    }

    /// Returns a row as of a moment, or as it is now.
    async fn row_at(
        &mut self,
        scope: &Scope,
        table: &TableName,
        key: &RowKey,
        at: Option<DateTime<Utc>>,
    ) -> Result<AsOf, QueryError> {
        let at = match at {
            Some(at) => Some(self.recorded_moment(at).await?),
            None => None,
        };
        let filter =
            Filter { table: Some(table.into()), key: Some(key.clone()), to: at, ..Filter::default() };
        let criteria = Criteria::new(scope, &filter);
        let last = self.find_all(criteria, Position::Newest, 1).await?.into_iter().next();
        let Some(last) = last else {
            self.check_key(criteria).await?;
            return Ok(AsOf::BeforeHorizon);
        };
        let mut causes = Vec::new();
        let (row, is_present) = if removes_key(&last.change, key) {
            let transaction_id = last.change.transaction_id;
            let (row, holder) = self.find_holder(criteria, key, last).await?;
            causes.extend(holder.is_ambiguous.then_some(PossibleRemoval::OtherRow { transaction_id }));
            (row, holder.index.is_some())
        } else {
            (last, true)
        };
        if is_present {
            match self.truncate_after(criteria, row.change.cursor()).await? {
                Some(truncate) if truncate.change.partition.is_none() => {
                    return Ok(self.load_entry(truncate).await?.map_or(AsOf::BeforeHorizon, AsOf::Deleted));
                }
                Some(truncate) => causes.push(PossibleRemoval::of_truncate(&truncate.change)),
                None => {}
            }
            causes.extend(self.replaced_key_columns(criteria, &row.change).await?);
            let until = at.unwrap_or(DateTime::<Utc>::MAX_UTC);
            causes.extend(possible_removals(self, table, row.change.captured_at, until).await?);
        }
        let is_moved = row.change.takes_away(key);
        let Some(entry) = self.load_entry(row).await? else { return Ok(AsOf::BeforeHorizon) };
        Ok(match (is_present, is_moved) {
            (true, _) if causes.is_empty() => AsOf::Present(entry),
            (true, _) => AsOf::Uncertain { entry, causes },
            (false, true) => AsOf::Moved(entry),
            (false, false) => AsOf::Deleted(entry),
        })
    }

    async fn load_entry(&mut self, row: ChangeRow) -> Result<Option<TimelineEntry>, QueryError> {
        Ok(self.load_entries(vec![row]).await?.into_iter().next())
    }

    /// Returns the time of changes that corresponds to a moment of the clock. Changes are never recorded with a time before
    /// that of an earlier change.
    ///
    /// If the clock was set back, changes were recorded with later times than it showed, after those that were recorded before.
    /// A moment that the clock showed twice stands for the second time. A moment that is the very time of a change, as a reader
    /// takes it from a history, stands for that change. A moment in the future is an error.
    async fn recorded_moment(&mut self, at: DateTime<Utc>) -> Result<DateTime<Utc>, QueryError> {
        let features = self.features();
        let stepped = if features.has_clock_steps {
            self.fill("pg_catalog.pg_sequence_last_value('__schema__.threadline_clock_steps') IS NOT NULL")
        } else {
            features.has_old_keys.to_string()
        };
        let sql = AssertSqlSafe(format!("SELECT clock_timestamp(), {stepped}"));
        let row = sqlx::query_as(sql).persistent(false).fetch_one(self.connection()).await;
        self.end_statement();
        let (now, may_have_stepped): (DateTime<Utc>, bool) = row?;
        if !may_have_stepped {
            return if at > now { Err(QueryError::FutureTimestamp { at }) } else { Ok(at) };
        }
        let sql = self.fill(
            "SELECT EXISTS (SELECT FROM __schema__.audit_changes WHERE captured_at = $1),
                    (SELECT captured_at FROM __schema__.audit_changes
                     WHERE clock_at IS NOT NULL AND captured_at > $1 AND captured_at <= $2 AND clock_at <= $1
                     ORDER BY captured_at DESC LIMIT 1)",
        );
        let latest = at.checked_add_signed(MAX_CLOCK_STEP).unwrap_or(at);
        let row = sqlx::query_as(AssertSqlSafe(sql)).bind(at).bind(latest).persistent(false);
        let row = row.fetch_one(self.connection()).await;
        self.end_statement();
        let (is_recorded, ahead): (bool, Option<DateTime<Utc>>) = row?;
        match ahead {
            _ if is_recorded => Ok(at),
            Some(ahead) => Ok(ahead),
            None if at > now => Err(QueryError::FutureTimestamp { at }),
            None => Ok(at),
        }
    }

    /// Returns a TRUNCATE of the whole table after a change, or else the newest one of a partition.
    ///
    /// A TRUNCATE has no values, so conditions of the scope on values do not apply: whoever may see a row may also know that
    /// its table was emptied.
    async fn truncate_after(
        &mut self,
        criteria: Criteria<'_>,
        cursor: Cursor,
    ) -> Result<Option<ChangeRow>, QueryError> {
        let (scope, filter) = criteria.truncates();
        let truncates = Criteria::new(&scope, &filter);
        let mut position = Position::NewerThan(cursor);
        let mut newest_of_partition = None;
        loop {
            let rows = self.find_all(truncates, position, TRUNCATE_BATCH).await?;
            let Some(last) = rows.last() else { return Ok(newest_of_partition) };
            position = Position::NewerThan(last.change.cursor());
            for truncate in rows {
                if truncate.change.partition.is_none() {
                    return Ok(Some(truncate));
                }
                newest_of_partition = Some(truncate);
            }
        }
    }

    /// Returns the other key columns that the table has since, if it has: later changes of the row are recorded under another
    /// key.
    async fn replaced_key_columns(
        &mut self,
        criteria: Criteria<'_>,
        last: &Change,
    ) -> Result<Option<PossibleRemoval>, QueryError> {
        let of_table = Filter { key: None, from: Some(last.captured_at), ..criteria.filter.clone() };
        let newest = self.newest_keys(criteria.with_filter(&of_table)).await?.find();
        let other = newest
            .filter(|change| change.cursor() > last.cursor() && !change.key.columns().eq(last.key.columns()));
        Ok(other.map(|change| PossibleRemoval::KeyColumnsReplaced {
            columns: change.key.columns().map(str::to_owned).collect(),
            known_at: change.captured_at,
        }))
    }

    /// Finds the row that has a key after a change that took it away from a row. Another row may have been given the key
    /// before, as when keys are swapped or shifted. Returns the last change of that row, or the removal and that no row has the
    /// key.
    async fn find_holder(
        &mut self,
        criteria: Criteria<'_>,
        key: &RowKey,
        removal: ChangeRow,
    ) -> Result<(ChangeRow, KeyHolder), QueryError> {
        let older = Position::OlderThan(removal.change.cursor());
        let mut rows = vec![removal];
        for limit in KEY_CHANGE_LIMITS {
            let mut found = self.find_all(criteria, older, limit).await?;
            self.read_own_values(&mut found).await?;
            let is_all = found.len() < limit || limit == KEY_CHANGE_LIMITS[KEY_CHANGE_LIMITS.len() - 1];
            rows.truncate(1);
            rows.extend(found);
            let changes = rows.iter().map(|row| &row.change).collect::<Vec<_>>();
            if let Some(holder) = holder_after(&changes, key, is_all) {
                return Ok((rows.swap_remove(holder.index.unwrap_or(0)), holder));
            }
        }
        Ok((rows.swap_remove(0), KeyHolder { index: None, is_ambiguous: false }))
    }
}
