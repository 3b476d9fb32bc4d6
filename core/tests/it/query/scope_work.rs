//! Tests that the work of a query does not depend on changes which the scope hides, so that its duration does not reveal them.

use std::time::Duration;

use sqlx::PgPool;
use threadline::query::{ActorFilter, Filter, Page, Position, Selection, TimeRange, TransactionRecord};
use threadline::{ActorKind, AuditTrail, Predicate, Scope};
use uuid::Uuid;

use super::plans::{Listener, Plan};
use crate::query::install_for_made_up_rows;
use threadline_testkit::database::{Result, run};

/// One actor has made 2,000 transactions, in a hidden table and in hidden rows of a visible one. The visible rows are by another.
const SEED: &str = "
    INSERT INTO threadline.audit_actions (id, name, actor_ref, correlation_id, inserted_at)
    SELECT gen_random_uuid(), 'secret.action', '{\"type\": \"user\", \"id\": \"ghost\"}', 'case-' || n, now()
    FROM generate_series(1, 1) AS n;
    CREATE TABLE made AS
    SELECT n, gen_random_uuid() AS id, now() - n * interval '1 minute' AS at,
           CASE WHEN n % 40 = 0 THEN 'seen' ELSE 'ghost' END AS actor,
           CASE WHEN n % 80 = 0 THEN 'orders' WHEN n % 40 = 0 OR n % 3 = 0 THEN 'tickets' ELSE 'accounts' END AS table_name,
           CASE WHEN n % 40 = 0 THEN '7' ELSE '8' END AS tenant
    FROM generate_series(1, 2000) AS n;
    INSERT INTO threadline.audit_transactions (id, txid, occurred_at, actor_ref, action_id, action_name)
    SELECT made.id, n, at, jsonb_build_object('type', 'user', 'id', actor), action.id, action.name
    FROM made LEFT JOIN threadline.audit_actions AS action ON actor = 'ghost';
    INSERT INTO threadline.audit_changes
      (id, transaction_id, occurred_at, captured_at, table_hash, row_bucket, table_schema, table_name, table_pk, op, data_after)
    SELECT gen_random_uuid(), made.id, at, at, threadline.threadline_table_hash('public', table_name),
           threadline.threadline_row_bucket(threadline.threadline_table_hash('public', table_name),
             jsonb_build_object('id', n::text), 0),
           'public', table_name, jsonb_build_object('id', n::text), 'insert', jsonb_build_object('tenant_id', tenant)
    FROM made;
    DROP TABLE made;";

/// Runs each query about this actor or action, and returns their names and the numbers of rows that they read.
async fn work(
    trail: &AuditTrail,
    listener: &Listener,
    scope: &Scope,
    actor: &str,
    action: &str,
) -> Result<Vec<(&'static str, usize)>> {
    let by_actor = Filter { actor: Some(actor.parse()?), ..Filter::default() };
    let by_action = Filter { action: Some(action.into()), ..Filter::default() };
    let by_both = Filter { action: Some(action.into()), ..by_actor.clone() };
    let actors = Selection::new([actor.parse()?, "user:neither".parse()?], [ActorKind::Job.into()])?;
    let by_several = Filter { actor: Some(actors), ..Filter::default() };
    let mut work = Vec::new();
    let mut add = |name| -> Result {
        let plans = listener.take()?;
        assert!(!plans.is_empty(), "{name}: no plan was reported");
        work.push((name, plans.iter().map(Plan::rows).sum()));
        Ok(())
    };
    listener.take()?;
    for (name, count, explanation, filter) in [
        ("timeline of actor", "count of actor", "explanation of actor", &by_actor),
        ("timeline of action", "count of action", "explanation of action", &by_action),
        ("timeline of actor and action", "count of actor and action", "explanation of both", &by_both),
        ("timeline of actors", "count of actors", "explanation of actors", &by_several),
    ] {
        let page = trail.timeline_page(scope, filter, Position::Newest, 50).await?;
        assert!(page.entries.is_empty(), "{name}");
        add(name)?;
        trail.snapshot().await?.count(scope, filter, 1_000).await?;
        add(count)?;
        let explained = trail.snapshot().await?.explain_empty(scope, filter).await?;
        assert!(explained.unknown.iter().all(|unknown| unknown.suggestions.is_empty()), "{explained:?}");
        add(explanation)?;
    }
    let mut snapshot = trail.snapshot().await?;
    let wanted: ActorFilter = actor.parse()?;
    let page =
        snapshot.transactions_by_actor(scope, wanted, TimeRange::default(), Position::Newest, 50).await?;
    assert!(page.entries.is_empty());
    drop(snapshot);
    add("transactions of actor")?;
    Ok(work)
}

