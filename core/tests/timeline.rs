//! Reading: pages, filters and scopes.

use sqlx::PgPool;
use threadline::query::{FieldValue, Filter, Position, TimelineEntry};
use threadline::{AuditTrail, Scope};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// 120 changes of tickets in statements of 40, which share their time, and one of replies.
async fn trail(pool: &PgPool) -> std::result::Result<AuditTrail, Box<dyn std::error::Error>> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id bigint PRIMARY KEY); CREATE TABLE replies (id bigint PRIMARY KEY);",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "replies"]).await?;
    for start in [1, 41, 81] {
        sqlx::query("INSERT INTO tickets SELECT generate_series($1, $1 + 39)")
            .bind(start)
            .execute(pool)
            .await?;
    }
    sqlx::query("INSERT INTO replies VALUES (1)").execute(pool).await?;
    Ok(trail)
}

fn ids(entries: &[TimelineEntry]) -> Vec<uuid::Uuid> {
    entries.iter().map(|entry| entry.change.id).collect()
}

#[sqlx::test(migrations = false)]
async fn pages_hold_every_change_once_in_both_directions(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
    let (scope, filter) = (Scope::unscoped(), Filter::default());
    let mut position = Position::Newest;
    let mut forward = Vec::new();
    let last = loop {
        let page = trail.timeline_page(&scope, &filter, position, 11).await?;
        assert_eq!(page.newer.is_none(), forward.is_empty());
        forward.extend(ids(&page.entries));
        match page.older {
            Some(cursor) => position = Position::OlderThan(cursor),
            None => break page,
        }
    };
    assert_eq!(forward.len(), 121, "121 = 11 pages of 11: the last is full, and known to be the last");

    let mut back = ids(&last.entries);
    let mut newer = last.newer;
    while let Some(cursor) = newer {
        let page = trail.timeline_page(&scope, &filter, Position::NewerThan(cursor), 11).await?;
        assert!(page.older.is_some());
        back.splice(0..0, ids(&page.entries));
        newer = page.newer;
    }
    assert_eq!(back, forward);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn filters_narrow_and_bounds_are_inclusive(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
    let scope = Scope::unscoped();
    let replies = Filter { table: Some("replies".into()), ..Filter::default() };
    let page = trail.timeline_page(&scope, &replies, Position::Newest, 50).await?;
    assert_eq!(page.entries.len(), 1);
    let at = page.entries[0].change.captured_at;
    for (from, to, found) in [(Some(at), Some(at), 1), (Some(at), None, 1), (None, Some(at), 121)] {
        let filter = Filter { from, to, ..Filter::default() };
        let page = trail.timeline_page(&scope, &filter, Position::Newest, 200).await?;
        assert_eq!(page.entries.len(), found, "{from:?} {to:?}");
    }
    assert_eq!(page.entries[0].change.fields()[0].after, FieldValue::Number("1".to_owned()));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn outside_the_scope_nothing_exists(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
    let everything =
        trail.timeline_page(&Scope::unscoped(), &Filter::default(), Position::Newest, 200).await?;
    let hidden = everything.entries.iter().find(|e| e.change.table.name() == "replies").ok_or("no reply")?;
    let visible = everything.entries.last().ok_or("no entry")?;

    let scope = Scope::tables(["tickets"]);
    let page = trail.timeline_page(&scope, &Filter::default(), Position::Newest, 200).await?;
    assert_eq!(page.entries.len(), 120);
    assert_eq!(trail.captured_tables(&scope).await?, ["tickets".into()]);
    let id = |entry: &TimelineEntry| entry.transaction.id;
    assert!(trail.transaction(&scope, id(hidden), Position::Newest, 10).await?.is_none());
    assert!(trail.transaction(&scope, id(visible), Position::Newest, 10).await?.is_some());
    assert!(trail.transaction(&scope, uuid::Uuid::nil(), Position::Newest, 10).await?.is_none());

    let nothing = Scope::tables::<[&str; 0]>([]);
    assert!(!trail.has_changes(&nothing).await?);
    assert!(
        trail.timeline_page(&nothing, &Filter::default(), Position::Newest, 10).await?.entries.is_empty()
    );
    assert!(trail.captured_tables(&nothing).await?.is_empty());
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn the_changes_of_a_transaction_are_paged_too(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
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
