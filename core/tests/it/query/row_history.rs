//! Tests row histories, changes by actor and by correlation, and their errors.

use sqlx::PgPool;
use threadline::query::{Filter, Position, QueryError};
use threadline::{ActorKind, ActorRef, Scope};

use crate::query::install_for_made_up_rows;
use crate::query::{desk, words};
use threadline_testkit::database::{Result, run};

#[sqlx::test(migrations = false)]
async fn row_history_needs_whole_key(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let ticket = trail
        .snapshot()
        .await?
        .row_history(&scope, "tickets", [("id", 1)], &any, Position::Newest, 200)
        .await?;
    assert_eq!(words(&ticket), ["tickets:1:update", "tickets:1:update", "tickets:1:insert"]);
    assert_eq!(ticket.entries[0].transaction.actor, Some(ActorRef::new(ActorKind::User, "ann")?));
    let line = [("ticket", "1"), ("line", "1")];
    let line = trail
        .snapshot()
        .await?
        .row_history(&scope, "public.lines", line, &any, Position::Newest, 200)
        .await?;
    // The table was truncated after that.
    assert_eq!(words(&line), ["lines::truncate", "lines:1,1:insert"]);
    let never = trail
        .snapshot()
        .await?
        .row_history(&scope, "tickets", [("id", 99)], &any, Position::Newest, 200)
        .await?;
    assert!(never.entries.is_empty());
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn row_history_spans_days_months_and_partitions(pool: PgPool) -> Result {
    let trail = install_for_made_up_rows(&pool).await?;
    run(&pool, "CREATE TABLE tickets (id int PRIMARY KEY, n int)").await?;
    trail.capture(["tickets"]).await?;
    run(&pool, "INSERT INTO tickets VALUES (1, 0), (2, 0)").await?;
    for n in 1..=40 {
        run(&pool, &format!("UPDATE tickets SET n = {n}")).await?;
    }
    // The changes are spread over 200 days, so that every day of the month occurs.
    run(
        &pool,
        "CREATE TEMP TABLE spread AS SELECT *, row_number() OVER (PARTITION BY table_pk ORDER BY captured_at DESC) * interval '5 days' AS ago
         FROM threadline.audit_changes;
         DELETE FROM threadline.audit_changes;
         INSERT INTO threadline.audit_changes
           (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from, captured_at)
         SELECT id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from,
                captured_at - ago FROM spread",
    )
    .await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let mut position = Position::Newest;
    let mut values = Vec::new();
    loop {
        let page =
            trail.snapshot().await?.row_history(&scope, "tickets", [("id", 2)], &any, position, 7).await?;
        values.extend(
            page.entries.iter().filter_map(|e| Some(e.change.after.as_ref()?.get("n")?.get().to_owned())),
        );
        let Some(cursor) = page.older else { break };
        position = Position::OlderThan(cursor);
    }
    let expected: Vec<String> = (0..=40).rev().map(|n| n.to_string()).collect();
    assert_eq!(values, expected);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn changes_by_actor_and_by_correlation_equal_filtered_timeline(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let ann = ActorRef::new(ActorKind::User, "ann")?;
    let window = trail.snapshot().await?.changes_by_actor(&scope, &ann, &any, Position::Newest, 200).await?;
    assert_eq!(words(&window), ["tickets:1:update", "lines:1,1:insert", "tickets:1:insert"]);
    let tickets = Filter { table: Some("tickets".into()), ..Filter::default() };
    let bundle = trail
        .snapshot()
        .await?
        .changes_by_correlation(&scope, "case-1", &tickets, Position::Newest, 200)
        .await?;
    assert_eq!(words(&bundle), ["tickets:1:update", "tickets:1:insert"]);

    let id = bundle.entries[1].transaction.id;
    let incident =
        trail.snapshot().await?.transaction_with_old_values(&scope, id, 100).await?.ok_or("not found")?;
    assert_eq!(incident.transaction, bundle.entries[1].transaction);
    assert_eq!((incident.changes.len(), incident.truncated), (2, false));
    let cut = trail.snapshot().await?.transaction_with_old_values(&scope, id, 1).await?.ok_or("not found")?;
    assert_eq!((cut.changes.len(), cut.truncated), (1, true));
    assert!(
        trail.snapshot().await?.transaction_with_old_values(&scope, uuid::Uuid::nil(), 1).await?.is_none()
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn query_that_cannot_match_returns_reason(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    run(&pool, "CREATE TABLE fresh (id int PRIMARY KEY); CREATE TABLE bare (id int PRIMARY KEY)").await?;
    trail.capture(["fresh"]).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    for (table, key, expected) in [
        ("tickets", "ticket=1", "records of tickets have the key id, not ticket"),
        ("lines", "ticket=1", "records of lines have the key line, ticket, not ticket"),
        ("bare", "id=1", "there is no audited table \"bare\": capture it, or choose another table"),
        ("nowhere", "id=1", "there is no audited table \"nowhere\""),
    ] {
        let (filter, _) = Filter::from_pairs([("table", table), ("key", key)])?;
        let error = trail.timeline_page(&scope, &filter, Position::Newest, 10).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    let fresh =
        trail.snapshot().await?.row_history(&scope, "fresh", [("id", 1)], &any, Position::Newest, 10).await?;
    assert!(fresh.entries.is_empty());
    let elsewhere = threadline_testkit::database::trail(&pool)
        .storage_schema(threadline::StorageSchema::new("elsewhere")?);
    let error = elsewhere.timeline(&scope, &any, 10).await.unwrap_err();
    assert!(matches!(error, QueryError::NotInstalled { .. }), "{error}");
    Ok(())
}
