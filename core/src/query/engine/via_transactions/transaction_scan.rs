//! The transactions of an actor or an action, nearest first.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgRow;
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use super::{FIRST, LATE};
use crate::query::engine::reader::{Reader, clamp};
use crate::query::engine::schema_features::Layout;
use crate::query::engine::time_windows::{Window, Windows};
use crate::query::engine::where_clause::{Lead, Selection};
use crate::query::{Filter, Position, QueryError};

/// A transaction and when it began.
#[derive(Debug, Clone, Copy)]
pub(in crate::query) struct Begun {
    pub(in crate::query) id: Uuid,
    pub(in crate::query) at: DateTime<Utc>,
}

impl Begun {
    pub(in crate::query) fn read(rows: &[PgRow]) -> Result<Vec<Self>, sqlx::Error> {
        rows.iter().map(|row| Ok(Self { id: row.try_get("id")?, at: row.try_get("occurred_at")? })).collect()
    }
}

/// The transactions that can hold prompt changes of a position, as far as they have been read. It costs little to list many at
/// once, and more to look into them.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    pub(super) filter: &'a Filter,
    pub(super) position: Position,
    /// Those that have been listed.
    pub(super) seen: Vec<Begun>,
    /// How many of them, from the first on, have been asked for.
    pub(super) taken: usize,
    pub(super) lead: Lead,
    window: Option<Window>,
    windows: Windows,
}

impl<'a> Listing<'a> {
    pub(super) fn of(selection: Selection<'a>, position: Position, layout: Layout) -> Self {
        let mut windows = Windows::of(selection, position, layout);
        let filter = selection.filter;
        let lead = if filter.actor.is_some() { Lead::Actor } else { Lead::Action };
        Self { filter, position, seen: Vec::new(), taken: 0, lead, window: windows.next(), windows }
    }

    /// Whether all have been taken.
    pub(super) fn is_at_end(&self) -> bool {
        self.window.is_none() && self.taken == self.seen.len()
    }

    /// Whether all transactions have been seen that can hold changes of the position, late ones included: a change after a
    /// lower bound may belong to a transaction from before it.
    pub(super) const fn is_complete(&self) -> bool {
        self.window.is_none()
            && self.filter.from.is_none()
            && !matches!(self.position, Position::NewerThan(_))
    }

    /// Whether it is complete, and short enough to look for the changes of each in every month.
    pub(super) const fn is_small(&self) -> bool {
        self.is_complete() && self.seen.len() <= FIRST
    }

    /// Where the list has come to; none where it has come to its end.
    pub(super) fn reach(&self) -> Option<DateTime<Utc>> {
        self.window.and_then(|_| self.seen.last()).map(|last| last.at)
    }

    /// Until when transactions began that can hold late changes of the position and have not been listed: those that the list
    /// has not come to, and those from before a lower bound. None where there are none.
    pub(super) fn others_until(&self) -> Option<DateTime<Utc>> {
        let [after, _] = self.position.bounds(self.filter);
        match self.position {
            Position::Newest | Position::OlderThan(_) => self.reach().or(after),
            Position::NewerThan(_) => after,
        }
    }

    /// Where no prompt change is missing, when only the transactions taken are looked into.
    pub(super) fn sure(&self) -> Window {
        match (self.seen[..self.taken].last(), self.position) {
            (Some(last), Position::Newest | Position::OlderThan(_)) if !self.is_at_end() => {
                Window { from: last.at.checked_add_signed(LATE * 2), until: None }
            }
            // A second earlier, should the clock have been set back meanwhile.
            (Some(last), Position::NewerThan(_)) if !self.is_at_end() => {
                Window { from: None, until: last.at.checked_sub_signed(LATE) }
            }
            _ => Window::default(),
        }
    }
}

impl Reader<'_> {
    /// Takes the next transactions, so many unless the list ends.
    pub(super) async fn next_transactions(
        &mut self,
        listing: &mut Listing<'_>,
        number: usize,
    ) -> Result<Vec<Begun>, QueryError> {
        let taken = listing.taken;
        let wanted = if taken == 0 { number.max(FIRST) } else { taken + number };
        self.list_transactions(listing, wanted.saturating_sub(listing.seen.len())).await?;
        listing.taken = listing.seen.len().min(taken + number);
        Ok(listing.seen[taken..listing.taken].to_vec())
    }

    /// Lists so many more, unless the list ends.
    pub(super) async fn list_transactions(
        &mut self,
        listing: &mut Listing<'_>,
        number: usize,
    ) -> Result<(), QueryError> {
        let wanted = listing.seen.len() + number;
        while let Some(window) = listing.window {
            let number = wanted - listing.seen.len();
            if number == 0 {
                break;
            }
            let begun = self.transactions_within(listing, window, number).await?;
            if begun.len() < number {
                // Whoever has done little of late may have done little at all.
                listing.window = listing.windows.rest();
            }
            listing.seen.extend(begun);
        }
        Ok(())
    }

    async fn transactions_within(
        &mut self,
        listing: &Listing<'_>,
        window: Window,
        number: usize,
    ) -> Result<Vec<Begun>, QueryError> {
        let (filter, position) = (listing.filter, listing.position);
        let mut sql = QueryBuilder::new(
            self.fill("SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t WHERE true"),
        );
        self.conditions(&mut sql).push_origin_led(filter, listing.lead);
        let [after, before] = position.bounds(filter);
        // A prompt change is at most a second younger than its transaction; or older, should the clock have been set back.
        let bounds = [
            (">=", window.from.and_then(|from| from.checked_sub_signed(LATE))),
            ("<", window.until.and_then(|until| until.checked_sub_signed(LATE))),
            (">=", after.and_then(|after| after.checked_sub_signed(LATE))),
            ("<=", before.and_then(|before| before.checked_add_signed(LATE))),
        ];
        for (comparison, moment) in bounds {
            if let Some(moment) = moment {
                sql.push(format!(" AND t.occurred_at {comparison} ")).push_bind(moment);
            }
        }
        if let Some(last) = listing.seen.last() {
            let comparison = if matches!(position, Position::NewerThan(_)) { ">" } else { "<" };
            sql.push(format!(" AND t.occurred_at {comparison}= ")).push_bind(last.at);
            sql.push(format!(" AND (t.occurred_at, t.id) {comparison} (")).push_bind(last.at);
            sql.push(", ").push_bind(last.id).push(")");
        }
        let order = position.order();
        sql.push(format!(" ORDER BY t.occurred_at {order}, t.id {order} LIMIT ")).push_bind(clamp(number));
        let rows = self.fetch_all(sql).await?;
        Ok(Begun::read(&rows)?)
    }
}

impl Window {
    /// From the position to this moment.
    pub(super) fn up_to(at: DateTime<Utc>, position: Position) -> Self {
        match position {
            Position::Newest | Position::OlderThan(_) => Self { from: Some(at), until: None },
            Position::NewerThan(_) => {
                Self { from: None, until: at.checked_add_signed(TimeDelta::microseconds(1)) }
            }
        }
    }

    pub(super) fn holds(self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}
