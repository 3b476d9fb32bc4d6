//! Tests trails of the Elixir library: every query works without the columns and indexes that they lack.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use threadline::query::{AsOf, Count, FieldValue, Filter, OldValueSource, Position, TimeRange, ValueLimits};
use threadline::{AuditTrail, Predicate, Scope, StorageSchema};
use uuid::Uuid;

use crate::query::words;
use threadline_testkit::database::{Result, run};

/// The columns that versions of the Elixir library lack, newest first.
const GENERATIONS: [&str; 3] = [
    "CREATE INDEX audit_changes_row_history_idx ON audit_changes (table_schema, table_name, table_pk, captured_at DESC, id DESC)",
    "ALTER TABLE audit_transactions DROP meta",
    "ALTER TABLE audit_transactions DROP meta; ALTER TABLE audit_changes DROP changed_from",
];

async fn trail(pool: &PgPool, generation: &str) -> Result<AuditTrail> {
    run(pool, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").await?;
    run(pool, include_str!("reference.sql")).await?;
    run(pool, generation).await?;
    Ok(threadline_testkit::database::trail(pool).storage_schema(StorageSchema::new("public")?))
}

async fn found(trail: &AuditTrail, pairs: &[(&str, &str)]) -> Result<Vec<String>> {
    let (filter, _) = Filter::from_pairs(pairs.iter().copied())?;
    let page = trail.timeline_page(&Scope::unscoped(), &filter, Position::Newest, 100).await?;
    assert_eq!(
        trail.snapshot().await?.count(&Scope::unscoped(), &filter, 100).await?,
        Count::Exact(page.entries.len())
    );
    Ok(words(&page))
}

#[sqlx::test(migrations = false)]
async fn filters_work_on_every_elixir_version(pool: PgPool) -> Result {
    for generation in GENERATIONS {
        let trail = trail(&pool, generation).await?;
        let placed = ["orders:1:update", "orders:1:update", "order_lines:2,1:insert"];
        let of_order =
            ["orders:1:delete", "orders:1:update", "orders:1:update", "orders:1:update", "orders:1:insert"];
        for (pairs, expected) in [
            (&[("table", "orders")][..], &of_order[..]),
            (&[("table", "orders"), ("key", "id=1")], &of_order),
            (&[("table", "order_lines"), ("key", "order_id=1&line=2")], &["order_lines:2,1:insert"]),
            (&[("table", "settings")], &["settings::update", "settings:NULL:insert"]),
            (&[("operation", "delete")], &["orders:1:delete"]),
            (&[("field", "state")], &["orders:1:update", "orders:1:update"]),
            (&[("actor", "anonymous")], &["settings::update", "orders:1:update"]),
            (&[("actor", "user:42")], &placed),
            (&[("actor", "job")], &["orders:1:delete"]),
            (&[("action", "order_placed")], &placed),
            (&[("correlation_id", "corr-1")], &placed),
            (&[("request_id", "req-1"), ("table", "order_lines")], &["order_lines:2,1:insert"]),
            (&[("actor", "anonymous,job")], &["orders:1:delete", "settings::update", "orders:1:update"]),
            (&[("actor", "-user,-anonymous"), ("operation", "delete,truncate")], &["orders:1:delete"]),
            (
                &[("action", "order_placed,other"), ("table", "order_lines,settings")],
                &["order_lines:2,1:insert"],
            ),
            (
                &[("action", "order_placed"), ("field", "-state")],
                &["orders:1:update", "order_lines:2,1:insert"],
            ),
            (&[("action", "-order_placed"), ("table", "-orders,-settings")], &[]),
            (&[("from", "2025-03-01T10:00:00.3")], &["orders:1:delete", "orders:1:update"]),
        ] {
            assert_eq!(found(&trail, pairs).await?, expected, "{pairs:?} after {generation}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn values_of_a_window_are_counted_on_every_elixir_version(pool: PgPool) -> Result {
    for generation in GENERATIONS {
        let trail = trail(&pool, generation).await?;
        let values = trail.snapshot().await?.occurring_values(&Scope::unscoped(), &Filter::default()).await?;
        let values = values.ok_or("no time")?;
        let actors: Vec<String> =
            values.actors.iter().map(|(actor, count)| format!("{actor} {count}")).collect();
        assert_eq!(actors, ["user:42 3", "anonymous 2", "job:nightly 1"], "after {generation}");
        assert_eq!((values.unsigned, values.counted), (2, Count::Exact(8)), "after {generation}");
        assert_eq!(values.actions, [("order_placed".to_owned(), 3)], "after {generation}");
        assert_eq!(values.fields, [("state".to_owned(), 2), ("value".to_owned(), 1)], "after {generation}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn limits_for_values_change_no_key(pool: PgPool) -> Result {
    for generation in GENERATIONS {
        let trail = trail(&pool, generation).await?;
        run(&pool, "UPDATE audit_changes SET changed_fields = changed_fields || 'id'::text,
                      changed_from = changed_from || '{\"id\": 77}' WHERE op = 'update' AND table_name = 'orders'")
            .await
            .ok();
        let (scope, filter) = (Scope::unscoped(), Filter::default());
        let whole = trail.timeline(&scope, &filter, 100).await?;
        for limits in [ValueLimits::PAGE, ValueLimits::SMALL_ROWS, ValueLimits::NO_VALUES] {
            let mut snapshot = trail.snapshot().await?;
            snapshot.limit_values(limits);
            let mut limited = snapshot.timeline_page(&scope, &filter, Position::Newest, 100).await?.entries;
            snapshot.load_left_out_values(limited.iter_mut().map(|entry| &mut entry.change)).await?;
            assert_eq!(format!("{limited:?}"), format!("{whole:?}"), "{limits:?} after {generation}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn row_and_transaction_queries_work_on_every_elixir_version(pool: PgPool) -> Result {
    for generation in GENERATIONS {
        let trail = trail(&pool, generation).await?;
        let scope = Scope::unscoped();
        let at = |text: &str| text.parse::<DateTime<Utc>>();
        let key = [("id", 1)];
        let paid = trail.as_of(&scope, "orders", key, at("2025-02-15T00:00:00Z")?).await?;
        assert_eq!(paid.row().and_then(|row| row.get("state")).map(|raw| raw.get()), Some(r#""paid""#));
        assert!(matches!(trail.as_of(&scope, "orders", key, Utc::now()).await?, AsOf::Deleted(_)));
        assert!(matches!(
            trail.as_of(&scope, "orders", key, at("2024-01-01T00:00:00Z")?).await?,
            AsOf::BeforeHorizon
        ));
        let moments = [at("2025-01-02T00:00:00Z")?, at("2025-03-02T00:00:00Z")?];
        let compared = trail.snapshot().await?.compare(&scope, "orders", key, moments).await?;
        let fields: Vec<_> = compared.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(fields, ["state"]);

        let id = Uuid::try_parse("b0000000-0000-4000-8000-000000000003")?;
        let incident =
            trail.snapshot().await?.transaction_with_old_values(&scope, id, 100).await?.ok_or("not found")?;
        assert_eq!(incident.transaction.action.map(|action| action.name).as_deref(), Some("order_placed"));
        assert_eq!(incident.transaction.metadata.is_some(), generation == GENERATIONS[0]);
        assert_eq!(incident.transaction.source.as_deref(), Some("web"));
        let state = &incident.changes[1].fields()[0];
        let source = if generation == GENERATIONS[2] {
            OldValueSource::PreviousChange
        } else {
            OldValueSource::Stored
        };
        assert_eq!((&state.before, state.before_source), (&FieldValue::Text("paid".to_owned()), source));

        let actor = trail
            .snapshot()
            .await?
            .transactions_by_actor(
                &scope,
                "user:42".parse::<threadline::query::ActorFilter>()?,
                TimeRange::default(),
                Position::Newest,
                5,
            )
            .await?;
        assert_eq!(actor.entries.iter().map(|t| t.id).collect::<Vec<_>>(), [id]);
        assert!(trail.snapshot().await?.has_changes(&scope).await?);
        assert!(trail.snapshot().await?.captured_tables(&scope).await?.is_empty());

        let tenant = Scope::new(Predicate::field("state", "paid").or(Predicate::tables(["order_lines"])));
        let any = Filter::default();
        let page = trail.timeline_page(&tenant, &any, Position::Newest, 10).await?;
        assert_eq!(words(&page), ["order_lines:2,1:insert", "orders:1:update"]);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn correlation_and_table_counts_work_on_every_elixir_version(pool: PgPool) -> Result {
    for generation in GENERATIONS {
        let trail = trail(&pool, generation).await?;
        let scope = Scope::tables(["order_lines", "orders"]);
        let related =
            trail.snapshot().await?.transactions_by_correlation(&scope, "corr-1", Uuid::nil(), 20).await?;
        assert_eq!(related.len(), 1, "after {generation}");
        let touched = trail.snapshot().await?.table_counts(&scope, &related, 100).await?;
        let tables: Vec<String> = touched[0].tables.iter().map(|(t, n)| format!("{t} {n}")).collect();
        assert_eq!(tables, ["orders 2", "order_lines 1"], "after {generation}");
    }
    Ok(())
}
