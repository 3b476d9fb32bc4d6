//! Tests several queries of one snapshot.

use sqlx::PgPool;
use threadline::Scope;
use threadline::query::{AsOf, Count, Filter, OldValueSource, Page, Position, TimelineEntry};

use crate::query::desk;
use threadline_testkit::database::{Result, run};

#[sqlx::test(migrations = false)]
async fn snapshot_hides_later_changes(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let mut snapshot = trail.snapshot().await?;
    let before = snapshot.count(&scope, &any, 1_000).await?;
    run(&pool, "UPDATE tickets SET priority = 'high'").await?;
    run(&pool, "CREATE TABLE notes (id int PRIMARY KEY)").await?;
    trail.capture(["notes"]).await?;

    let page = snapshot.timeline_page(&scope, &any, Position::Newest, 1_000).await?;
    assert_eq!(Count::Exact(page.entries.len()), before);
    assert_eq!(snapshot.count(&scope, &any, 1_000).await?, before);
    assert_eq!(snapshot.captured_tables(&scope).await?.len(), 3);
    assert!(snapshot.has_changes(&scope).await?);
    drop(snapshot);
    assert_ne!(trail.snapshot().await?.count(&scope, &any, 1_000).await?, before);
    assert_eq!(trail.snapshot().await?.captured_tables(&scope).await?.len(), 4);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn snapshot_loads_old_values(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    run(&pool, "UPDATE threadline.audit_changes SET changed_from = NULL WHERE op = 'update'").await?;
    let scope = Scope::unscoped();
    let (updates, newest) = Filter::from_pairs([("table", "tickets"), ("operation", "update")])?;
    let mut snapshot = trail.snapshot().await?;
    let mut page = snapshot.timeline_page(&scope, &updates, newest, 10).await?;
    snapshot.load_old_values(&scope, page.entries.iter_mut().map(|entry| &mut entry.change)).await?;
    let fields: Vec<_> = page.entries.iter().flat_map(|entry| entry.change.fields()).collect();
    assert!(!fields.is_empty());
    assert!(fields.iter().all(|field| field.before_source == OldValueSource::PreviousChange), "{fields:?}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn snapshot_keeps_row_state(pool: PgPool) -> Result {
    for prepared in [false, true] {
        let trail = if prepared { threadline_testkit::database::trail(&pool) } else { desk(&pool).await? };
        let trail = trail.prepared_statements(prepared);
        let (scope, any, key) = (Scope::unscoped(), Filter::default(), [("id", 1)]);
        let mut snapshot = trail.snapshot().await?;
        let before = snapshot.row_history(&scope, "tickets", key, &any, Position::Newest, 10).await?;
        let [newest, .., oldest] = before.entries.as_slice() else { return Err("no history".into()) };
        let lost = format!("lost, prepared: {prepared}");
        run(&pool, &format!("UPDATE tickets SET priority = '{lost}' WHERE id = 1")).await?;
        let now = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&pool).await?;

        let row = snapshot.as_of(&scope, "tickets", key, now).await?;
        let AsOf::Present(last) = &row else { return Err(format!("{row:?}").into()) };
        assert_eq!(last.change.id, newest.change.id);
        let compared =
            snapshot.compare(&scope, "tickets", key, [now, oldest.change.captured_at]).await?.fields;
        let names: Vec<_> = compared.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["assignee", "priority"]);
        assert!(!format!("{compared:?}").contains(&lost), "{compared:?}");
        let again = snapshot.row_history(&scope, "tickets", key, &any, Position::Newest, 10).await?;
        let ids = |page: &Page<TimelineEntry>| page.entries.iter().map(|e| e.change.id).collect::<Vec<_>>();
        assert_eq!(ids(&again), ids(&before));

        drop(snapshot);
        let after = trail.as_of(&scope, "tickets", key, now).await?;
        assert!(format!("{:?}", after.row()).contains(&lost), "{after:?}");
        let AsOf::Present(last) = after else { return Err("no row".into()) };
        let mut snapshot = trail.snapshot().await?;
        let detail = snapshot.transaction(&scope, last.transaction.id, Position::Newest, 10).await?;
        assert_eq!(detail.map(|detail| detail.changes.entries.len()), Some(1));
    }
    Ok(())
}
