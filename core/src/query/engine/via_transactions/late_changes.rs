//! Changes captured long after their transaction began: few, and in an index of their own.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder, Row};
use uuid::Uuid;

use super::transaction_scan::Listing;
use crate::Scope;
use crate::query::engine::reader::{COUNT, Found, Reader};
use crate::query::engine::time_windows::Window;
use crate::query::engine::where_clause::Selection;
use crate::query::{Filter, QueryError};

const IS_LATE: &str = "c.captured_at - c.occurred_at > interval '1 second' AND ";

/// Whose changes are asked for.
struct Transactions {
    /// Those that have been listed.
    listed: Vec<Uuid>,
    /// No other one of the actor and the action began after this moment; none where there is no other one at all.
    others_until: Option<DateTime<Utc>>,
    /// Nor before this one, as far as it has late changes.
    others_from: Option<DateTime<Utc>>,
}

impl Reader<'_> {
    /// The late changes within the window.
    pub(super) async fn late_changes(
        &mut self,
        listing: &Listing<'_>,
        rest: Selection<'_>,
        window: Window,
        limit: usize,
    ) -> Result<Vec<Found>, QueryError> {
        let Some(transactions) = self.transactions_of_late(listing, window).await? else {
            return Ok(Vec::new());
        };
        let mut sql = self.select_changes();
        self.push_late(&mut sql, listing, &transactions, rest, window);
        self.fetch_changes(sql, listing.position, limit).await
    }

    /// How many late changes there are, counted no further than `limit`.
    pub(super) async fn late_count(
        &mut self,
        listing: &Listing<'_>,
        rest: Selection<'_>,
        limit: usize,
    ) -> Result<usize, QueryError> {
        let window = Window::default();
        let Some(transactions) = self.transactions_of_late(listing, window).await? else { return Ok(0) };
        let mut sql = QueryBuilder::new(COUNT);
        self.push_late(&mut sql, listing, &transactions, rest, window);
        self.fetch_count(sql, limit).await
    }

    /// None where there is no late change at all, as in the window of most pages.
    async fn transactions_of_late(
        &mut self,
        listing: &Listing<'_>,
        window: Window,
    ) -> Result<Option<Transactions>, QueryError> {
        let listed = listing.seen.iter().map(|begun| begun.id).collect();
        let others_until = listing.others_until();
        if listing.is_at_end() {
            return Ok(Some(Transactions { listed, others_until, others_from: None }));
        }
        let mut sql =
            QueryBuilder::new(self.fill(&format!(
                "SELECT min(c.occurred_at) FROM __schema__.audit_changes AS c WHERE {IS_LATE}"
            )));
        self.push_when(&mut sql, listing, window);
        let first: Option<DateTime<Utc>> = self.fetch_one(sql).await?.try_get(0)?;
        Ok(first.map(|first| Transactions {
            listed,
            others_until: others_until.filter(|until| first <= *until),
            others_from: Some(first),
        }))
    }

    /// The index tells when a change was captured, and of which transaction it is; only those that are asked for are read.
    fn push_late(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        listing: &Listing<'_>,
        transactions: &Transactions,
        rest: Selection<'_>,
        window: Window,
    ) {
        sql.push(self.fill(&format!(
            " FROM (SELECT c.captured_at, c.id FROM __schema__.audit_changes AS c WHERE {IS_LATE}"
        )));
        self.push_when(sql, listing, window);
        // In a CASE, so that it is asked of each late change: the planner would look for each of the transactions.
        sql.push(" AND CASE WHEN c.transaction_id IN (SELECT unnest(").push_bind(transactions.listed.clone());
        sql.push("::uuid[])) THEN true ");
        if let Some(until) = transactions.others_until {
            sql.push("WHEN c.occurred_at <= ").push_bind(until).push(" THEN ");
            self.push_origin_of_late(sql, listing.filter, [transactions.others_from, Some(until)]);
        }
        sql.push(" ELSE false END");
        sql.push(self.fill(
            " OFFSET 0) AS late CROSS JOIN LATERAL (SELECT * FROM __schema__.audit_changes AS c
               WHERE c.captured_at = late.captured_at AND c.id = late.id AND ",
        ));
        self.conditions(sql).push(rest, listing.position, window);
        sql.push(" OFFSET 0) AS c");
    }

    /// Asks for the actor and the action of a late change, whose transaction began between these moments.
    fn push_origin_of_late(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        filter: &Filter,
        [first, last]: [Option<DateTime<Utc>>; 2],
    ) {
        sql.push(self.fill(
            "EXISTS (SELECT FROM __schema__.audit_transactions AS t WHERE t.id = c.transaction_id AND t.occurred_at = c.occurred_at",
        ));
        for (comparison, moment) in [(">=", first), ("<=", last)] {
            if let Some(moment) = moment {
                sql.push(format!(" AND t.occurred_at {comparison} ")).push_bind(moment);
            }
        }
        self.conditions(sql).push_origin(filter);
        sql.push(" OFFSET 0)");
    }

    /// What is asked of the time alone.
    fn push_when(&self, sql: &mut QueryBuilder<Postgres>, listing: &Listing<'_>, window: Window) {
        let filter = Filter { from: listing.filter.from, to: listing.filter.to, ..Filter::default() };
        let scope = Scope::unscoped();
        let selection = Selection::new(&scope, &filter);
        self.conditions(sql).push(selection, listing.position, window);
    }
}
