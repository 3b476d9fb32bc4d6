//! Tests the numbers of versions by field, and the comparison of two states.

use sqlx::PgPool;
use threadline::query::{AsOf, Comparison, Count, FieldCounts, Filter, Position};
use threadline::{AuditTrail, Predicate, Scope};

use threadline_testkit::database::{Result, install, run};

/// Seeds a row with six changes, and a TRUNCATE of its table after them.
async fn seeded(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install(pool).await?;
    run(pool, "CREATE TABLE tickets (id int PRIMARY KEY, priority text, status text)").await?;
    trail.capture(["tickets"]).await?;
    for sql in [
        "INSERT INTO tickets VALUES (1, 'low', 'open'), (2, 'low', 'open')",
        "UPDATE tickets SET priority = 'high'",
        "UPDATE tickets SET priority = 'urgent', status = 'waiting' WHERE id = 1",
        "UPDATE tickets SET status = 'solved' WHERE id = 1",
        "UPDATE tickets SET id = 3 WHERE id = 1",
        "TRUNCATE tickets",
    ] {
        run(pool, sql).await?;
    }
    Ok(trail)
}

async fn counts(trail: &AuditTrail, scope: &Scope, filter: &Filter, cap: usize) -> Result<FieldCounts> {
    let mut snapshot = trail.snapshot().await?;
    let counts = snapshot.field_counts(scope, "tickets", [("id", 1)], filter, cap).await?;
    Ok(counts.ok_or("counting took too long")?)
}

fn fields(counts: &FieldCounts) -> String {
    counts
        .fields
        .iter()
        .map(|(field, count)| format!("{field} {count} "))
        .collect::<String>()
        .trim()
        .to_owned()
}

#[sqlx::test(migrations = false)]
async fn field_counts_are_those_of_the_history(pool: PgPool) -> Result {
    let (trail, any) = (seeded(&pool).await?, Filter::default());
    let everything = Scope::unscoped();
    let all = counts(&trail, &everything, &any, 100).await?;
    assert_eq!((all.versions, fields(&all).as_str()), (Count::Exact(6), "id 1 priority 2 status 2"));
    let mut snapshot = trail.snapshot().await?;
    let history =
        snapshot.row_history(&everything, "tickets", [("id", 1)], &any, Position::Newest, 100).await?;
    drop(snapshot);
    assert_eq!(FieldCounts::of(history.entries.iter().map(|entry| &entry.change)), all);

    let newest = counts(&trail, &everything, &any, 2).await?;
    assert_eq!((newest.versions, fields(&newest).as_str()), (Count::Truncated(2), "id 1 status 1"));
    let whole = counts(&trail, &everything, &any, 6).await?;
    assert_eq!(whole, all, "the cap is not exceeded");

    let before = Filter { to: Some(history.entries[2].change.captured_at), ..Filter::default() };
    let part = counts(&trail, &everything, &before, 100).await?;
    assert_eq!((part.versions, fields(&part).as_str()), (Count::Exact(4), "priority 2 status 2"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn field_counts_leave_out_what_the_scope_hides(pool: PgPool) -> Result {
    let (trail, any) = (seeded(&pool).await?, Filter::default());
    let open = Scope::new(Predicate::tables(["tickets"]).and(Predicate::field("status", "open")));
    // Whoever may see a row may know that its table was emptied.
    let shown = counts(&trail, &open, &any, 100).await?;
    assert_eq!((shown.versions, fields(&shown).as_str()), (Count::Exact(3), "priority 1"));
    for scope in [Scope::nothing(), Scope::tables(["other"]), Scope::new(Predicate::field("status", "none"))]
    {
        let hidden = counts(&trail, &scope, &any, 100).await?;
        assert_eq!((hidden.versions, fields(&hidden).as_str()), (Count::Exact(0), ""), "{scope:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn states_after_the_same_change_do_not_differ(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let everything = Scope::unscoped();
    let mut snapshot = trail.snapshot().await?;
    let any = Filter::default();
    let history =
        snapshot.row_history(&everything, "tickets", [("id", 1)], &any, Position::Newest, 100).await?;
    let [second, last] = [3, 2].map(|index| history.entries[index].change.captured_at);
    let mut state = async |at| snapshot.as_of(&everything, "tickets", [("id", 1)], at).await;
    let (then, now) = (state(second).await?, state(last).await?);
    assert!(Comparison::new(now.clone(), now.clone()).fields.is_empty());
    let names = |before: AsOf, after: AsOf| {
        Comparison::new(before, after).fields.into_iter().map(|field| field.name).collect::<Vec<_>>()
    };
    assert_eq!(names(then, now.clone()), ["status"]);
    assert_eq!(names(now, AsOf::BeforeHorizon), ["id", "priority", "status"]);
    Ok(())
}
