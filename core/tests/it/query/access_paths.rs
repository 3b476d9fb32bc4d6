//! Tests that every access path returns the changes that a filter in Rust selects, for many filters, time ranges and positions.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use threadline::query::{ActorFilter, Count, Filter, Position, QueryError, Selection, TimelineEntry};
use threadline::{ActorRef, AuditTrail, Scope};
use uuid::Uuid;

use crate::query::install_for_made_up_rows;
use threadline_testkit::database::{Result, run};

/// Inserts 6,000 transactions over 200 days: the actor `busy` has most, `some` a few hundred, `rare` twelve. One in ten lasts for
/// a while, a few last for days, and the changes of some are captured before they began, as when a clock was set back. Some have
/// the same time, and so do their changes. One row in each table has half of the changes, and one table has few changes.
const FILL: &str = "
    INSERT INTO threadline.audit_actions (id, name, actor_ref, correlation_id, request_id)
    SELECT gen_random_uuid(), CASE WHEN n % 100 = 0 THEN 'seldom' ELSE 'often' END, '{}', 'case-' || n % 700, 'req-' || n
    FROM generate_series(1, 3000) AS n;
    WITH actions AS (SELECT id, name, row_number() OVER (ORDER BY request_id) AS n FROM threadline.audit_actions)
    INSERT INTO threadline.audit_transactions (id, txid, occurred_at, actor_ref, action_id, action_name)
    SELECT gen_random_uuid(), n, now() - interval '200 days' * ((n * 7919) % 6000 / 3 * 3) / 6000.0,
           CASE WHEN n % 500 = 0 THEN '{\"type\":\"user\",\"id\":\"rare\"}'::jsonb
                WHEN n % 33 = 0 THEN '{\"type\":\"job\",\"id\":\"some\",\"on_behalf_of\":{\"type\":\"user\",\"id\":\"rare\"}}'
                WHEN n % 11 = 0 THEN '{\"type\":\"job\",\"id\":\"some\"}'
                WHEN n % 13 = 0 THEN NULL ELSE '{\"type\":\"user\",\"id\":\"busy\"}' END,
           a.id, a.name
    FROM generate_series(1, 6000) AS n LEFT JOIN actions AS a USING (n);
    INSERT INTO threadline.audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, captured_at)
    SELECT gen_random_uuid(), t.id, t.occurred_at, 'public', CASE WHEN t.txid % 97 = 0 THEN 'few' WHEN t.txid % 3 = 0 THEN 'lines' ELSE 'tickets' END,
           jsonb_build_object('id', CASE WHEN t.txid % 2 = 0 THEN 'hot' ELSE (t.txid % 50)::text END), CASE WHEN part = 1 THEN 'insert' ELSE 'update' END, '{}',
           CASE WHEN part > 2 THEN ARRAY['b', 'c'] WHEN part > 1 THEN ARRAY['a'] END,
           t.occurred_at + CASE WHEN t.txid % 100 = 7 THEN interval '1 day' * part * 3
                                WHEN t.txid % 10 = 7 THEN interval '40 seconds' * part
                                WHEN t.txid % 50 = 9 THEN interval '-400 milliseconds'
                                ELSE interval '3 milliseconds' * (part / 2) END
    FROM threadline.audit_transactions AS t CROSS JOIN generate_series(1, 3) AS part WHERE part <= 1 + t.txid % 3;
    ANALYZE threadline.audit_transactions; ANALYZE threadline.audit_changes; ANALYZE threadline.audit_actions";

fn position_of(entry: &TimelineEntry) -> (DateTime<Utc>, Uuid) {
    (entry.change.captured_at, entry.change.id)
}

fn is_by(wanted: &Option<Selection<ActorFilter>>, found: Option<&ActorRef>) -> bool {
    let is_found = |wanted: &ActorFilter| found.is_some_and(|found| wanted.selects(found));
    wanted.as_ref().is_none_or(|wanted| wanted.selects(is_found))
}

