//! A scan of the transactions of an actor or an action, in the order in which their changes are wanted.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

use super::transaction_changes::TransactionRef;
use crate::query::engine::criteria::Criteria;
use crate::query::engine::schema_features::SchemaFeatures;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::thresholds::{LATE_AFTER, MIN_TRANSACTIONS_LISTED};
use crate::query::engine::time_windows::{TimeWindow, TimeWindows};
use crate::query::engine::where_clause::{push_after_cursor, push_order, to_bigint};
use crate::query::model::cursor::{Cursor, Direction, Position};
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;

/// The columns by which transactions are ordered.
const TRANSACTION_ORDER: [&str; 2] = ["t.occurred_at", "t.id"];

/// The part of a filter whose index lists the transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DrivingFilter {
    Actor,
    Action,
}

impl DrivingFilter {
    /// Returns this part of the filter, with its time range.
    pub(super) fn of(self, filter: &Filter) -> Filter {
        let range = Filter { from: filter.from, to: filter.to, ..Filter::default() };
        match self {
            Self::Actor => Filter { actor: filter.actor.clone(), ..range },
            Self::Action => Filter { action: filter.action.clone(), ..range },
        }
    }

    /// Returns the other conditions on the transaction, with the time range.
    pub(super) fn residual(self, filter: &Filter) -> Filter {
        let range = Filter { from: filter.from, to: filter.to, ..Filter::default() };
        let range = Filter { on_behalf_of: filter.on_behalf_of.clone(), ..range };
        match self {
            Self::Actor => Filter { action: filter.action.clone(), ..range },
            Self::Action => Filter { actor: filter.actor.clone(), ..range },
        }
    }
}

/// The transactions that can hold prompt changes of a position, as far as they were read. Listing many of them costs little,
/// reading the changes of each costs more.
#[derive(Debug)]
pub(super) struct TransactionScan<'a> {
    pub(super) filter: &'a Filter,
    pub(super) position: Position,
    /// The transactions that were listed.
    pub(super) fetched: Vec<TransactionRef>,
    /// The number of them, from the first one on, whose changes were read.
    pub(super) consumed: usize,
    pub(super) driving_filter: DrivingFilter,
    window: Option<TimeWindow>,
    windows: TimeWindows,
}

impl<'a> TransactionScan<'a> {
    pub(super) fn new(
        criteria: Criteria<'a>,
        position: Position,
        features: SchemaFeatures,
        driving_filter: DrivingFilter,
    ) -> Self {
        let mut windows = TimeWindows::of(criteria, position, features);
        let window = windows.next();
        Self {
            filter: criteria.filter,
            position,
            fetched: Vec::new(),
            consumed: 0,
            driving_filter,
            window,
            windows,
        }
    }

    pub(super) const fn direction(&self) -> Direction {
        self.position.direction()
    }

    /// Returns whether the changes of all transactions were read.
    pub(super) const fn is_at_end(&self) -> bool {
        self.window.is_none() && self.consumed == self.fetched.len()
    }

    /// Returns whether the list holds every transaction with changes of the position, late ones included. A change after a lower
    /// bound may belong to a transaction from before it, which the scan does not list.
    pub(super) const fn is_complete(&self) -> bool {
        self.window.is_none()
            && self.filter.from.is_none()
            && !matches!(self.position, Position::NewerThan(_))
    }

    /// Returns whether the list is complete, and short enough to read the changes of each transaction in every partition.
    pub(super) const fn is_small(&self) -> bool {
        self.is_complete() && self.fetched.len() <= MIN_TRANSACTIONS_LISTED
    }

    /// Returns the beginning of the last transaction that was listed; none if the list ends there.
    pub(super) fn frontier(&self) -> Option<DateTime<Utc>> {
        self.window.and_then(|_| self.fetched.last()).map(|last| last.occurred_at)
    }

