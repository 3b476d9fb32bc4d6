//! Tests that changes which a scope hides do not exist for any query.

use chrono::{TimeDelta, Utc};
use sqlx::PgPool;
use threadline::query::{ActorFilter, AsOf, Count, Filter, Position, QueryError, TimeRange};
use threadline::{ActorKind, AuditTrail, Predicate, Scope};
use uuid::Uuid;

use crate::query::{ALL, desk, word, words};
use threadline_testkit::database::{Result, run};

/// Runs every query, and returns each result as a text that begins with its name.
async fn answers(trail: &AuditTrail, scope: &Scope, transactions: &[Uuid]) -> Result<Vec<String>> {
    let any = Filter::default();
    let newest = Position::Newest;
    let mut answers = Vec::new();
    let page = trail.timeline_page(scope, &any, newest, 100).await?;
    answers.push(format!("timeline {:?}", words(&page)));
    answers.push(format!("list {}", trail.timeline(scope, &any, 100).await?.len()));
    answers.push(format!("count {:?}", trail.snapshot().await?.count(scope, &any, 100).await?));
    // The mark of a page that was read before the first change.
    let mark = "1000000-0-1-".parse()?;
    answers.push(format!("newer {:?}", trail.snapshot().await?.count_newer(scope, &any, &mark, 100).await?));
    let newer = trail.snapshot().await?.newer_changes(scope, &any, &mark, 100).await?.entries;
    answers.push(format!("newer changes {:?}", newer.iter().map(word).collect::<Vec<_>>()));
    answers.push(format!("has {}", trail.snapshot().await?.has_changes(scope).await?));
    answers.push(format!("tables {:?}", trail.snapshot().await?.captured_tables(scope).await?));
    for cap in [2, 100] {
        let active = trail.snapshot().await?.active_actors(scope, TimeRange::default(), cap).await?;
        answers.push(format!("active {active:?}"));
    }
    answers.push(format!("columns {:?}", trail.snapshot().await?.captured_columns(scope).await?));
    // Small pages have many cursors, which must not reveal hidden changes.
    let mut position = newest;
    let mut pages = Vec::new();
    loop {
        let page = trail.timeline_page(scope, &any, position, 2).await?;
        pages.push(words(&page).len());
        match page.older {
            Some(cursor) => position = Position::OlderThan(cursor),
            None => break,
        }
    }
    answers.push(format!("pages {pages:?}"));
    for (table, key) in
        [("tickets", "1"), ("tickets", "2"), ("tickets", "3"), ("accounts", "7"), ("accounts", "99")]
    {
        let key = [("id", key)];
        let history = trail.snapshot().await?.row_history(scope, table, key, &any, newest, 100).await;
        let history = history.map(|page| words(&page)).map_err(|error| error.to_string());
        answers.push(format!("history {table} {key:?} {history:?}"));
        for cap in [2, 100] {
            let counts = trail.snapshot().await?.field_counts(scope, table, key, &any, cap).await?;
            answers.push(format!("fields {table} {key:?} {counts:?}"));
        }
        let state = match trail.as_of(scope, table, key, Utc::now()).await {
            Ok(AsOf::Present(entry)) => format!("row after {}", entry.change.captured_at),
            Ok(AsOf::Uncertain { causes, .. }) => format!("perhaps removed: {causes:?}"),
            Ok(AsOf::Deleted(_)) => "deleted".to_owned(),
            Ok(AsOf::Moved(_)) => "moved".to_owned(),
            Ok(AsOf::BeforeHorizon) => "unknown".to_owned(),
            Err(QueryError::Database(error)) => return Err(error.into()),
            Err(error) => error.to_string(),
        };
        answers.push(format!("as of {table} {key:?} {state}"));
        let moments = [Utc::now() - TimeDelta::days(1), Utc::now()];
        let compared = trail.snapshot().await?.compare(scope, table, key, moments).await;
        let compared = compared.map(|c| c.fields.len()).map_err(|error| error.to_string());
        answers.push(format!("compare {table} {key:?} {compared:?}"));
    }
    for actor in ["user", "user:ann", "user:bob", "anonymous", "job:sweeper", "admin:root", "user:nobody"] {
        let filter: ActorFilter = actor.parse()?;
        let window =
            trail.snapshot().await?.changes_by_actor(scope, filter.clone(), &any, newest, 100).await?;
        answers.push(format!("window {actor} {:?}", words(&window)));
        let history = trail
            .snapshot()
            .await?
            .transactions_by_actor(scope, filter, TimeRange::default(), newest, 100)
            .await?;
        answers.push(format!("actor {actor} {}", history.entries.len()));
        let touched = trail.snapshot().await?.table_counts(scope, &history.entries, 100).await?;
        answers.push(format!("touched {actor} {touched:?}"));
    }
    for correlation in ["case-1", "case-2", "case-3"] {
        let bundle =
            trail.snapshot().await?.changes_by_correlation(scope, correlation, &any, newest, 100).await?;
        answers.push(format!("bundle {correlation} {:?}", words(&bundle)));
        let related =
            trail.snapshot().await?.transactions_by_correlation(scope, correlation, Uuid::nil(), 100).await?;
        answers.push(format!("related {correlation} {related:?}"));
    }
    for id in transactions {
        let detail = trail.transaction(scope, *id, newest, 100).await?;
        answers.push(format!("transaction {:?}", detail.map(|detail| detail.changes.entries.len())));
        let incident = trail.snapshot().await?.transaction_with_old_values(scope, *id, 100).await?;
        answers.push(format!("incident {:?}", incident.map(|incident| incident.changes.len())));
    }
    Ok(answers)
}

