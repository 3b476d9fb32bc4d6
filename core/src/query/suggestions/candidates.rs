//! The values that exist: candidates for a value that was typed differently.

use std::collections::BTreeSet;

use sqlx::{FromRow, QueryBuilder, Row};

use super::budget::{Budget, within};
use super::names::{distance_rank, nearest, nearest_by};
use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::where_clause::to_bigint;
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;
use crate::query::model::filter::{ActorFilter, Filter, Selection};
use crate::query::model::operation::Operation;
use crate::query::model::transaction_record::TransactionRecord;
use crate::{ActorKind, ActorRef, Scope, TableName};

/// The number of newest changes whose fields are candidates.
const FIELD_SAMPLE: usize = 200;
/// The number of newest transactions whose actors and actions are candidates.
const TRANSACTION_SAMPLE: usize = 200;
/// The number of names of actions that are read.
const MAX_ACTION_NAMES: usize = 500;

/// Words for operations that people know from elsewhere.
const OPERATION_WORDS: [(&str, Operation); 14] = [
    ("create", Operation::Insert),
    ("created", Operation::Insert),
    ("inserted", Operation::Insert),
    ("new", Operation::Insert),
    ("add", Operation::Insert),
    ("change", Operation::Update),
    ("changed", Operation::Update),
    ("updated", Operation::Update),
    ("edited", Operation::Update),
    ("deleted", Operation::Delete),
    ("removed", Operation::Delete),
    ("destroyed", Operation::Delete),
    ("emptied", Operation::Truncate),
    ("truncated", Operation::Truncate),
];

/// Returns the operations that a word probably means.
pub(super) fn operations(typed: &str) -> Vec<String> {
    let folded = typed.trim().to_lowercase();
    let known = OPERATION_WORDS.iter().find(|(word, _)| *word == folded).map(|(_, operation)| *operation);
    match known {
        Some(operation) => vec![operation.to_string()],
        None => nearest(typed, Operation::ALL.map(|operation| operation.to_string())),
    }
}

impl Budget<'_, '_> {
    /// Returns the captured tables that the scope names and that are near to the typed name: the whole name, or the one within its
    /// schema.
    pub(super) async fn tables(&mut self, scope: &Scope, typed: &str) -> Result<Vec<TableName>, QueryError> {
        let tables = within!(self, self.snapshot.captured_tables(scope));
        Ok(nearest_by(tables.unwrap_or_default(), |table| {
            let whole = distance_rank(typed, &table.to_string());
            let within_schema = distance_rank(typed, table.name()).map(|rank| rank + usize::from(rank > 0));
            // A schema that was typed may be the wrong one.
            let typed_name = typed.rsplit('.').next().filter(|name| *name != typed);
            let other_schema = typed_name.and_then(|name| Some(distance_rank(name, table.name())? + 3));
            [whole, within_schema, other_schema].into_iter().flatten().min()
        }))
    }

    /// Returns the fields of the newest changes: of these tables, or of all.
    pub(super) async fn fields(
        &mut self,
        scope: &Scope,
        tables: Option<&Selection<TableName>>,
    ) -> Result<Vec<String>, QueryError> {
        let filter = Filter { table: tables.cloned(), ..Filter::default() };
        let rows = self.newest(Criteria::new(scope, &filter), FIELD_SAMPLE).await?.unwrap_or_default();
        let mut fields = BTreeSet::new();
        for row in rows {
            fields.extend(row.change.changed_fields.into_iter().flatten());
            fields.extend(row.change.after.into_iter().flatten().map(|(name, _)| name));
        }
        Ok(fields.into_iter().collect())
    }

    /// Returns the newest transactions with a change in the scope. They are read once for one explanation.
    pub(super) async fn transactions(&mut self, scope: &Scope) -> Result<&[TransactionRecord], QueryError> {
        if self.transactions.is_none() {
            self.transactions = within!(self, newest_transactions(self.snapshot, scope));
        }
        Ok(self.transactions.as_deref().unwrap_or_default())
    }