    /// Returns the moment up to which unlisted transactions with late changes of the position may have begun: those beyond the
    /// frontier, and those from before a lower bound. None if there are no such transactions.
    pub(super) fn unlisted_until(&self) -> Option<DateTime<Utc>> {
        let [after, _] = self.filter.bounds(self.position);
        match self.direction() {
            Direction::Older => self.frontier().or(after),
            Direction::Newer => after,
        }
    }

    /// Returns the window in which all prompt changes were read.
    pub(super) fn complete_range(&self) -> TimeWindow {
        let last = self.fetched[..self.consumed].last().filter(|_| !self.is_at_end());
        let Some(last) = last else { return TimeWindow::default() };
        match self.direction() {
            Direction::Older => TimeWindow {
                from: last.occurred_at.checked_add_signed(LATE_AFTER * 2),
                ..TimeWindow::default()
            },
            // The clock may have been set back while the transaction was running.
            Direction::Newer => {
                TimeWindow { until: last.occurred_at.checked_sub_signed(LATE_AFTER), ..TimeWindow::default() }
            }
        }
    }

    /// Returns the next `number` transactions, or fewer at the end.
    pub(super) async fn next(
        &mut self,
        snapshot: &mut Snapshot<'_>,
        number: usize,
    ) -> Result<Vec<TransactionRef>, QueryError> {
        let consumed = self.consumed;
        let wanted = if consumed == 0 { number.max(MIN_TRANSACTIONS_LISTED) } else { consumed + number };
        self.list(snapshot, wanted.saturating_sub(self.fetched.len())).await?;
        self.consumed = self.fetched.len().min(consumed + number);
        Ok(self.fetched[consumed..self.consumed].to_vec())
    }

    /// Lists `number` more transactions, or fewer at the end.
    pub(super) async fn list(
        &mut self,
        snapshot: &mut Snapshot<'_>,
        number: usize,
    ) -> Result<(), QueryError> {
        let wanted = self.fetched.len() + number;
        while let Some(window) = self.window {
            let number = wanted - self.fetched.len();
            if number == 0 {
                break;
            }
            let listed = self.read_window(snapshot, window, number).await?;
            if listed.len() < number {
                // An actor with few transactions in the first window probably has few altogether.
                self.window = self.windows.remainder();
            }
            self.fetched.extend(listed);
        }
        Ok(())
    }

    async fn read_window(
        &self,
        snapshot: &mut Snapshot<'_>,
        window: TimeWindow,
        number: usize,
    ) -> Result<Vec<TransactionRef>, QueryError> {
        let mut sql = QueryBuilder::new(
            snapshot.fill("SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t WHERE true"),
        );
        let mut conditions = snapshot.where_clause(&mut sql);
        conditions.push_transaction_filter(&self.driving_filter.of(self.filter));
        conditions.push_residual_transaction_filter(&self.driving_filter.residual(self.filter));
        let [after, before] = self.filter.bounds(self.position);
        // A prompt change is at most `LATE_AFTER` older or younger than the beginning of its transaction.
        let bounds = [
            (">=", window.from.and_then(|from| from.checked_sub_signed(LATE_AFTER))),
            ("<", window.until.and_then(|until| until.checked_sub_signed(LATE_AFTER))),
            (">=", after.and_then(|after| after.checked_sub_signed(LATE_AFTER))),
            ("<=", before.and_then(|before| before.checked_add_signed(LATE_AFTER))),
        ];
        for (comparison, moment) in bounds {
            if let Some(moment) = moment {
                sql.push(format!(" AND t.occurred_at {comparison} ")).push_bind(moment);
            }
        }
        if let Some(last) = self.fetched.last() {
            let cursor = Cursor { captured_at: last.occurred_at, id: last.id };
            push_after_cursor(&mut sql, TRANSACTION_ORDER, self.direction(), cursor);
        }
        push_order(&mut sql, TRANSACTION_ORDER, self.direction());
        sql.push(" LIMIT ").push_bind(to_bigint(number));
        Ok(TransactionRef::read(&snapshot.fetch_all(sql).await?)?)
    }
}
