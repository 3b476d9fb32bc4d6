//! The changes of an actor or an action, by way of their transactions: few changes in a large trail are found without walking
//! through everybody else's.
//!
//! Indexes list the transactions of an actor and those of an action by time, and almost every change is captured within a
//! second of the beginning of its transaction; the others are in an index of their own. So the newest transactions hold the
//! newest changes, but for the late ones, which are read beside them.

mod changes;
mod late_changes;
mod transaction_scan;

use chrono::TimeDelta;
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

pub(in crate::query) use self::transaction_scan::Begun;
use self::transaction_scan::Listing;
use crate::Scope;
use crate::query::engine::reader::{Found, Reader, clamp};
use crate::query::engine::time_windows::Window;
use crate::query::engine::where_clause::{Lead, Selection};
use crate::query::{Filter, Operation, Position, QueryError};

/// Changes captured later after their transaction began are in the index of late ones.
const LATE: TimeDelta = TimeDelta::seconds(1);
/// At least so many transactions are listed at once; of no more, late changes are looked for in every month.
const FIRST: usize = 100;
/// At least so many of them are looked into together.
const TOGETHER: usize = 25;
/// Where this many transactions do not suffice, the changes are walked through instead.
const MANY: usize = 26_000;
/// Ids of more actions than this are no way to find anything.
const FEW: usize = 400;
/// So many changes of a table are looked at in the time that a transaction takes.
const FASTER: usize = 4;
/// More transactions than this are no shorter way than the history of a row.
const OF_A_ROW: usize = 40;

/// The transactions to look into, and what is asked of their changes besides.
enum Way<'a> {
    /// All changes of these.
    Whole(Vec<Begun>, Filter),
    /// As many as it takes.
    Listed(Box<Listing<'a>>, Filter),
}

