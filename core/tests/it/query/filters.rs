//! Tests filter keys, alone and combined.

use sqlx::PgPool;
use threadline::query::{Count, Filter, Position};
use threadline::{AuditTrail, Scope};

use crate::query::{ALL, desk, words};
use threadline_testkit::database::Result;

async fn found(trail: &AuditTrail, pairs: &[(&str, &str)]) -> Result<Vec<String>> {
    let (filter, _) = Filter::from_pairs(pairs.iter().copied())?;
    let scope = Scope::unscoped();
    let page = trail.timeline_page(&scope, &filter, Position::Newest, 100).await?;
    let words = words(&page);
    assert_eq!(
        trail.snapshot().await?.count(&scope, &filter, 100).await?,
        Count::Exact(words.len()),
        "{pairs:?}"
    );
    Ok(words)
}

#[sqlx::test(migrations = false)]
async fn filter_key_selects_matching_changes(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let by_ann = ["tickets:1:update", "lines:1,1:insert", "tickets:1:insert"];
    let ticket_1 = ["tickets:1:update", "tickets:1:update", "tickets:1:insert"];
    let case_1 = ["tickets:1:update", "lines:1,1:insert", "tickets:1:insert"];
    for (pairs, expected) in [
        (&[][..], &ALL[..]),
        (&[("table", "lines")], &["lines::truncate", "lines:1,1:insert"]),
        (&[("table", "tickets"), ("key", "id=1")], &ticket_1),
        (&[("table", "lines"), ("key", "line=1&ticket=1")], &["lines:1,1:insert"]),
        (&[("operation", "truncate")], &["lines::truncate"]),
        (&[("operation", "delete")], &["tickets:2:delete"]),
        (&[("field", "assignee")], &["tickets:1:update"]),
        (&[("field", "nothing")], &[]),
        (&[("actor", "user:ann")], &by_ann),
        (
            &[("actor", "user")],
            &["tickets:1:update", "tickets:2:insert", "lines:1,1:insert", "tickets:1:insert"],
        ),
        (&[("actor", "anonymous")], &["tickets:3:insert"]),
        (&[("actor", "job:sweeper")], &["tickets:2:delete"]),
        (&[("action", "ticket.opened")], &["tickets:2:insert", "lines:1,1:insert", "tickets:1:insert"]),
        (&[("correlation_id", "case-1")], &case_1),
        (&[("request_id", "req-1")], &["lines:1,1:insert", "tickets:1:insert"]),
        (&[("actor", "user:ann"), ("table", "tickets")], &["tickets:1:update", "tickets:1:insert"]),
        (&[("actor", "user:ann"), ("action", "ticket.opened")], &["lines:1,1:insert", "tickets:1:insert"]),
        (&[("correlation_id", "case-1"), ("operation", "update")], &["tickets:1:update"]),
        (&[("actor", "user:bob"), ("correlation_id", "case-1")], &[]),
        (&[("table", "tickets"), ("key", "id=1"), ("actor", "service_account")], &["tickets:1:update"]),
        (&[("table", "tickets"), ("key", "id=1"), ("field", "priority")], &["tickets:1:update"]),
        (&[("from", "2999-01-01T00:00")], &[]),
        (&[("to", "1999-01-01T00:00")], &[]),
        (&[("table", "nowhere")], &[]),
    ] {
        assert_eq!(found(&trail, pairs).await?, expected, "{pairs:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn time_range_includes_both_bounds(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let scope = Scope::unscoped();
    let all = trail.timeline(&scope, &Filter::default(), 100).await?;
    for (index, entry) in all.iter().enumerate() {
        let at = Some(entry.change.captured_at);
        let same = all.iter().filter(|other| Some(other.change.captured_at) == at).count();
        let newer = all.iter().filter(|other| Some(other.change.captured_at) > at).count();
        for (from, to, expected) in [(at, at, same), (at, None, newer + same), (None, at, all.len() - newer)]
        {
            let filter = Filter { from, to, ..Filter::default() };
            assert_eq!(trail.timeline(&scope, &filter, 100).await?.len(), expected, "entry {index}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn count_stops_at_cap(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    for (cap, expected) in [
        (0, Count::Truncated(0)),
        (9, Count::Truncated(9)),
        (10, Count::Exact(10)),
        (11, Count::Exact(10)),
        (usize::MAX, Count::Exact(10)),
    ] {
        assert_eq!(trail.snapshot().await?.count(&scope, &any, cap).await?, expected, "{cap}");
    }
    Ok(())
}
