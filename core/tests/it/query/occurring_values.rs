//! Tests the values that occur in a time window.

use std::collections::HashMap;
use std::hash::Hash;

use chrono::{TimeDelta, Utc};
use sqlx::PgPool;
use threadline::query::{Count, Filter, TimelineEntry};
use threadline::{ActorKind, AuditTrail, Predicate, Scope, TableName};

use super::install_for_made_up_rows;
use threadline_testkit::database::{Result, run};

/// Inserts 1,200 changes, one each minute up to now: by people and jobs, without an actor, and by something that is no actor.
async fn seeded(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install_for_made_up_rows(pool).await?;
    run(
        pool,
        "INSERT INTO threadline.audit_actions (id, name, actor_ref)
           SELECT gen_random_uuid(), 'ticket.' || n, '{}' FROM generate_series(0, 3) AS n;
         INSERT INTO threadline.audit_transactions (id, txid, occurred_at, actor_ref, action_id, action_name)
           SELECT gen_random_uuid(), n, now() - n * interval '1 minute',
                  CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '{\"type\":\"job\",\"id\":\"sweep\",\"on_behalf_of\":{\"type\":\"user\",\"id\":\"1\"}}'
                             WHEN 2 THEN '{\"type\":\"robot\"}' ELSE jsonb_build_object('type', 'user', 'id', (n % 70)::text) END,
                  a.id, a.name
           FROM generate_series(0, 1199) AS n
           LEFT JOIN threadline.audit_actions AS a ON n % 3 > 0 AND a.name = 'ticket.' || n % 4;
         INSERT INTO threadline.audit_changes
             (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, captured_at)
           SELECT gen_random_uuid(), id, occurred_at, 'public', (ARRAY['tickets', 'lines', 'secrets'])[1 + txid % 3],
                  '{}', 'update', '{}', ARRAY['body', 'field ' || txid % 60], occurred_at
           FROM threadline.audit_transactions",
    )
    .await?;
    Ok(trail)
}

/// Counts values as a reader of the timeline would.
fn counted<T: Eq + Hash>(values: impl Iterator<Item = T>, name: impl Fn(&T) -> String) -> Vec<(T, usize)> {
    let mut counts: HashMap<T, usize> = HashMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(value, count)| (usize::MAX - count, name(value)));
    counts.truncate(50);
    counts
}

#[sqlx::test(migrations = false)]
async fn values_are_those_of_the_visible_changes_of_the_window(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let scopes = [
        Scope::unscoped(),
        Scope::tables(["tickets", "lines"]),
        Scope::new(Predicate::actor(ActorKind::Job)),
        Scope::nothing(),
    ];
    for scope in scopes {
        for (hours, tables) in [(1, None), (24 * 60, None), (10, Some("-lines,-secrets".parse()?))] {
            let from = Some(Utc::now() - TimeDelta::hours(hours));
            let window = Filter { from, ..Filter::default() };
            let changes: Vec<TimelineEntry> = trail.timeline(&scope, &window, 2_000).await?;
            let filter = Filter { table: tables, actor: Some("user:nobody".parse()?), ..window };
            let values = trail.snapshot().await?.occurring_values(&scope, &filter).await?.ok_or("no time")?;
            assert_eq!(values.counted, Count::Exact(changes.len()));
            let entries = || changes.iter();
            let actors = entries().filter_map(|entry| entry.transaction.actor.clone());
            assert_eq!(values.actors, counted(actors, ToString::to_string));
            assert_eq!(values.unsigned, entries().filter(|entry| entry.transaction.actor.is_none()).count());
            assert_eq!(
                values.tables,
                counted(entries().map(|entry| entry.change.table.clone()), ToString::to_string)
            );
            let actions = entries().filter_map(|entry| Some(entry.transaction.action.as_ref()?.name.clone()));
            assert_eq!(values.actions, counted(actions, Clone::clone));
            let is_selected = |table: &TableName| {
                filter.table.as_ref().is_none_or(|tables| tables.selects(|selected| selected == table))
            };
            let selected = entries().filter(|entry| is_selected(&entry.change.table));
            let fields = selected.flat_map(|entry| entry.change.changed_fields.clone().unwrap_or_default());
            assert_eq!(values.fields, counted(fields, Clone::clone));
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn values_are_counted_in_the_newest_changes_alone(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    run(
        &pool,
        "INSERT INTO threadline.audit_changes
             (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, captured_at)
           SELECT gen_random_uuid(), t.id, t.occurred_at, 'public', 'bulk', '{}', 'insert', '{}', t.occurred_at
           FROM generate_series(1, 5000), (SELECT * FROM threadline.audit_transactions WHERE txid = 3) AS t",
    )
    .await?;
    let values = trail.snapshot().await?.occurring_values(&Scope::unscoped(), &Filter::default()).await?;
    // A slow machine has no time for them.
    if let Some(values) = values {
        assert_eq!(values.counted, Count::Truncated(5_000));
        assert!(values.actors.len() <= 3, "{:?}", values.actors);
    }
    Ok(())
}