/// Returns whether an entry meets the filter. This restates the meaning of the filter without SQL.
fn meets(filter: &Filter, entry: &TimelineEntry) -> bool {
    let change = &entry.change;
    let actor = entry.transaction.actor.as_ref();
    let action = entry.transaction.action.as_ref();
    let equal =
        |wanted: &Option<String>, found: Option<&String>| wanted.is_none() || wanted.as_ref() == found;
    let is_changed = |field: &String| change.changed_fields.iter().flatten().any(|changed| changed == field);
    filter.table.as_ref().is_none_or(|tables| tables.selects(|table| *table == change.table))
        && (filter.key.is_none() || filter.key.as_ref() == change.row_key())
        && filter.operation.as_ref().is_none_or(|kinds| kinds.selects(|kind| *kind == change.operation))
        && filter.field.as_ref().is_none_or(|fields| fields.selects(is_changed))
        && is_by(&filter.actor, actor)
        && is_by(&filter.on_behalf_of, entry.transaction.on_behalf_of.as_ref())
        && filter
            .action
            .as_ref()
            .is_none_or(|names| names.selects(|name| action.is_some_and(|action| action.name == *name)))
        && equal(&filter.correlation_id, action.and_then(|action| action.correlation_id.as_ref()))
        && equal(&filter.request_id, action.and_then(|action| action.request_id.as_ref()))
        && filter.from.is_none_or(|from| change.captured_at >= from)
        && filter.to.is_none_or(|to| change.captured_at <= to)
}

#[sqlx::test(migrations = false)]
async fn every_access_path_finds_the_same_changes(pool: PgPool) -> Result {
    let trail: AuditTrail = install_for_made_up_rows(&pool).await?;
    run(&pool, FILL).await?;
    let scope = Scope::unscoped();
    let all = trail.timeline(&scope, &Filter::default(), 100_000).await?;
    assert_eq!(all.len(), 12_000);
    assert!(all.is_sorted_by(|one, other| position_of(one) > position_of(other)));
    let at = |index: usize| all[index].change.captured_at.to_rfc3339();
    for pairs in [
        &[][..],
        &[("actor", "user:busy")],
        &[("actor", "user:rare")],
        &[("actor", "job:some")],
        &[("actor", "job")],
        &[("actor", "user")],
        &[("actor", "user:nobody")],
        &[("actor", "job:some"), ("table", "lines")],
        &[("actor", "user:busy"), ("operation", "update")],
        &[("actor", "user:busy"), ("action", "seldom")],
        &[("actor", "job:some"), ("action", "often")],
        &[("actor", "user"), ("action", "seldom")],
        &[("actor", "user:rare"), ("action", "often")],
        &[("action", "seldom"), ("table", "lines")],
        &[("action", "often"), ("operation", "insert")],
        &[("action", "often"), ("correlation_id", "case-11")],
        &[("action", "never")],
        &[("action", "seldom")],
        &[("action", "often")],
        &[("correlation_id", "case-11")],
        &[("request_id", "req-42")],
        &[("request_id", "req-42"), ("actor", "user:rare")],
        &[("table", "lines")],
        &[("table", "lines"), ("key", "id=9")],
        &[("table", "lines"), ("key", "id=9"), ("actor", "user:busy")],
        &[("table", "lines"), ("key", "id=hot"), ("actor", "user:busy")],
        &[("table", "lines"), ("key", "id=hot"), ("actor", "job")],
        &[("table", "lines"), ("key", "id=hot"), ("action", "seldom")],
        &[("table", "lines"), ("key", "id=hot"), ("correlation_id", "case-11")],
        &[("table", "few"), ("actor", "user:busy")],
        &[("table", "few"), ("action", "often")],
        &[("operation", "truncate"), ("actor", "user:busy")],
        &[("field", "a"), ("operation", "update")],
        &[("actor", "user:rare,job:some")],
        &[("actor", "user,job:nobody"), ("table", "few")],
        &[("actor", "user,-user:busy")],
        &[("actor", "-user:busy")],
        &[("actor", "-job"), ("action", "seldom")],
        &[("actor", "job:some"), ("action", "-seldom")],
        &[("actor", "user:busy"), ("action", "seldom,often"), ("operation", "insert")],
        &[("actor", "none")],
        &[("actor", "user,admin"), ("table", "lines"), ("key", "id=hot")],
        &[("on_behalf_of", "user:rare")],
        &[("on_behalf_of", "user"), ("actor", "job:some"), ("table", "lines")],
        &[("on_behalf_of", "-user:rare"), ("actor", "job")],
        &[("action", "seldom,never")],
        &[("action", "-often"), ("table", "tickets")],
        &[("action", "-often"), ("correlation_id", "case-11")],
        &[("action", "seldom,often"), ("request_id", "req-42")],
        &[("actor", "-user:busy"), ("correlation_id", "case-11")],
        &[("table", "lines,few")],
        &[("table", "-lines"), ("actor", "user:rare")],
        &[("table", "-lines,-tickets")],
        &[("table", "lines,few"), ("actor", "user:busy,job")],
        &[("operation", "insert,delete")],
        &[("operation", "-update"), ("table", "few")],
        &[("operation", "-insert,-update,-delete")],
        &[("field", "a,b")],
        &[("field", "-a")],
        &[("field", "b,-a")],
        &[("field", "-a"), ("operation", "-insert"), ("actor", "-job")],
    ] {
        for window in [[None, None], [Some(9_000), None], [None, Some(3_000)], [Some(8_000), Some(5_000)]] {
            let [from, to] = window.map(|index| index.map(at).unwrap_or_default());
            let pairs = pairs.iter().copied().chain([("from", from.as_str()), ("to", to.as_str())]);
            let (filter, _) = Filter::from_pairs(pairs)?;
            let expected: Vec<_> =
                all.iter().filter(|entry| meets(&filter, entry)).map(position_of).collect();
            for cap in [0, 40, 700, 100_000] {
                let counted =
                    if expected.len() > cap { Count::Truncated(cap) } else { Count::Exact(expected.len()) };
                assert_eq!(trail.snapshot().await?.count(&scope, &filter, cap).await?, counted, "{filter:?}");
            }
            for index in [0, 3_001, 11_990] {
                let cursor = all[index].change.cursor();
                for position in [Position::Newest, Position::OlderThan(cursor), Position::NewerThan(cursor)] {
                    if position == Position::Newest && index > 0 {
                        continue;
                    }
                    let page = trail.timeline_page(&scope, &filter, position, 50).await?;
                    let found: Vec<_> = page.entries.iter().map(position_of).collect();
                    let edge = position_of(&all[index]);
                    let wanted: Vec<_> = match position {
                        Position::Newest => expected.iter().copied().take(50).collect(),
                        Position::OlderThan(_) => {
                            expected.iter().copied().filter(|p| *p < edge).take(50).collect()
                        }
                        Position::NewerThan(_) => {
                            let newer: Vec<_> = expected.iter().copied().filter(|p| *p > edge).collect();
                            newer[newer.len().saturating_sub(50)..].to_vec()
                        }
                    };
                    assert_eq!(found, wanted, "{filter:?} {position:?}");
                    let bound = found
                        .last()
                        .or(Some(&edge))
                        .filter(|_| position != Position::Newest || !found.is_empty());
                    let older = bound.is_some_and(|bound| expected.iter().any(|p| p < bound));
                    assert_eq!(page.older.is_some(), older, "{filter:?} {position:?}");
                }
            }
        }
    }
    Ok(())
}