    /// Returns the names of actions: those of the newest transactions, and for a reader of everything the first ones of all.
    pub(super) async fn actions(&mut self, scope: &Scope) -> Result<Vec<String>, QueryError> {
        let newest = self.transactions(scope).await?;
        let names = newest.iter().filter_map(|transaction| Some(transaction.action.as_ref()?.name.clone()));
        let mut names: BTreeSet<String> = names.collect();
        if !scope.is_limited() && self.snapshot.features().has_action_names {
            let all = within!(self, action_names(self.snapshot));
            names.extend(all.unwrap_or_default());
        }
        Ok(names.into_iter().collect())
    }

    /// Returns the actors that are near to the typed text: among those of the newest transactions and, for a reader of everything,
    /// those with exactly this id.
    pub(super) async fn actors(&mut self, scope: &Scope, typed: &str) -> Result<Vec<String>, QueryError> {
        // The name of a type, such as `users`.
        let kinds = ActorKind::ALL.map(|kind| kind.to_string()).into_iter();
        let kinds: Vec<String> =
            kinds.filter(|kind| distance_rank(typed, kind).is_some_and(|rank| rank <= 1)).collect();
        if !kinds.is_empty() {
            return Ok(kinds);
        }
        let mut actors: Vec<ActorFilter> = Vec::new();
        // The search for one actor begins with its transactions only if the scope shows all of them.
        if !scope.is_limited() {
            for actor in spelled_actors(typed) {
                let filter = Filter { actor: Some(actor.clone().into()), ..Filter::default() };
                let found = self.newest(Criteria::new(scope, &filter), 1).await?;
                actors.extend(found.filter(|found| !found.is_empty()).map(|_| actor));
            }
        }
        let newest = self.transactions(scope).await?;
        actors.extend(
            newest.iter().filter_map(|transaction| transaction.actor.as_ref()).map(ActorFilter::from),
        );
        let typed_id = typed.split_once(':').map_or(typed, |(_, id)| id);
        let rank = |actor: &ActorFilter| {
            let whole = distance_rank(typed, &actor.to_string());
            // The id alone: its type was left out, or is another one.
            let id = actor.id.as_ref().and_then(|id| Some(distance_rank(typed_id, id)? + 1));
            whole.into_iter().chain(id).min()
        };
        Ok(nearest_by(actors, rank).iter().map(ToString::to_string).collect())
    }
}

/// The shortest text, in characters, that is searched in ids.
const MIN_PART: usize = 2;

impl Budget<'_, '_> {
    /// Returns the actors of the newest transactions whose id contains a text, in any case, each once.
    pub(super) async fn actors_with(
        &mut self,
        scope: &Scope,
        text: &str,
    ) -> Result<Vec<ActorFilter>, QueryError> {
        let text = text.to_lowercase();
        let mut actors: Vec<ActorFilter> = Vec::new();
        if text.chars().count() < MIN_PART {
            return Ok(actors);
        }
        for actor in self.transactions(scope).await?.iter().filter_map(|newest| newest.actor.as_ref()) {
            let is_match = actor.id().is_some_and(|id| id.to_lowercase().contains(&text));
            if is_match
                && !actors.iter().any(|known| known.id.as_deref() == actor.id() && known.kind == actor.kind())
            {
                actors.push(ActorFilter::from(actor));
            }
        }
        Ok(actors)
    }
}

/// Returns the actors that a text names if its blanks, its case, or its missing type do not count.
fn spelled_actors(typed: &str) -> Vec<ActorFilter> {
    let (kind, id) = match typed.split_once(':') {
        Some((kind, id)) => (Some(kind), id),
        None => (None, typed),
    };
    let id = id.trim().trim_start_matches(['#', '@']);
    let kinds = ActorKind::ALL.into_iter().filter(|known| {
        *known != ActorKind::Anonymous
            && kind.is_none_or(|kind| distance_rank(kind, known.as_str()).is_some_and(|rank| rank <= 1))
    });
    let mut actors = Vec::new();
    for kind in kinds {
        for id in [id.to_owned(), id.to_lowercase()] {
            if let Ok(actor) = ActorRef::recorded(kind, id).map(|actor| ActorFilter::from(&actor))
                && actor.to_string() != typed
                && !actors.contains(&actor)
            {
                actors.push(actor);
            }
        }
    }
    actors
}

