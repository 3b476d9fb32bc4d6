//! The choice of an access path: by time, or through the transactions that the filter asks for.

use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use super::transaction_changes::TransactionRef;
use super::transaction_scan::{DrivingFilter, TransactionScan};
use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::thresholds::{
    MAX_ACTION_IDS, MAX_TRANSACTIONS_FOR_ROW, MAX_TRANSACTIONS_OF_ACTIONS, SCAN_BATCH,
};
use crate::query::engine::where_clause::to_bigint;
use crate::query::model::cursor::{Direction, Position};
use crate::query::model::error::QueryError;
use crate::query::model::filter::{ActorFilter, Filter, Selection};

/// The way in which changes are found. A residual filter is what remains to be met by the changes of the transactions.
pub(super) enum AccessPath<'a> {
    /// Reads changes in time windows, each through the [index path](crate::query::engine::index_path) of the criteria.
    ByTime,
    /// Reads all changes of these transactions.
    Exact { transactions: Vec<TransactionRef>, residual: Filter },
    /// Reads the changes of one batch of transactions after the other, until there are enough.
    Incremental { scan: Box<TransactionScan<'a>>, residual: Filter },
}

impl<'a> AccessPath<'a> {
    /// Chooses the access path. The table of [the engine](crate::query::engine) lists the choices.
    pub(super) async fn choose(
        snapshot: &mut Snapshot<'_>,
        criteria: Criteria<'a>,
        position: Position,
    ) -> Result<Self, QueryError> {
        let filter = criteria.filter;
        if !snapshot.features().has_action_names || criteria.transaction.is_some() {
            return Ok(Self::ByTime);
        }
        if (filter.correlation_id.is_some() || filter.request_id.is_some())
            && let Some(transactions) = transactions_of_actions(snapshot, filter).await?
        {
            let (actor, on_behalf_of) = (filter.actor.clone(), filter.on_behalf_of.clone());
            let residual = Filter { actor, on_behalf_of, ..filter.without_transaction_conditions() };
            return Ok(Self::Exact { transactions, residual });
        }
        // Indexes list the transactions of one actor, or of one action.
        let is_listed = match (only_actor(filter), only_action(filter)) {
            (None, None) => false,
            (Some(actor), _) => criteria.scope.shows_all_of(actor),
            (None, Some(_)) => !criteria.scope.is_limited(),
        };
        if !is_listed {
            return Ok(Self::ByTime);
        }
        let driving_filter = if criteria.scope.is_limited() {
            DrivingFilter::Actor
        } else {
            choose_driving_filter(snapshot, criteria, position).await?
        };
        let mut scan =
            Box::new(TransactionScan::new(criteria, position, snapshot.features(), driving_filter));
        let residual = Filter { actor: None, on_behalf_of: None, action: None, ..filter.clone() };
        if filter.key.is_none() {
            return Ok(Self::Incremental { scan, residual });
        }
        scan.list(snapshot, MAX_TRANSACTIONS_FOR_ROW).await?;
        Ok(if scan.is_complete() {
            Self::Exact { transactions: scan.fetched, residual }
        } else {
            Self::ByTime
        })
    }
}

fn only_actor(filter: &Filter) -> Option<&ActorFilter> {
    filter.actor.as_ref().and_then(Selection::only)
}

fn only_action(filter: &Filter) -> Option<&String> {
    filter.action.as_ref().and_then(Selection::only)
}

/// Chooses the one of actor and action with fewer transactions: as many of them reach further.
async fn choose_driving_filter(
    snapshot: &mut Snapshot<'_>,
    criteria: Criteria<'_>,
    position: Position,
) -> Result<DrivingFilter, QueryError> {
    match (only_actor(criteria.filter), only_action(criteria.filter)) {
        (Some(_), Some(_)) => {}
        (_, None) => return Ok(DrivingFilter::Actor),
        (None, _) => return Ok(DrivingFilter::Action),
    }
    let mut frontiers = [None; 2];
    for (driving_filter, frontier) in
        [DrivingFilter::Actor, DrivingFilter::Action].into_iter().zip(&mut frontiers)
    {
        let filter = driving_filter.of(criteria.filter);
        let criteria = criteria.with_filter(&filter);
        let mut scan = TransactionScan::new(criteria, position, snapshot.features(), driving_filter);
        scan.list(snapshot, SCAN_BATCH).await?;
        *frontier = scan.frontier();
    }
    let is_actor = match (frontiers, position.direction()) {
        ([None, _], _) => true,
        ([_, None], _) => false,
        ([actor, action], Direction::Newer) => actor > action,
        ([actor, action], Direction::Older) => actor < action,
    };
    Ok(if is_actor { DrivingFilter::Actor } else { DrivingFilter::Action })
}

/// Returns all transactions under the actions that the filter asks for; none if there are too many.
async fn transactions_of_actions(
    snapshot: &mut Snapshot<'_>,
    filter: &Filter,
) -> Result<Option<Vec<TransactionRef>>, QueryError> {
    let mut sql =
        QueryBuilder::new(snapshot.fill("SELECT a.id FROM __schema__.audit_actions AS a WHERE true"));
    snapshot.where_clause(&mut sql).push_action(filter);
    sql.push(" LIMIT ").push_bind(to_bigint(MAX_ACTION_IDS + 1));
    let rows = snapshot.fetch_all(sql).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    if ids.is_empty() || ids.len() > MAX_ACTION_IDS {
        return Ok(ids.is_empty().then(Vec::new));
    }
    let mut sql = QueryBuilder::new(snapshot.fill(
        "SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t WHERE t.action_id = ANY (",
    ));
    sql.push_bind(ids).push(") LIMIT ").push_bind(to_bigint(MAX_TRANSACTIONS_OF_ACTIONS + 1));
    let rows = snapshot.fetch_all(sql).await?;
    let is_few = rows.len() <= MAX_TRANSACTIONS_OF_ACTIONS;
    Ok(if is_few { Some(TransactionRef::read(&rows)?) } else { None })
}
