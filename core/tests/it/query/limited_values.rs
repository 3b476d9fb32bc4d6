//! Tests snapshots that limit the values which they read.

use sqlx::PgPool;
use threadline::query::{AsOf, FieldValue, Filter, Operation, Position, TimelineEntry, ValueLimits};
use threadline::{AuditTrail, Scope};

use threadline_testkit::database::{Result, install, run};

const LIMITS: ValueLimits = ValueLimits { value_bytes: 1_000, start_bytes: 100, page_bytes: 100_000 };

async fn page(trail: &AuditTrail, limits: Option<ValueLimits>) -> Result<Vec<TimelineEntry>> {
    let scope = Scope::unscoped();
    let mut snapshot = trail.snapshot().await?;
    if let Some(limits) = limits {
        snapshot.limit_values(limits);
    }
    let mut entries =
        snapshot.timeline_page(&scope, &Filter::default(), Position::Newest, 100).await?.entries;
    snapshot.load_old_values(&scope, entries.iter_mut().map(|entry| &mut entry.change)).await?;
    Ok(entries)
}

fn shortened(start: &str, bytes: u64) -> FieldValue {
    FieldValue::Shortened { start: start.to_owned(), bytes }
}

#[sqlx::test(migrations = false)]
async fn values_within_the_limits_are_read_whole(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, a text, b numeric, c jsonb)").await?;
    trail.capture(["t"]).await?;
    for statement in [
        "INSERT INTO t VALUES (1, 'é', 1.50, 'null'), (2, repeat('x', 90), 1e100, '[1.0, {\"a\": null}]')",
        "INSERT INTO t VALUES (3, repeat('x', 1000), NULL, jsonb_build_array(repeat('y', 900)))",
        "UPDATE t SET id = 4, a = repeat('z', 500), c = NULL WHERE id = 3",
        "DELETE FROM t",
    ] {
        run(&pool, statement).await?;
    }
    let whole = page(&trail, None).await?;
    assert_eq!(format!("{:?}", page(&trail, Some(LIMITS)).await?), format!("{whole:?}"));
    assert_eq!(format!("{:?}", page(&trail, Some(ValueLimits::PAGE)).await?), format!("{whole:?}"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn long_values_are_shortened_and_name_their_size(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, a text, b jsonb)").await?;
    trail.capture(["t"]).await?;
    run(
        &pool,
        "INSERT INTO t VALUES (1, 'x' || repeat('é', 2000), jsonb_build_object('k', repeat('y', 2000)))",
    )
    .await?;
    run(&pool, "UPDATE t SET a = 'short'").await?;
    let entries = page(&trail, Some(LIMITS)).await?;
    let before = shortened(&format!("x{}", "é".repeat(49)), 4_001);
    let update = entries[0].change.fields();
    assert_eq!((update[0].name.as_str(), &update[0].before), ("a", &before));
    assert_eq!(update[0].after, FieldValue::Text("short".to_owned()));
    let insert: Vec<_> =
        entries[1].change.fields().into_iter().map(|field| (field.name, field.after)).collect();
    let json = shortened(&format!(r#"{{"k": "{}"#, "y".repeat(93)), 2_009);
    let expected = [("a", before), ("b", json), ("id", FieldValue::Number("1".to_owned()))];
    assert_eq!(insert, expected.map(|(name, value)| (name.to_owned(), value)));
    assert!(serde_json::to_string(&entries[0].change.fields()).is_err(), "a part of a value has no JSON");
    let at = entries[1].change.captured_at;
    let mut snapshot = trail.snapshot().await?;
    snapshot.limit_values(LIMITS);
    let row = snapshot.as_of(&Scope::unscoped(), "t", [("id", 1)], at).await?;
    assert_eq!(row.fields().len(), 3);
    let compared =
        snapshot.compare(&Scope::unscoped(), "t", [("id", 1)], [at, entries[0].change.captured_at]).await?;
    let names: Vec<_> = compared.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["a", "b"], "a shortened value may differ");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn changed_columns_of_a_wide_row_are_shortened_last(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let columns = |what: &str| (0..300).map(|n| format!("c{n:03} {what}")).collect::<Vec<_>>().join(", ");
    run(&pool, &format!("CREATE TABLE t (id int PRIMARY KEY, {})", columns("text"))).await?;
    trail.capture(["t"]).await?;
    run(&pool, "INSERT INTO t VALUES (1)").await?;
    run(&pool, &format!("UPDATE t SET {}", columns("= repeat('x', 900)"))).await?;
    run(&pool, "UPDATE t SET c299 = repeat('y', 900)").await?;
    let entries = page(&trail, Some(LIMITS)).await?;
    let change = &entries[0].change;
    assert_eq!(change.fields()[0].after, FieldValue::Text("y".repeat(900)));
    let after = change.after.as_ref().ok_or("no row")?;
    let bytes: usize = after.values().map(|value| value.get().len()).sum();
    assert!((10_000..30_000).contains(&bytes), "{bytes}");
    assert_eq!(after.len() + change.shortened.after.len(), 301);
    assert!(change.shortened.after.values().all(|value| value.bytes == 900));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn values_beyond_the_page_are_left_out_and_can_be_loaded(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, a text)").await?;
    let mut policy = threadline::capture::TablePolicy::new("t");
    policy.store_changed_from = false;
    trail.capture([policy]).await?;
    let random = "(SELECT string_agg(md5((id * 10000 + n)::text), '') FROM generate_series(1, 3000) AS n)";
    for id in 1..=3 {
        run(&pool, &format!("INSERT INTO t (id) VALUES ({id})")).await?;
        run(&pool, &format!("UPDATE t SET a = {random} WHERE id = {id}")).await?;
        run(&pool, &format!("UPDATE t SET a = 'short' WHERE id = {id}")).await?;
    }
    let mut entries = page(&trail, Some(LIMITS)).await?;
    // Each update to a short value needs the row before it, of 96 kB, and each update to a long one its own.
    let is_left_out: Vec<_> = entries.iter().map(|entry| entry.change.values_left_out.is_some()).collect();
    assert_eq!(is_left_out, [false, false, false, true, true, false, true, true, false]);
    let first = &entries[0].change.fields()[0];
    assert!(matches!(first.before, FieldValue::Shortened { bytes: 96_000, .. }), "{first:?}");
    assert!(entries[3].change.fields().is_empty());
    assert!(!entries[3].change.lacks_old_values());
    let mut snapshot = trail.snapshot().await?;
    snapshot.load_left_out_values(entries.iter_mut().map(|entry| &mut entry.change)).await?;
    assert!(entries.iter().all(|entry| entry.change.values_left_out.is_none()));
    let whole = page(&trail, None).await?;
    for (entry, whole) in entries.iter().zip(&whole).skip(3) {
        assert_eq!(format!("{:?}", entry.change.after), format!("{:?}", whole.change.after));
    }

    let none = page(&trail, Some(ValueLimits::NO_VALUES)).await?;
    assert!(none.iter().all(|entry| entry.change.after.is_none() && entry.change.values_left_out.is_some()));
    assert_eq!(none[0].change.operation, Operation::Update);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn holder_of_a_swapped_key_is_the_same_within_limits(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, a text, b int)").await?;
    trail.capture(["t"]).await?;
    run(&pool, "INSERT INTO t VALUES (1, repeat('x', 5000), 1), (2, repeat('y', 5000), 2)").await?;
    run(&pool, "BEGIN; UPDATE t SET id = 1 WHERE b = 2; UPDATE t SET id = 2 WHERE b = 1; COMMIT").await?;
    for id in [1, 2] {
        let scope = Scope::unscoped();
        let mut snapshot = trail.snapshot().await?;
        let whole = snapshot.as_of_now(&scope, "t", [("id", id)]).await?;
        snapshot.limit_values(LIMITS);
        let limited = snapshot.as_of_now(&scope, "t", [("id", id)]).await?;
        let (AsOf::Present(whole), AsOf::Present(limited)) = (whole, limited) else {
            return Err(format!("no row {id}").into());
        };
        assert_eq!(limited.change.id, whole.change.id);
        let values =
            [&limited, &whole].map(|entry| entry.change.after.as_ref().map(|row| row["b"].to_string()));
        assert_eq!(values, [Some((3 - id).to_string()), Some((3 - id).to_string())]);
        let start = if id == 1 { "y" } else { "x" }.repeat(100);
        assert_eq!(limited.change.shortened.after["a"].start, start);
    }
    Ok(())
}