/// Checks pages of several sizes, and counts.
#[sqlx::test(migrations = false)]
async fn every_access_path_respects_scope(pool: PgPool) -> Result {
    let trail: AuditTrail = install_for_made_up_rows(&pool).await?;
    run(&pool, FILL).await?;
    let all = trail.timeline(&Scope::unscoped(), &Filter::default(), 100_000).await?;
    let lines = Scope::tables(["lines"]);
    for pairs in [
        ("actor", "user:busy"),
        ("actor", "job:some"),
        ("action", "seldom"),
        ("request_id", "req-42"),
        ("actor", "user:rare,job"),
        ("actor", "-user:busy"),
        ("action", "-often"),
        ("actor", "none"),
        ("table", "few,lines"),
        ("table", "few,tickets"),
        ("table", "-few"),
        ("table", "-lines"),
        ("on_behalf_of", "user:rare"),
        ("field", "-a"),
    ] {
        let (filter, _) = Filter::from_pairs([pairs])?;
        let is_visible =
            |entry: &&TimelineEntry| entry.change.table.name() == "lines" && meets(&filter, entry);
        let expected: Vec<_> = all.iter().filter(is_visible).map(position_of).collect();
        for size in [1, 101, 1_000, 10_000] {
            let page = trail.timeline_page(&lines, &filter, Position::Newest, size).await?;
            let found: Vec<_> = page.entries.iter().map(position_of).collect();
            assert_eq!(found, expected[..size.min(expected.len())], "{filter:?} {size}");
        }
        assert_eq!(
            trail.snapshot().await?.count(&lines, &filter, 100_000).await?,
            Count::Exact(expected.len()),
            "{filter:?}"
        );
        assert_eq!(trail.snapshot().await?.count(&Scope::nothing(), &filter, 9).await?, Count::Exact(0));
    }
    Ok(())
}