/// Compares the results within a scope with those of a trail from which everything else was deleted.
#[sqlx::test(migrations = false)]
async fn hidden_changes_equal_absent_changes_in_every_query(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let all = trail.timeline(&Scope::unscoped(), &Filter::default(), 100).await?;
    assert_eq!(all.len(), ALL.len());
    let middle = all[4].change.captured_at;
    let mut transactions: Vec<Uuid> = all.iter().map(|entry| entry.transaction.id).collect();
    transactions.dedup();
    transactions.push(Uuid::nil());
    run(&pool, "CREATE TABLE kept AS TABLE threadline.audit_changes").await?;
    let field = |value| Predicate::field("customer", value);
    for (scope, visible) in [
        (Scope::nothing(), "false"),
        (Scope::tables(["tickets"]), "table_name = 'tickets'"),
        (Scope::tables(["nowhere"]), "false"),
        (Scope::new(Predicate::schema("public")), "true"),
        (Scope::new(Predicate::schema("billing")), "false"),
        (Scope::new(field("7")), "coalesce(data_after, changed_from) ->> 'customer' = '7'"),
        (
            Scope::new(Predicate::tables(["tickets", "lines"]).and(field("8"))),
            "table_name IN ('tickets', 'lines') AND coalesce(data_after, changed_from) ->> 'customer' = '8'",
        ),
        (
            Scope::new(Predicate::tables(["accounts"]).or(field("8"))),
            "table_name = 'accounts' OR coalesce(data_after, changed_from) ->> 'customer' = '8'",
        ),
        (
            Scope::new(Predicate::actor(ActorKind::User)),
            "transaction_id IN (SELECT id FROM threadline.audit_transactions WHERE actor_ref ->> 'type' = 'user')",
        ),
        (
            Scope::new(Predicate::actor("user:ann".parse::<ActorFilter>()?)),
            "transaction_id IN (SELECT id FROM threadline.audit_transactions WHERE actor_ref ->> 'id' = 'ann')",
        ),
        (Scope::new(Predicate::since(middle)), &format!("captured_at >= '{middle}'")),
    ] {
        run(
            &pool,
            "DELETE FROM threadline.audit_changes; INSERT INTO threadline.audit_changes (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from, captured_at)
             SELECT id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from, captured_at FROM kept",
        )
        .await?;
        let scoped = answers(&trail, &scope, &transactions).await?;
        run(&pool, &format!("DELETE FROM threadline.audit_changes WHERE ({visible}) IS NOT TRUE")).await?;
        // The scope is kept, because it decides which names may be shown; there is nothing left to hide.
        let absent = answers(&trail, &scope, &transactions).await?;
        assert_eq!(scoped, absent, "{scope:?}");
    }
    Ok(())
}

/// Checks what a scope shows, because the comparison above would pass as well if it hid everything.
#[sqlx::test(migrations = false)]
async fn scope_shows_exactly_what_it_selects(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    for (scope, expected) in [
        (Scope::unscoped(), 10),
        (Scope::nothing(), 0),
        (Scope::tables(["tickets", "accounts"]), 8),
        (Scope::new(Predicate::field("customer", "7")), 5),
        (Scope::new(Predicate::field("customer", "8")), 2),
        (Scope::new(Predicate::field("customer", "8' OR true --")), 0),
        (Scope::new(Predicate::field("c' OR true --", "8")), 0),
        (Scope::new(Predicate::actor(ActorKind::Anonymous)), 1),
        (Scope::new(Predicate::tables(["lines"]).or(Predicate::field("name", "eight"))), 3),
    ] {
        let count = trail.snapshot().await?.count(&scope, &Filter::default(), 100).await?;
        assert_eq!(count, Count::Exact(expected), "{scope:?}");
    }
    Ok(())
}