impl Reader<'_> {
    /// Changes by way of the transactions of the filter's actor or action; none where another way is better.
    pub(in crate::query) async fn changes_by_transaction(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Option<Vec<Found>>, QueryError> {
        let (mut listing, rest) = match self.way(selection, position).await? {
            None => return Ok(None),
            Some(Way::Whole(begun, rest)) => {
                let rest = Selection { filter: &rest, ..selection };
                return Ok(Some(self.changes_of(rest, position, &begun, false, limit).await?));
            }
            Some(Way::Listed(listing, rest)) => (listing, rest),
        };
        let rest = Selection { filter: &rest, ..selection };
        let (mut found, mut number) = (Vec::new(), first(limit));
        while listing.taken < MANY {
            let begun = self.next_transactions(&mut listing, number).await?;
            if listing.is_small() {
                return Ok(Some(self.changes_of(rest, position, &listing.seen, false, limit).await?));
            }
            found.extend(self.changes_of(rest, position, &begun, true, limit).await?);
            put_in_order(&mut found, position, limit);
            let sure = listing.sure();
            let known = found.iter().filter(|found| sure.holds(found.change.captured_at)).count();
            if known >= limit || listing.is_at_end() {
                // Late changes beyond the last one that is wanted cannot come before it.
                let last = found.get(limit - 1).map(|last| last.change.captured_at);
                let window = last.map_or(sure, |last| Window::up_to(last, position));
                found.extend(self.late_changes(&listing, rest, window, limit).await?);
                put_in_order(&mut found, position, limit);
                return Ok(Some(found));
            }
            if is_poor(known, limit) && self.is_place_small(&listing).await? {
                break;
            }
            number = next(number, listing.taken, known, limit);
        }
        Ok(None)
    }

    /// How many changes there are by way of the transactions, counted no further than `limit`.
    pub(in crate::query) async fn count_by_transaction(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Option<usize>, QueryError> {
        let (mut listing, rest) = match self.way(selection, position).await? {
            None => return Ok(None),
            Some(Way::Whole(begun, rest)) => {
                let rest = Selection { filter: &rest, ..selection };
                return Ok(Some(self.count_of(rest, position, &begun, false, limit).await?));
            }
            Some(Way::Listed(listing, rest)) => (listing, rest),
        };
        let rest = Selection { filter: &rest, ..selection };
        let (mut counted, mut number) = (0, first(limit));
        while listing.taken < MANY {
            let begun = self.next_transactions(&mut listing, number).await?;
            if listing.is_small() {
                return Ok(Some(self.count_of(rest, position, &listing.seen, false, limit).await?));
            }
            counted += self.count_of(rest, position, &begun, true, limit - counted).await?;
            if counted >= limit {
                return Ok(Some(counted));
            }
            if listing.is_at_end() {
                return Ok(Some(counted + self.late_count(&listing, rest, limit - counted).await?));
            }
            if is_poor(counted, limit) && self.is_place_small(&listing).await? {
                break;
            }
            number = next(number, listing.taken, counted, limit);
        }
        Ok(None)
    }

    async fn way<'a>(
        &mut self,
        selection: Selection<'a>,
        position: Position,
    ) -> Result<Option<Way<'a>>, QueryError> {
        let filter = selection.filter;
        if !self.layout().has_action_names || selection.transaction.is_some() {
            return Ok(None);
        }
        if (filter.correlation_id.is_some() || filter.request_id.is_some())
            && let Some(begun) = self.transactions_of_actions(filter).await?
        {
            // The actions are met; nothing has asked for the actor yet.
            let rest = Filter { action: None, correlation_id: None, request_id: None, ..filter.clone() };
            return Ok(Some(Way::Whole(begun, rest)));
        }
        if filter.actor.is_none() && filter.action.is_none() {
            return Ok(None);
        }
        let rest = Filter { actor: None, action: None, ..filter.clone() };
        let mut listing = Box::new(Listing::of(selection, position, self.layout()));
        if filter.actor.is_some() && filter.action.is_some() {
            listing.lead = self.lead(selection, position).await?;
        }
        if filter.key.is_some() {
            self.list_transactions(&mut listing, OF_A_ROW).await?;
            return Ok(listing.is_complete().then_some(Way::Whole(listing.seen, rest)));
        }
        Ok(Some(Way::Listed(listing, rest)))
    }

    /// Which of the actor's and the action's transactions are fewer: as many of the one reach further than of the other.
    async fn lead(&mut self, selection: Selection<'_>, position: Position) -> Result<Lead, QueryError> {
        let mut reach = [None; 2];
        for (lead, reach) in [Lead::Actor, Lead::Action].into_iter().zip(&mut reach) {
            let filter = &lead.of(selection.filter);
            let mut listing = Listing::of(Selection { filter, ..selection }, position, self.layout());
            self.list_transactions(&mut listing, TOGETHER).await?;
            *reach = listing.reach();
        }
        let is_actor = match reach {
            [None, _] => true,
            [_, None] => false,
            [Some(actor), Some(action)] if matches!(position, Position::NewerThan(_)) => actor > action,
            [Some(actor), Some(action)] => actor < action,
        };
        Ok(if is_actor { Lead::Actor } else { Lead::Action })
    }

    /// Whether it takes no longer than so far to look at every change of the table that the filter asks for, or at every
    /// truncate.
    async fn is_place_small(&mut self, listing: &Listing<'_>) -> Result<bool, QueryError> {
        let filter = listing.filter;
        let place = Filter {
            table: filter.table.clone(),
            operation: filter.operation.filter(|operation| *operation == Operation::Truncate),
            from: filter.from,
            to: filter.to,
            ..Filter::default()
        };
        if place.table.is_none() && place.operation.is_none() {
            return Ok(false);
        }
        let scope = Scope::unscoped();
        let selection = Selection::new(&scope, &place);
        let few = listing.taken * FASTER;
        Ok(self.count_by_walking(selection, listing.position, few + 1).await? <= few)
    }

    /// All transactions under the actions that the filter asks for, unless they are many.
    async fn transactions_of_actions(&mut self, filter: &Filter) -> Result<Option<Vec<Begun>>, QueryError> {
        let mut sql =
            QueryBuilder::new(self.fill("SELECT a.id FROM __schema__.audit_actions AS a WHERE true"));
        self.conditions(&mut sql).push_action(filter);
        sql.push(" LIMIT ").push_bind(clamp(FEW + 1));
        let rows = self.fetch_all(sql).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        if ids.is_empty() || ids.len() > FEW {
            return Ok(ids.is_empty().then(Vec::new));
        }
        let mut sql = QueryBuilder::new(self.fill(
            "SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t WHERE t.action_id = ANY (",
        ));
        sql.push_bind(ids).push(") LIMIT ").push_bind(clamp(FEW * 10 + 1));
        let rows = self.fetch_all(sql).await?;
        Ok(if rows.len() > FEW * 10 { None } else { Some(Begun::read(&rows)?) })
    }
}

/// Most transactions have few changes.
fn first(limit: usize) -> usize {
    (limit / 4).max(TOGETHER)
}

/// As many as it takes if the others hold as many changes as those that were seen, within bounds.
fn next(number: usize, seen: usize, found: usize, limit: usize) -> usize {
    (limit.saturating_sub(found).saturating_mul(seen) / found.max(1)).clamp(number, number * 4)
}

/// Whether it is far from what is wanted.
const fn is_poor(found: usize, limit: usize) -> bool {
    found.saturating_mul(8) < limit
}

pub(in crate::query) fn put_in_order(found: &mut Vec<Found>, position: Position, limit: usize) {
    found.sort_unstable_by_key(|found| found.change.cursor());
    if !matches!(position, Position::NewerThan(_)) {
        found.reverse();
    }
    found.truncate(limit);
}
