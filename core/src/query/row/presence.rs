//! Whether a row had a key at a moment, by the changes of the key and of the whole table.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;

use crate::query::engine::reader::{Found, Reader};
use crate::query::engine::where_clause::Selection;
use crate::query::row::key_columns::CHANGES_ASKED;
use crate::query::row::occupants::{Occupant, RowKeyFilter, is_departure, occupant_after};
use crate::query::{AsOf, Change, Cursor, Filter, Operation, Position, PossibleRemoval, QueryError};
use crate::{Scope, TableName};

/// A clock that is set back further than this may show an earlier state of a row for moments in between.
const MAX_CLOCK_STEP: TimeDelta = TimeDelta::days(31);
const TRUNCATES_AT_ONCE: usize = 100;
/// How many earlier changes of a key are read to find out who has it: nearly always one is enough.
const CHANGES_OF_KEY: [usize; 3] = [2, 20, 200];

impl Reader<'_> {
    /// Answers for a moment, and without one for now.
    pub(in crate::query) async fn as_of(
        &mut self,
        scope: &Scope,
        table: &TableName,
        key: &RowKeyFilter,
        at: Option<DateTime<Utc>>,
    ) -> Result<AsOf, QueryError> {
        let at = match at {
            Some(at) => Some(self.recorded_moment(at).await?),
            None => None,
        };
        let row = Filter { table: Some(table.clone()), key: Some(key.clone()), to: at, ..Filter::default() };
        let selection = Selection::new(scope, &row);
        let last = self.changes(selection, Position::Newest, 1).await?.into_iter().next();
        let Some(last) = last else {
            self.check_key(selection).await?;
            return Ok(AsOf::BeforeHorizon);
        };
        let takes_away = last.change.operation == Operation::Delete || is_departure(&last.change, key);
        let mut causes = Vec::new();
        let (found, is_present) = if takes_away {
            let transaction_id = last.change.transaction_id;
            let (found, occupant) = self.resolve_departure(selection, key, last).await?;
            causes.extend(occupant.is_ambiguous.then_some(PossibleRemoval::OtherRow { transaction_id }));
            (found, occupant.place.is_some())
        } else {
            (last, true)
        };
        if is_present {
            match self.truncate_after(selection, found.change.cursor()).await? {
                Some(truncate) if truncate.change.partition.is_none() => {
                    return Ok(self.entry(truncate).await?.map_or(AsOf::BeforeHorizon, AsOf::Deleted));
                }
                Some(truncate) => causes.push(PossibleRemoval::of_truncate(&truncate.change)),
                None => {}
            }
            causes.extend(self.replaced_key_columns(selection, &found.change).await?);
            causes.extend(
                self.possible_removals(
                    table,
                    found.change.captured_at,
                    at.unwrap_or(DateTime::<Utc>::MAX_UTC),
                )
                .await?,
            );
        }
        let is_departure = is_departure(&found.change, key);
        let Some(entry) = self.entry(found).await? else { return Ok(AsOf::BeforeHorizon) };
        Ok(match (is_present, is_departure) {
            (true, _) if causes.is_empty() => AsOf::Present(entry),
            (true, _) => AsOf::Uncertain { entry, causes },
            (false, true) => AsOf::Moved(entry),
            (false, false) => AsOf::Deleted(entry),
        })
    }

    async fn entry(&mut self, found: Found) -> Result<Option<crate::query::TimelineEntry>, QueryError> {
        Ok(self.entries(vec![found]).await?.into_iter().next())
    }

    /// The place of a moment among the times of changes, which never run backwards. Refuses one that is still to come.
    ///
    /// Where the clock was set back, changes were written that are recorded at later times than it showed, and what had been
    /// recorded before them came first, too. A moment that the clock showed twice means the second time. One that is the very
    /// time of a change, as a reader finds it in a history, means that change.
    async fn recorded_moment(&mut self, at: DateTime<Utc>) -> Result<DateTime<Utc>, QueryError> {
        let layout = self.layout();
        let stepped = if layout.has_clock_steps {
            self.fill("pg_catalog.pg_sequence_last_value('__schema__.threadline_clock_steps') IS NOT NULL")
        } else {
            layout.has_old_keys.to_string()
        };
        let sql = AssertSqlSafe(format!("SELECT clock_timestamp(), {stepped}"));
        let row = sqlx::query_as(sql).persistent(false).fetch_one(self.connection());
        let (now, may_have_stepped): (DateTime<Utc>, bool) = row.await?;
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
        let (is_recorded, ahead): (bool, Option<DateTime<Utc>>) = row.fetch_one(self.connection()).await?;
        match ahead {
            _ if is_recorded => Ok(at),
            Some(ahead) => Ok(ahead),
            None if at > now => Err(QueryError::FutureTimestamp { at }),
            None => Ok(at),
        }
    }

    /// The newest TRUNCATE of the whole table after a change, or else the newest one of a partition.
    ///
    /// A TRUNCATE has no values, so conditions of the scope on values do not apply: whoever may see a row may learn that its
    /// table was emptied.
    async fn truncate_after(
        &mut self,
        selection: Selection<'_>,
        cursor: Cursor,
    ) -> Result<Option<Found>, QueryError> {
        let filter = Filter { key: None, operation: Some(Operation::Truncate), ..selection.filter.clone() };
        let scope = selection.scope.of_whole_tables();
        let truncates = Selection::new(&scope, &filter);
        let mut position = Position::NewerThan(cursor);
        let mut newest_of_partition = None;
        loop {
            let found = self.changes(truncates, position, TRUNCATES_AT_ONCE).await?;
            let Some(last) = found.last() else { return Ok(newest_of_partition) };
            position = Position::NewerThan(last.change.cursor());
            for truncate in found {
                if truncate.change.partition.is_none() {
                    return Ok(Some(truncate));
                }
                newest_of_partition = Some(truncate);
            }
        }
    }

    /// Whether the rows of the table have other key columns since: then what happened to the row is filed under another key.
    async fn replaced_key_columns(
        &mut self,
        selection: Selection<'_>,
        last: &Change,
    ) -> Result<Option<PossibleRemoval>, QueryError> {
        let of_table = Filter { key: None, from: Some(last.captured_at), ..selection.filter.clone() };
        let of_table = Selection { filter: &of_table, ..selection };
        let newest = self.changes(of_table, Position::Newest, CHANGES_ASKED).await?;
        let newest = newest.into_iter().map(|found| found.change).find(|change| !change.key.is_empty());
        let other =
            newest.filter(|change| change.cursor() > last.cursor() && !change.key.keys().eq(last.key.keys()));
        Ok(other.map(|change| PossibleRemoval::KeyColumnsReplaced {
            columns: change.key.into_keys().collect(),
            known_at: change.captured_at,
        }))
    }

    /// Who has a key after a change that took it away from a row. Another row may have taken the key before in the order of
    /// writing, as when keys are swapped or shifted: answers the last change of that row, or the departure and that nobody has
    /// the key.
    async fn resolve_departure(
        &mut self,
        selection: Selection<'_>,
        key: &RowKeyFilter,
        departure: Found,
    ) -> Result<(Found, Occupant), QueryError> {
        let older = Position::OlderThan(departure.change.cursor());
        let mut found_changes = vec![departure];
        for limit in CHANGES_OF_KEY {
            let found = self.changes(selection, older, limit).await?;
            let is_all = found.len() < limit || limit == CHANGES_OF_KEY[CHANGES_OF_KEY.len() - 1];
            found_changes.truncate(1);
            found_changes.extend(found);
            let changes = found_changes.iter().map(|found| &found.change).collect::<Vec<_>>();
            if let Some(occupant) = occupant_after(&changes, key, is_all) {
                return Ok((found_changes.swap_remove(occupant.place.unwrap_or(0)), occupant));
            }
        }
        Ok((found_changes.swap_remove(0), Occupant { place: None, is_ambiguous: false }))
    }
}