/// Reads the newest transactions with a change in the scope, newest first. Under a limited scope these are found by their changes,
/// so that the work does not depend on transactions that the scope hides.
async fn newest_transactions(
    snapshot: &mut Snapshot<'_>,
    scope: &Scope,
) -> Result<Vec<TransactionRecord>, QueryError> {
    if scope.is_limited() {
        let filter = Filter::default();
        let newest = Criteria { is_newest_of_transaction: true, ..Criteria::new(scope, &filter) };
        let rows = snapshot.find(newest, Position::Newest, TRANSACTION_SAMPLE).await?.rows;
        return Ok(snapshot.load_entries(rows).await?.into_iter().map(|entry| entry.transaction).collect());
    }
    let columns = TransactionRecord::columns(snapshot.features().has_meta);
    let mut sql = QueryBuilder::new(snapshot.fill(&format!(
        "SELECT {columns} FROM (SELECT * FROM __schema__.audit_transactions AS t ORDER BY t.id DESC LIMIT "
    )));
    sql.push_bind(to_bigint(TRANSACTION_SAMPLE));
    sql.push(snapshot.fill(") AS t LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id"));
    let rows = snapshot.fetch_all(sql).await?;
    Ok(rows.iter().map(TransactionRecord::from_row).collect::<Result<_, _>>()?)
}

/// Reads the names of actions in their order, one index lookup for each (a loose index scan), so that a name with many transactions
/// costs as little as one with few.
async fn action_names(snapshot: &mut Snapshot<'_>) -> Result<Vec<String>, QueryError> {
    let mut sql = QueryBuilder::new(snapshot.fill(
        "WITH RECURSIVE names (name, number) AS (
           (SELECT action_name, 1 FROM __schema__.audit_transactions WHERE action_name IS NOT NULL
            ORDER BY action_name LIMIT 1)
           UNION ALL
           SELECT (SELECT t.action_name FROM __schema__.audit_transactions AS t WHERE t.action_name > names.name
                   ORDER BY t.action_name LIMIT 1), names.number + 1
           FROM names WHERE names.name IS NOT NULL AND names.number < ",
    ));
    sql.push_bind(i32::try_from(MAX_ACTION_NAMES).unwrap_or(i32::MAX));
    sql.push(") SELECT name FROM names WHERE name IS NOT NULL");
    let rows = snapshot.fetch_all(sql).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_is_suggested_for_words_of_other_systems() {
        for (typed, expected) in [
            ("Update", &["update"][..]),
            ("updates", &["update"]),
            ("INSERT", &["insert"]),
            ("created", &["insert"]),
            (" Removed ", &["delete"]),
            ("delte", &["delete"]),
            ("emptied", &["truncate"]),
            ("upsert", &["insert"]),
            ("nonsense", &[]),
        ] {
            assert_eq!(operations(typed), expected, "{typed}");
        }
    }

    #[test]
    fn actor_is_tried_with_every_type_and_without_blanks() {
        let words = |typed: &str| spelled_actors(typed).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            words("support"),
            ["user:support", "admin:support", "service_account:support", "job:support", "system:support"]
        );
        assert_eq!(words("User: Support"), ["user:Support", "user:support"]);
        assert_eq!(words("users:#42"), ["user:42"]);
        assert_eq!(words("service account:sync"), ["service_account:sync"]);
        assert!(words("robot:1").is_empty() && words("user:").is_empty() && words("user:a\0b").is_empty());
    }
}
