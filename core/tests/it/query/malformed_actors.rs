//! Tests transactions whose actor cannot be read: the setting takes any object, and not every object is an actor.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::PgPool;
use threadline::query::{ActorFilter, Count, Filter, Position, TimeRange};
use threadline::{AuditTrail, Predicate, Scope, StorageSchema};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use threadline_testkit::database::{Result, install, run};

/// The actors of the transactions, and whether each is a valid actor.
const ACTORS: [(&str, bool); 9] = [
    (r#"{"type": "user", "id": "7"}"#, true),
    (r#"{"type": "user", "id": "7", "on_behalf_of": {"type": "user"}}"#, true),
    (r#"{"type": "anonymous"}"#, true),
    (r#"{"type": "anonymous", "id": 7}"#, true),
    (r#"{"type": "user"}"#, false),
    (r#"{"type": "user", "id": 7}"#, false),
    (r#"{"type": "user", "id": ""}"#, false),
    (r#"{"type": "user", "id": null}"#, false),
    (r#"{"type": "user", "id": {"7": "7"}}"#, false),
];

/// Makes a trail of this library, and one of the Elixir library with the same transactions.
async fn trails(pool: &PgPool) -> Result<[AuditTrail; 2]> {
    let own = install(pool).await?;
    run(pool, "CREATE TABLE tickets (id int PRIMARY KEY)").await?;
    own.capture(["tickets"]).await?;
    run(pool, include_str!("reference.sql")).await?;
    run(pool, "TRUNCATE public.audit_transactions, public.audit_changes").await?;
    for (number, (actor, _)) in (1..).zip(ACTORS) {
        let insert = format!("INSERT INTO tickets VALUES ({number})");
        run(pool, &format!("SELECT set_config('threadline.actor_ref', '{actor}', true); {insert}")).await?;
        run(
            pool,
            &format!(
                "WITH t AS (INSERT INTO public.audit_transactions (txid, actor_ref) VALUES ({number}, '{actor}') RETURNING id)
                 INSERT INTO public.audit_changes (transaction_id, table_schema, table_name, table_pk, op, captured_at)
                 SELECT id, 'public', 'tickets', '{{}}', 'insert', clock_timestamp() FROM t"
            ),
        )
        .await?;
    }
    let reference = threadline_testkit::database::trail(pool).storage_schema(StorageSchema::new("public")?);
    Ok([own, reference])
}

/// Counts warnings.
#[derive(Debug, Clone, Default)]
struct Warnings(Arc<Mutex<usize>>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target().starts_with("threadline")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[sqlx::test(migrations = false)]
async fn malformed_actor_matches_no_filter_and_is_warned_about_once(pool: PgPool) -> Result {
    let trails = trails(&pool).await?;
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(warnings.clone());
    let (scope, any) = (Scope::unscoped(), Filter::default());
    for trail in trails {
        let shown = trail.timeline(&scope, &any, 100).await?;
        let has_actor: Vec<bool> =
            shown.iter().rev().map(|entry| entry.transaction.actor.is_some()).collect();
        assert_eq!(has_actor, ACTORS.map(|(_, is_actor)| is_actor));
        for actor in ["user", "user:7", "anonymous", "admin"] {
            let wanted: ActorFilter = actor.parse()?;
            let matches = |shown: &ActorFilter| {
                shown.kind == wanted.kind && (wanted.id.is_none() || wanted.id == shown.id)
            };
            let actors = shown.iter().filter_map(|entry| entry.transaction.actor.as_ref());
            let expected = actors.map(ActorFilter::from).filter(matches).count();
            let (filter, _) = Filter::from_pairs([("actor", actor)])?;
            assert_eq!(
                trail.snapshot().await?.count(&scope, &filter, 100).await?,
                Count::Exact(expected),
                "{actor}"
            );
            assert_eq!(trail.timeline(&scope, &filter, 100).await?.len(), expected, "{actor}");
            let within = Scope::new(Predicate::actor(wanted.clone()));
            assert_eq!(
                trail.snapshot().await?.count(&within, &any, 100).await?,
                Count::Exact(expected),
                "{actor}"
            );
            let history = trail
                .snapshot()
                .await?
                .transactions_by_actor(&scope, wanted, TimeRange::default(), Position::Newest, 100)
                .await?;
            assert_eq!(history.entries.len(), expected, "{actor}");
        }
    }
    assert_eq!(*warnings.0.lock().unwrap_or_else(PoisonError::into_inner), 1, "one for the whole process");
    Ok(())
}
