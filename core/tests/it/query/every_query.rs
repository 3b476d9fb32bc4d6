//! Runs every query of the library, for tests of what a query may do.

use chrono::Utc;
use threadline::health::Schemas;
use threadline::query::{Cursor, Filter, Position, TimeRange};
use threadline::{ActorKind, AuditTrail, Config, Predicate, Scope};
use threadline_testkit::database::Result;

/// Runs every query and every check on the trail of [`desk`](super::desk), and records the gaps that it finds.
pub(crate) async fn run_every_query(trail: &AuditTrail) -> Result {
    let everything = Scope::unscoped();
    let of_customer = Scope::new(
        Predicate::tables(["tickets", "lines"])
            .and(Predicate::field("customer", "7"))
            .or(Predicate::schema("billing").and(Predicate::since(Utc::now()))),
    );
    for scope in [&everything, &of_customer] {
        read_changes(trail, scope).await?;
    }
    check_health(trail).await
}

fn filter<const N: usize>(pairs: [(&str, &str); N]) -> Result<Filter> {
    let (filter, _) = Filter::from_pairs(pairs)?;
    Ok(filter)
}

async fn read_changes(trail: &AuditTrail, scope: &Scope) -> Result {
    let every = Filter::default();
    let filters = [
        every.clone(),
        filter([("table", "tickets"), ("operation", "update"), ("field", "priority")])?,
        filter([("table", "tickets"), ("key", "id=1")])?,
        filter([("actor", "user:ann"), ("from", "2020-01-01T00:00:00Z")])?,
        filter([("actor", "user")])?,
        filter([("value", "low")])?,
        filter([("value", "=low"), ("field", "priority"), ("actor", "user")])?,
        filter([("actor", "user:ann,-job"), ("table", "tickets,lines"), ("operation", "-delete")])?,
        filter([("action", "-ticket.opened"), ("on_behalf_of", "user"), ("field", "priority,-customer")])?,
        filter([("action", "ticket.opened")])?,
        filter([("correlation_id", "case-1")])?,
        filter([("request_id", "req-1"), ("actor", "user:ann")])?,
    ];
    let newest = trail.timeline_page(scope, &every, Position::Newest, 3).await?;
    let entry = newest.entries.last().ok_or("no changes")?;
    let cursor: Cursor = entry.change.cursor();
    for filter in &filters {
        for position in [Position::Newest, Position::OlderThan(cursor), Position::NewerThan(cursor)] {
            trail.timeline_page(scope, filter, position, 5).await?;
        }
        trail.timeline(scope, filter, 5).await?;
        trail.snapshot().await?.count(scope, filter, 100).await?;
        trail.snapshot().await?.activity(scope, filter, Utc::now()).await?;
        trail.snapshot().await?.occurring_values(scope, filter).await?;
        let (snapshot, mark) = trail.snapshot_with_mark().await?;
        drop(snapshot);
        trail.snapshot().await?.count_newer(scope, filter, &mark, 100).await?;
        trail.snapshot().await?.newer_changes(scope, filter, &mark, 100).await?;
    }
    trail.snapshot().await?.has_changes(scope).await?;
    trail.snapshot().await?.captured_tables(scope).await?;
    trail.snapshot().await?.captured_columns(scope).await?;
    for table in ["tickets", "lines", "nowhere"] {
        trail.snapshot().await?.key_columns(scope, &table.into()).await?;
    }
    for filter in filters.iter().chain([&filter([("table", "Tickets"), ("action", "Opened")])?]) {
        trail.snapshot().await?.explain_empty(scope, filter).await?;
        for (key, typed) in
            [("table", "ticket"), ("field", "Priority"), ("actor", "Ann"), ("action", "opened")]
        {
            trail.snapshot().await?.suggest(scope, key, typed, filter).await?;
        }
    }
    trail.snapshot().await?.read_key(scope, &"tickets".into(), "Ticket #1").await?;
    trail.snapshot().await?.other_spelling(scope, &"tickets".into(), &[("id", "A")].into()).await?;
    trail.snapshot().await?.row_history(scope, "tickets", [("id", 1)], &every, Position::Newest, 5).await?;
    trail.snapshot().await?.field_counts(scope, "tickets", [("id", 1)], &every, 5).await?;
    trail.as_of(scope, "tickets", [("id", 1)], Utc::now()).await?;
    trail.snapshot().await?.compare(scope, "lines", [("ticket", 1), ("line", 1)], [Utc::now(); 2]).await?;
    trail.snapshot().await?.changes_by_actor(scope, ActorKind::User, &every, Position::Newest, 5).await?;
    trail.snapshot().await?.changes_by_correlation(scope, "case-1", &every, Position::Newest, 5).await?;
    let transactions = trail
        .snapshot()
        .await?
        .transactions_by_actor(scope, ActorKind::User, TimeRange::default(), Position::Newest, 5)
        .await?;
    trail.snapshot().await?.active_actors(scope, TimeRange::default(), 5).await?;
    trail.snapshot().await?.table_counts(scope, &transactions.entries, 100).await?;
    let id = entry.transaction.id;
    trail.transaction(scope, id, Position::Newest, 5).await?;
    trail.snapshot().await?.transaction_with_old_values(scope, id, 5).await?;
    trail.snapshot().await?.transactions_by_correlation(scope, "case-1", id, 5).await?;
    let mut changes: Vec<_> = newest.entries.into_iter().map(|entry| entry.change).collect();
    trail.snapshot().await?.load_old_values(scope, &mut changes).await?;
    Ok(())
}

async fn check_health(trail: &AuditTrail) -> Result {
    let config = Config::from_toml("[capture.tables.tickets]\nmask = ['assignee']")?;
    let report = trail.health(&config, &Schemas::All).await?;
    trail.coverage(&config, &Schemas::one("public")).await?;
    trail.redaction(&config, &Schemas::All).await?;
    trail.record_coverage(&report.coverage, &report.redaction).await?;
    assert!(!trail.coverage_gaps(10).await?.is_empty(), "drift was not remembered");
    assert_eq!(trail.capture_functions().await?.len(), 3);
    Ok(())
}
