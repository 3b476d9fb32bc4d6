//! Tests that reads through the pooler return what direct reads return.

use std::fmt::Debug;
use std::time::Duration;

use sqlx::PgPool;
use threadline::query::{Filter, Position, QueryError, TimeRange};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use tokio::task::JoinSet;

use crate::pgbouncer::{RESET_SETTINGS, UNNAMED_SETTINGS};
use threadline_testkit::database::{Result, install, run};
use threadline_testkit::pgbouncer::PgBouncer;

const PAGE_SIZE: usize = 11;

#[sqlx::test(migrations = false)]
async fn pooled_read_returns_same_result_as_direct_read(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for table in ["tickets", "replies"] {
        run(&pool, &format!("CREATE TABLE {table} (id int PRIMARY KEY, hits int NOT NULL DEFAULT 0)"))
            .await?;
    }
    trail.capture(["tickets", "replies"]).await?;
    for (at, table) in ["tickets", "replies", "tickets", "replies"].into_iter().enumerate() {
        let context = AuditContext::new(ActorRef::new(ActorKind::User, format!("user-{}", at / 2))?);
        let context = context.with_correlation_id(format!("batch-{}", at / 2))?;
        let mut tx =
            threadline_testkit::database::trail(&pool).write(&context).action("rows.made").begin().await?;
        let from = at * 100;
        run(&mut *tx, &format!("INSERT INTO {table} SELECT generate_series({from}, {from} + 29)")).await?;
        run(&mut *tx, &format!("UPDATE {table} SET hits = 1 WHERE id % 10 = 3")).await?;
        tx.commit().await?;
    }
    let direct = answers(&trail).await.map_err(|error| error.to_string())?;
    assert!(direct.len() > 60, "{}", direct.len());

    for settings in [RESET_SETTINGS, UNNAMED_SETTINGS] {
        // Several clients read at a time, so that one client reads over several server connections.
        let bouncer = PgBouncer::start(&pool, 3, settings.pooler).await?;
        let mut clients = JoinSet::new();
        for _ in 0..10 {
            // A search that stops at its time limit returns another result, so there is no limit.
            let trail = threadline_testkit::database::trail(&bouncer.client(settings.statements))
                .search_time(Duration::MAX);
            clients.spawn(async move { answers(&trail).await.map_err(|error| error.to_string()) });
        }
        while let Some(pooled) = clients.join_next().await {
            let pooled = pooled?.map_err(|error| format!("{settings:?}: {error}"))?;
            for (direct, pooled) in direct.iter().zip(&pooled) {
                assert_eq!(direct, pooled);
            }
            assert_eq!(direct.len(), pooled.len());
        }
    }
    Ok(())
}

/// Returns the results of every function that reads the trail.
async fn answers(
    trail: &AuditTrail,
) -> std::result::Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    let mut results = Vec::new();
    let mut add = |answer: &dyn Debug| results.push(format!("{answer:?}"));
    for scope in [Scope::unscoped(), Scope::tables(["replies"]), Scope::tables(["nothing"])] {
        add(&trail.snapshot().await?.has_changes(&scope).await?);
        add(&trail.snapshot().await?.captured_tables(&scope).await?);
        for filter in [Filter::default(), Filter { table: Some("tickets".into()), ..Filter::default() }] {
            let mut page = trail.timeline_page(&scope, &filter, Position::Newest, PAGE_SIZE).await?;
            add(&page);
            while let Some(older) = page.older {
                page = trail.timeline_page(&scope, &filter, Position::OlderThan(older), PAGE_SIZE).await?;
                add(&page);
                for entry in page.entries.iter().take(1) {
                    let id = entry.transaction.id;
                    let detail = trail.transaction(&scope, id, Position::Newest, PAGE_SIZE).await?;
                    add(&detail);
                    if let Some(older) = detail.and_then(|detail| detail.changes.older) {
                        add(&trail.transaction(&scope, id, Position::OlderThan(older), PAGE_SIZE).await?);
                    }
                }
            }
            while let Some(newer) = page.newer {
                page = trail.timeline_page(&scope, &filter, Position::NewerThan(newer), PAGE_SIZE).await?;
                add(&page);
            }
        }
    }
    add(&trail.capture_functions().await?);
    results.extend(specific_answers(trail).await?);
    Ok(results)
}

/// Returns the results for one row, one actor, one correlation id and one time.
async fn specific_answers(
    trail: &AuditTrail,
) -> std::result::Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    let mut results = Vec::new();
    let mut add = |answer: &dyn Debug| results.push(format!("{answer:?}"));
    let (any, key) = (Filter::default(), [("id", 3)]);
    let all = trail.timeline(&Scope::unscoped(), &any, 1000).await?;
    let moments = [all.first(), all.last()].map(|entry| entry.map(|entry| entry.change.captured_at));
    let [Some(last), Some(first)] = moments else { return Err("the trail is empty".into()) };
    for scope in [Scope::unscoped(), Scope::tables(["tickets"]), Scope::tables(["replies"])] {
        add(&trail.snapshot().await?.count(&scope, &any, 20).await?);
        let (snapshot, mark) = trail.snapshot_with_mark().await?;
        drop(snapshot);
        add(&trail.snapshot().await?.count_newer(&scope, &any, &mark, 20).await?);
        add(&trail
            .snapshot()
            .await?
            .changes_by_actor(&scope, ActorKind::User, &any, Position::Newest, PAGE_SIZE)
            .await?);
        add(&trail
            .snapshot()
            .await?
            .changes_by_correlation(&scope, "batch-1", &any, Position::Newest, PAGE_SIZE)
            .await?);
        let mut position = Position::Newest;
        loop {
            let page = trail
                .snapshot()
                .await?
                .transactions_by_actor(
                    &scope,
                    ActorKind::User,
                    TimeRange::new(Some(first), None)?,
                    position,
                    1,
                )
                .await?;
            add(&page);
            let Some(older) = page.older else { break };
            position = Position::OlderThan(older);
        }
        for entry in [all.first(), all.last()].into_iter().flatten() {
            add(&trail
                .snapshot()
                .await?
                .transaction_with_old_values(&scope, entry.transaction.id, 40)
                .await?);
        }
        // The error for a row that the scope hides is a result as well.
        let message = |error: QueryError| error.to_string();
        add(&trail
            .snapshot()
            .await?
            .row_history(&scope, "tickets", key, &any, Position::Newest, 1)
            .await
            .map_err(message));
        add(&trail.as_of(&scope, "tickets", key, last).await.map_err(message));
        add(&trail.snapshot().await?.compare(&scope, "tickets", key, [first, last]).await.map_err(message));
    }
    Ok(results)
}
