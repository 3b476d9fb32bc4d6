//! Tests pages: every entry once, in both directions, while changes are added.

use sqlx::PgPool;
use threadline::query::{Filter, Page, Position, TimeRange, TimelineEntry};
use threadline::{ActorKind, AuditTrail, Scope};
use uuid::Uuid;

use crate::query::desk;
use crate::query::install_for_made_up_rows;
use threadline_testkit::database::{Result, run, value};

/// Writes 121 changes in four transactions: 40 each have the same time, and the oldest ones are in another month.
async fn many(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install_for_made_up_rows(pool).await?;
    run(pool, "CREATE TABLE tickets (id bigint PRIMARY KEY)").await?;
    trail.capture(["tickets"]).await?;
    for start in [1, 41, 81] {
        run(pool, &format!("INSERT INTO tickets SELECT generate_series({start}, {start} + 39)")).await?;
    }
    run(pool, "INSERT INTO tickets VALUES (121)").await?;
    // The oldest transaction becomes one of another month, in the default partition.
    run(
        pool,
        "WITH moved AS (DELETE FROM threadline.audit_transactions WHERE occurred_at = (SELECT min(occurred_at) FROM threadline.audit_transactions) RETURNING *)
         INSERT INTO threadline.audit_transactions (id, txid, occurred_at) SELECT id, txid, occurred_at - interval '70 days' FROM moved;
         WITH moved AS (DELETE FROM threadline.audit_changes WHERE captured_at = (SELECT min(captured_at) FROM threadline.audit_changes) RETURNING *)
         INSERT INTO threadline.audit_changes (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from, captured_at)
         SELECT id, transaction_id, occurred_at - interval '70 days', table_schema, table_name, table_pk, op, data_after, changed_fields,
                changed_from, captured_at - interval '70 days' FROM moved",
    )
    .await?;
    Ok(trail)
}

fn ids(page: &Page<TimelineEntry>) -> Vec<Uuid> {
    page.entries.iter().map(|entry| entry.change.id).collect()
}