#[sqlx::test(migrations = false)]
async fn hidden_actor_and_action_cost_as_much_as_absent_ones(pool: PgPool) -> Result {
    install_for_made_up_rows(&pool).await?;
    run(&pool, SEED).await?;
    run(&pool, "VACUUM (ANALYZE)").await?;
    let listener = Listener::default();
    let _guard = tracing::subscriber::set_default(listener.clone());
    let trail = AuditTrail::new(Listener::pool(&pool).await?).search_time(Duration::MAX);
    let tickets = || Predicate::tables(["tickets"]);
    let tenant = || Predicate::field("tenant_id", "7");
    for scope in [
        Predicate::tables(["orders"]),
        tickets().and(tenant()),
        tenant(),
        tickets().and(Predicate::actor("user:seen".parse::<ActorFilter>()?)),
    ] {
        let scope = Scope::new(scope);
        // The library detects the features of the schema with its first query.
        assert!(trail.snapshot().await?.has_changes(&scope).await?);
        let hidden = work(&trail, &listener, &scope, "user:ghost", "secret.action").await?;
        let absent = work(&trail, &listener, &scope, "user:nobody", "no.action").await?;
        assert_eq!(hidden, absent, "{scope:?}");
    }
    Ok(())
}

/// Returns a page of two of the transactions of one actor.
async fn page_of_two(
    trail: &AuditTrail,
    scope: &Scope,
    position: Position,
) -> Result<Page<TransactionRecord>> {
    let actor: ActorFilter = "user:ann".parse()?;
    let mut snapshot = trail.snapshot().await?;
    Ok(snapshot.transactions_by_actor(scope, actor, TimeRange::default(), position, 2).await?)
}

/// Returns the ids of the transactions in pages of two: from the newest on, and back again.
async fn pages(trail: &AuditTrail, scope: &Scope) -> Result<[Vec<Uuid>; 2]> {
    let ids = |page: &Page<TransactionRecord>| page.entries.iter().map(|found| found.id).collect::<Vec<_>>();
    let mut page = page_of_two(trail, scope, Position::Newest).await?;
    let mut older = ids(&page);
    while let Some(cursor) = page.older {
        page = page_of_two(trail, scope, Position::OlderThan(cursor)).await?;
        older.extend(ids(&page));
    }
    let mut newer = ids(&page);
    while let Some(cursor) = page.newer {
        page = page_of_two(trail, scope, Position::NewerThan(cursor)).await?;
        newer.splice(0..0, ids(&page));
    }
    Ok([older, newer])
}

#[sqlx::test(migrations = false)]
async fn transactions_of_limited_scope_are_listed_once_each(pool: PgPool) -> Result {
    install_for_made_up_rows(&pool).await?;
    // Transaction 1 is long: its changes lie between those of the others. Its newest change is hidden.
    run(
        &pool,
        "INSERT INTO threadline.audit_transactions (id, txid, occurred_at, actor_ref)
         SELECT lpad(n::text, 32, '0')::uuid, n, '2026-01-01 00:00+00', '{\"type\": \"user\", \"id\": \"ann\"}'
         FROM generate_series(1, 6) AS n;
         INSERT INTO threadline.audit_changes
           (id, transaction_id, occurred_at, captured_at, table_hash, row_bucket, table_schema, table_name, table_pk, op)
         SELECT gen_random_uuid(), lpad(n::text, 32, '0')::uuid, '2026-01-01 00:00+00',
                '2026-01-01 00:00+00'::timestamptz + second * interval '1 second',
                threadline.threadline_table_hash('public', name), second, 'public', name, jsonb_build_object('id', second::text),
                'insert'
         FROM (VALUES (1, 1, 'a'), (2, 2, 'a'), (1, 3, 'a'), (3, 4, 'a'), (4, 5, 'b'), (1, 6, 'a'), (5, 7, 'a'), (1, 8, 'b'),
                      (6, 9, 'a'), (6, 10, 'a')) AS made (n, second, name)",
    )
    .await?;
    let trail = AuditTrail::new(pool.clone()).search_time(Duration::MAX);
    let [older, newer] = pages(&trail, &Scope::tables(["a"])).await?;
    let expected = [6, 5, 1, 3, 2].map(Uuid::from_u128);
    assert_eq!(older, expected);
    assert_eq!(newer, expected);
    Ok(())
}