/// Checks that a statement which the database cancels is not reported as an unreachable database.
#[sqlx::test(migrations = false)]
async fn statement_timeout_returns_timeout(pool: PgPool) -> Result {
    let trail: AuditTrail = install_for_made_up_rows(&pool).await?;
    // The query by table calls this function.
    run(
        &pool,
        "CREATE OR REPLACE FUNCTION threadline.threadline_table_hash(table_schema text, table_name text) RETURNS int
         LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_catalog.pg_sleep(3600); RETURN 0; END $$",
    )
    .await?;
    let impatient = trail.statement_timeout(std::time::Duration::from_millis(100));
    let of_table = Filter { table: Some("tickets".into()), ..Filter::default() };
    let answer = impatient.timeline(&Scope::unscoped(), &of_table, 1).await;
    assert!(matches!(answer, Err(QueryError::Timeout)), "{answer:?}");
    assert_eq!(impatient.timeline(&Scope::unscoped(), &Filter::default(), 1).await?.len(), 0);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn locked_trail_returns_the_lock_as_the_cause(pool: PgPool) -> Result {
    let trail: AuditTrail = install_for_made_up_rows(&pool).await?;
    let mut other = pool.begin().await?;
    run(&mut *other, "LOCK TABLE threadline.audit_changes").await?;
    let impatient = trail.clone().statement_timeout(std::time::Duration::from_millis(200));
    let answer = impatient.timeline(&Scope::unscoped(), &Filter::default(), 1).await;
    let code = answer.as_ref().err().and_then(QueryError::sqlstate);
    assert_eq!(code.as_deref(), Some("55P03"), "{answer:?}");
    other.rollback().await?;
    assert_eq!(trail.timeline(&Scope::unscoped(), &Filter::default(), 1).await?.len(), 0);
    Ok(())
}

/// Tests a clock that was set back, because the nearest change may then be of a transaction beyond those that were scanned.
#[sqlx::test(migrations = false)]
async fn clock_set_back_hides_no_change(pool: PgPool) -> Result {
    let trail: AuditTrail = install_for_made_up_rows(&pool).await?;
    run(
        &pool,
        "INSERT INTO threadline.audit_transactions (id, txid, occurred_at, actor_ref)
         SELECT gen_random_uuid(), n, now() - interval '1 day' + least(n, 100.1) * interval '1 second',
                '{\"type\":\"user\",\"id\":\"ann\"}'
         FROM generate_series(1, 101) AS n;
         INSERT INTO threadline.audit_changes
           (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, captured_at)
         SELECT gen_random_uuid(), id, occurred_at, 'public', CASE WHEN txid < 100 THEN 'tickets' ELSE 'lines' END, '{}', 'insert',
                occurred_at - CASE WHEN txid < 100 THEN 0 WHEN txid = 100 THEN 0.4 + part * 0.1 ELSE 0.7 END * interval '1 second'
         FROM threadline.audit_transactions CROSS JOIN generate_series(0, 1) AS part WHERE part = 0 OR txid = 100",
    )
    .await?;
    let scope = Scope::unscoped();
    let all = trail.timeline(&scope, &Filter::default(), 1_000).await?;
    let (filter, _) = Filter::from_pairs([("actor", "user:ann"), ("table", "lines")])?;
    let mut expected: Vec<_> = all.iter().filter(|entry| meets(&filter, entry)).map(position_of).collect();
    assert_eq!(expected.len(), 3);
    expected.reverse();
    let mut position = Position::NewerThan(all[all.len() - 1].change.cursor());
    for nearest in expected {
        let page = trail.timeline_page(&scope, &filter, position, 1).await?;
        assert_eq!(page.entries.iter().map(position_of).collect::<Vec<_>>(), [nearest]);
        position = Position::NewerThan(page.entries[0].change.cursor());
    }
    Ok(())
}