#[sqlx::test(migrations = false)]
async fn pages_hold_every_change_once_in_both_directions(pool: PgPool) -> Result {
    let trail = many(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let table = Filter { table: Some("tickets".into()), ..Filter::default() };
    for (filter, size) in [(&any, 11), (&table, 11), (&any, 1), (&any, 120), (&any, 121), (&table, 122)] {
        let mut position = Position::Newest;
        let mut forward = Vec::new();
        let last = loop {
            let page = trail.timeline_page(&scope, filter, position, size).await?;
            assert_eq!(page.newer.is_none(), forward.is_empty());
            forward.extend(ids(&page));
            // A change that is written while pages are read is newer than every cursor.
            if size == 11 && forward.len() == 33 && filter == &table {
                run(&pool, "INSERT INTO tickets VALUES (122)").await?;
            }
            match page.older {
                Some(cursor) => position = Position::OlderThan(cursor),
                None => break page,
            }
        };
        let mut back = ids(&last);
        let mut newer = last.newer;
        while let Some(cursor) = newer {
            let page = trail.timeline_page(&scope, filter, Position::NewerThan(cursor), size).await?;
            assert!(page.older.is_some());
            back.splice(0..0, ids(&page));
            newer = page.newer;
        }
        let added = back.len() - forward.len();
        assert_eq!(back[added..], forward, "{size}");
        assert_eq!(added, usize::from(size == 11 && filter == &table));
        let mut distinct = back.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), back.len());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn cursor_of_purged_row_still_works(pool: PgPool) -> Result {
    let trail = many(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let first = trail.timeline_page(&scope, &any, Position::Newest, 50).await?;
    let older = Position::OlderThan(first.older.ok_or("no more")?);
    let expected = ids(&trail.timeline_page(&scope, &any, older, 50).await?);
    let last = first.entries.last().ok_or("empty")?.change.id;
    run(&pool, &format!("DELETE FROM threadline.audit_changes WHERE id = '{last}'")).await?;
    assert_eq!(ids(&trail.timeline_page(&scope, &any, older, 50).await?), expected);

    run(&pool, "DELETE FROM threadline.audit_changes").await?;
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM threadline.audit_transactions").await?, 4);
    for position in [older, Position::NewerThan(first.entries[0].change.cursor())] {
        let page = trail.timeline_page(&scope, &any, position, 50).await?;
        assert!(page.entries.is_empty() && page.newer.is_none() && page.older.is_none());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn transactions_by_actor_are_paged(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let scope = Scope::unscoped();
    let all = trail
        .snapshot()
        .await?
        .transactions_by_actor(&scope, ActorKind::User, TimeRange::default(), Position::Newest, 50)
        .await?;
    assert_eq!((all.entries.len(), all.newer, all.older), (3, None, None));
    let names: Vec<_> = all.entries.iter().map(|t| t.actor.as_ref().map(ToString::to_string)).collect();
    assert_eq!(names, ["user:ann", "user:bob", "user:ann"].map(|name| Some(name.to_owned())));

    let first = trail
        .snapshot()
        .await?
        .transactions_by_actor(&scope, ActorKind::User, TimeRange::default(), Position::Newest, 2)
        .await?;
    assert_eq!(first.entries, all.entries[..2]);
    let older = Position::OlderThan(first.older.ok_or("no more")?);
    let second = trail
        .snapshot()
        .await?
        .transactions_by_actor(&scope, ActorKind::User, TimeRange::default(), older, 2)
        .await?;
    assert_eq!((&second.entries[..], second.older), (&all.entries[2..], None));
    let newer = Position::NewerThan(second.newer.ok_or("no way back")?);
    let back = trail
        .snapshot()
        .await?
        .transactions_by_actor(&scope, ActorKind::User, TimeRange::default(), newer, 2)
        .await?;
    assert_eq!((back.entries, back.newer), (first.entries, None));

    let middle = Some(all.entries[1].occurred_at);
    for (from, to, expected) in [(middle, middle, 1), (middle, None, 2), (None, middle, 2)] {
        let window = TimeRange::new(from, to)?;
        let page = trail
            .snapshot()
            .await?
            .transactions_by_actor(&scope, ActorKind::User, window, Position::Newest, 50)
            .await?;
        assert_eq!(page.entries.len(), expected, "{window:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn changes_of_transaction_are_paged(pool: PgPool) -> Result {
    let trail = many(&pool).await?;
    let page = trail.timeline_page(&Scope::unscoped(), &Filter::default(), Position::Newest, 2).await?;
    let id = page.entries[1].transaction.id;
    let first = trail.transaction(&Scope::unscoped(), id, Position::Newest, 30).await?.ok_or("gone")?;
    let rest = Position::OlderThan(first.changes.older.ok_or("no more")?);
    let second = trail.transaction(&Scope::unscoped(), id, rest, 30).await?.ok_or("gone")?;
    assert_eq!((first.changes.entries.len(), second.changes.entries.len()), (30, 10));
    assert_eq!(second.changes.older, None);
    assert!(second.changes.newer.is_some());
    Ok(())
}

/// Checks that a truncated page contains how far the search came, and that the next page misses nothing.
#[sqlx::test(migrations = false)]
async fn truncated_page_continues_where_search_stopped(pool: PgPool) -> Result {
    let trail = many(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let whole = trail.timeline_page(&scope, &any, Position::Newest, 500).await?;
    assert_eq!((whole.entries.len(), whole.truncated_at), (121, None));
    let hasty = trail.search_time(std::time::Duration::ZERO);
    for size in [7, 500] {
        let (mut seen, mut stops, mut position) = (Vec::new(), 0, Position::Newest);
        let last = loop {
            let page = hasty.timeline_page(&scope, &any, position, size).await?;
            seen.extend(ids(&page));
            stops += usize::from(page.truncated_at.is_some());
            assert!(page.truncated_at.is_none() || page.older.is_some(), "a truncated page has a cursor");
            match page.older {
                Some(cursor) => position = Position::OlderThan(cursor),
                None => break page,
            }
        };
        assert_eq!(seen, ids(&whole), "older, {size} a page");
        assert!(stops > 0, "the oldest changes are more than one window away");
        let mut back = ids(&last);
        let mut newer = last.newer;
        while let Some(cursor) = newer {
            let page = hasty.timeline_page(&scope, &any, Position::NewerThan(cursor), size).await?;
            back.splice(0..0, ids(&page));
            newer = page.newer;
        }
        assert_eq!(back, ids(&whole), "newer, {size} a page");
    }
    Ok(())
}
