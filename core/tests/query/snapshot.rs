//! Several questions about one moment.

use sqlx::PgPool;
use threadline::Scope;
use threadline::query::{Count, Filter, OldValue, Position};

use crate::database::{Result, run};
use crate::desk;

#[sqlx::test(migrations = false)]
async fn what_happens_meanwhile_is_not_seen(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let mut snapshot = trail.snapshot().await?;
    let before = snapshot.count(&scope, &any, 1_000).await?;
    run(&pool, "UPDATE tickets SET priority = 'high'").await?;
    run(&pool, "CREATE TABLE notes (id int PRIMARY KEY)").await?;
    trail.capture(["notes"]).await?;

    let page = snapshot.timeline_page(&scope, &any, Position::Newest, 1_000).await?;
    assert_eq!(Count::Exactly(page.entries.len()), before);
    assert_eq!(snapshot.count(&scope, &any, 1_000).await?, before);
    assert_eq!(snapshot.captured_tables(&scope).await?.len(), 3);
    assert!(snapshot.has_changes(&scope).await?);
    drop(snapshot);
    assert_ne!(trail.count(&scope, &any, 1_000).await?, before);
    assert_eq!(trail.captured_tables(&scope).await?.len(), 4);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn old_values_are_looked_up_in_it(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    run(&pool, "UPDATE threadline.audit_changes SET changed_from = NULL WHERE op = 'update'").await?;
    let scope = Scope::unscoped();
    let (updates, newest) = Filter::from_pairs([("table", "tickets"), ("operation", "update")])?;
    let mut snapshot = trail.snapshot().await?;
    let mut page = snapshot.timeline_page(&scope, &updates, newest, 10).await?;
    snapshot.complete_old_values(&scope, page.entries.iter_mut().map(|entry| &mut entry.change)).await?;
    let fields: Vec<_> = page.entries.iter().flat_map(|entry| entry.change.fields()).collect();
    assert!(!fields.is_empty());
    assert!(fields.iter().all(|field| field.old_value == OldValue::PreviousChange), "{fields:?}");
    Ok(())
}
