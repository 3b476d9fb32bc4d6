//! Tests the search for recorded values.

use std::time::Duration;

use sqlx::PgPool;
use threadline::capture::TablePolicy;
use threadline::query::{Count, Filter, Position, TimelineLine, ValueFilter};
use threadline::{AuditTrail, Predicate, Scope};

use crate::query::{install_for_made_up_rows, word, words};
use threadline_testkit::database::{Result, install, run};

/// Returns the changes that a filter finds, and checks that as many are counted.
async fn found(trail: &AuditTrail, scope: &Scope, pairs: &[(&str, &str)]) -> Result<Vec<String>> {
    let (filter, _) = Filter::from_pairs(pairs.iter().copied())?;
    let page = trail.timeline_page(scope, &filter, Position::Newest, 100).await?;
    let count = trail.snapshot().await?.count(scope, &filter, 100).await?;
    assert_eq!(count, Count::Exact(page.entries.len()), "{pairs:?}");
    Ok(words(&page))
}

/// The values of row 1 are found by their recorded text; row 2 has other values.
#[sqlx::test(migrations = false)]
async fn value_of_every_type_is_found_by_its_recorded_text(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE things (id int PRIMARY KEY, text text, number numeric, flag boolean, document jsonb, list text[],
                              at timestamptz, day date, bytes bytea);
         CREATE TABLE plain (id int PRIMARY KEY, text text)",
    )
    .await?;
    trail.capture(["things", "plain"]).await?;
    run(
        &pool,
        r#"INSERT INTO things VALUES (1, E'Größe 5%_ of \\ "a"\nb 🦀', 12.50, true, '{"b": [1, "two"], "a": null}', '{x,"y z"}',
             '2026-11-22 09:30+00', '2026-11-23', '\xbeef');
           INSERT INTO things VALUES (2, 'size 50 of ', 12.5, false, '{"b": 3}', '{x}', '2025-01-01', NULL, NULL)"#,
    )
    .await?;
    let scope = Scope::unscoped();
    let inserted = ["things:1:insert"];
    for (column, text) in [
        ("text", "größe 5%_"),
        ("text", "GRÖßE 5"),
        ("text", "%_"),
        ("text", r"of \"),
        ("text", "\"A\""),
        ("text", "\\ \"a\"\nb"),
        ("text", "🦀"),
        ("text", "=Größe 5%_ of \\ \"a\"\nb 🦀"),
        ("number", "12.50"),
        ("number", "=12.50"),
        ("flag", "=true"),
        ("document", r#""two"]"#),
        ("document", r#"={"a": null, "b": [1, "two"]}"#),
        ("list", "y z"),
        ("list", r#"=["x", "y z"]"#),
        ("at", "=2026-11-22T09:30:00+00:00"),
        ("day", "2026-11-2"),
        ("bytes", "=\\xbeef"),
    ] {
        for pairs in [&[("value", text)][..], &[("field", column), ("value", text)]] {
            assert_eq!(found(&trail, &scope, pairs).await?, inserted, "{pairs:?}");
        }
        let other = [("field", "id"), ("value", text)];
        assert!(found(&trail, &scope, &other).await?.is_empty(), "{other:?}");
    }
    for text in ["5%%", "5_ of", "=größe 5%_", "=12.5000", "=null", "=NULL", "=tru", "document", "\u{202e}"]
    {
        assert!(found(&trail, &scope, &[("value", text)]).await?.is_empty(), "{text}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn old_and_new_values_are_found(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE people (id int PRIMARY KEY, email text, note text, city text)").await?;
    trail.capture(["people"]).await?;
    run(&pool, "INSERT INTO people VALUES (1, 'berta@old.example', 'first', 'Bonn')").await?;
    run(&pool, "UPDATE people SET note = 'second'").await?;
    run(&pool, "UPDATE people SET email = 'berta@new.example'").await?;
    run(&pool, "UPDATE people SET email = NULL, city = 'Berlin'").await?;
    run(&pool, "DELETE FROM people").await?;
    run(&pool, "INSERT INTO people VALUES (2, '', '', ''); TRUNCATE people").await?;
    let scope = Scope::unscoped();
    let (insert, update, delete) = ("people:1:insert", "people:1:update", "people:1:delete");
    for (pairs, expected) in [
        // Without a field, the row after a change counts as a whole.
        (&[("value", "berta@old")][..], &[update, update, insert][..]),
        (&[("value", "=bonn")], &[]),
        (&[("value", "=Bonn")], &[update, update, update, insert]),
        (&[("value", "berlin")], &[delete, update]),
        (&[("value", "berta@old"), ("operation", "insert")], &[insert]),
        // With a field, a change of this field counts.
        (&[("field", "email"), ("value", "berta@old")], &[update, insert]),
        (&[("field", "email"), ("value", "BERTA@")], &[update, update, insert]),
        (&[("field", "email"), ("value", "=berta@new.example"), ("operation", "update")], &[update, update]),
        (&[("field", "email"), ("value", "=berta@old.example"), ("operation", "insert")], &[insert]),
        (&[("field", "city"), ("value", "=Berlin"), ("operation", "delete")], &[delete]),
        (&[("field", "note"), ("value", "second")], &[delete, update]),
        (&[("field", "note"), ("value", "="), ("table", "people")], &["people:2:insert"]),
        (&[("field", "Email"), ("value", "berta")], &[]),
        (&[("field", "note,city"), ("value", "berlin")], &[delete, update]),
        (&[("field", "note,email"), ("value", "second")], &[delete, update]),
        (
            &[("field", "note,email"), ("value", "=berta@new.example"), ("operation", "-delete")],
            &[update, update],
        ),
        (&[("field", "-email"), ("value", "berta")], &[]),
        (&[("field", "-note,-email"), ("value", "berlin")], &[delete, update]),
        (&[("table", "-people"), ("value", "berlin")], &[]),
        (&[("table", "people,others"), ("field", "email,phone"), ("value", "berta@old")], &[update, insert]),
        (&[("operation", "truncate"), ("value", "x")], &[]),
        (&[("table", "people"), ("key", "id=1"), ("value", "berlin")], &[delete, update]),
        (&[("table", "elsewhere"), ("value", "berlin")], &[]),
    ] {
        assert_eq!(found(&trail, &scope, pairs).await?, expected, "{pairs:?}");
    }
    let filter = Filter { value: Some(ValueFilter::containing("berlin")?), ..Filter::default() };
    let mut snapshot = trail.snapshot().await?;
    let history = snapshot.row_history(&scope, "people", [("id", 1)], &filter, Position::Newest, 50).await?;
    assert_eq!(words(&history), [delete, update], "a TRUNCATE has no values");
    Ok(())
}

/// Checks that a search finds what the policy records, and nothing else.
#[sqlx::test(migrations = false)]
async fn only_recorded_values_are_found(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE users (id int PRIMARY KEY, email text, password_hash text, phone text)").await?;
    let mut policy = TablePolicy::new("users").exclude(["password_hash"]).mask(["phone"]);
    policy.store_changed_from = false;
    policy.store_deleted_row = false;
    trail.capture([policy]).await?;
    run(&pool, "INSERT INTO users VALUES (1, 'old@example.org', 'secret', '0815')").await?;
    run(&pool, "UPDATE users SET email = 'new@example.org', password_hash = 'secret2', phone = '4711'")
        .await?;
    run(&pool, "DELETE FROM users").await?;
    let scope = Scope::unscoped();
    for (text, expected) in [
        ("secret", &[][..]),
        ("0815", &[]),
        ("4711", &[]),
        ("old@", &["users:1:insert"]),
        ("new@", &["users:1:update"]),
    ] {
        assert_eq!(found(&trail, &scope, &[("value", text)]).await?, expected, "{text}");
    }
    Ok(())
}

/// Checks that a value of a hidden change does not exist: neither in pages, nor in counts, nor in explanations.
#[sqlx::test(migrations = false)]
async fn value_of_hidden_change_is_not_found(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE tickets (id int PRIMARY KEY, customer int, body text);
         CREATE TABLE accounts (id int PRIMARY KEY, body text)",
    )
    .await?;
    trail.capture(["tickets", "accounts"]).await?;
    run(&pool, "INSERT INTO tickets VALUES (1, 7, 'shared word'), (2, 8, 'shared word')").await?;
    run(&pool, "INSERT INTO accounts VALUES (1, 'shared word'), (2, 'hidden word')").await?;
    let of_customer = Predicate::tables(["tickets"]).and(Predicate::field("customer", "7"));
    let tables = Scope::new(Predicate::tables(["tickets"]));
    for (scope, text, expected) in [
        (&Scope::new(of_customer.clone()), "shared", &["tickets:1:insert"][..]),
        (&Scope::new(of_customer), "=hidden word", &[]),
        (&tables, "shared", &["tickets:2:insert", "tickets:1:insert"]),
        (&tables, "hidden", &[]),
        (&Scope::new(Predicate::field("customer", "8")), "WORD", &["tickets:2:insert"]),
    ] {
        assert_eq!(found(&trail, scope, &[("value", text)]).await?, expected, "{text} in {scope:?}");
        let (filter, _) = Filter::from_pairs([("value", text), ("table", "accounts")])?;
        let explained = trail.snapshot().await?.explain_empty(scope, &filter).await?;
        assert!(explained.excluding.iter().all(|condition| condition.key != "value"), "{explained:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn empty_search_names_the_value_as_the_cause(pool: PgPool) -> Result {
    let trail = crate::query::desk(&pool).await?;
    let (filter, _) = Filter::from_pairs([("table", "tickets"), ("field", "priority"), ("value", "urgent")])?;
    let explained = trail.snapshot().await?.explain_empty(&Scope::unscoped(), &filter).await?;
    let causes: Vec<_> = explained.excluding.iter().map(|cause| (cause.key, cause.count)).collect();
    assert_eq!((causes, explained.unknown.len()), (vec![("value", Count::Exact(1))], 0), "{explained:?}");
    let (filter, _) = Filter::from_pairs([("table", "tickets"), ("field", "Priority"), ("value", "high")])?;
    let explained = trail.snapshot().await?.explain_empty(&Scope::unscoped(), &filter).await?;
    let meant: Vec<_> = explained.suggestions_for("field").map(|near| (&*near.value, near.count)).collect();
    assert_eq!(meant, [("priority", Some(Count::Exact(1)))], "counted together with the value");
    Ok(())
}

/// One transaction with 25,000 changes at one moment, and one change before it. Every 10,000th change has the value.
async fn bulk(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install_for_made_up_rows(pool).await?;
    run(
        pool,
        "INSERT INTO threadline.audit_transactions (id, txid, occurred_at)
         VALUES ('00000000-0000-4000-8000-00000000000a', 1, '2026-11-01'), ('00000000-0000-4000-8000-00000000000b', 2, '2026-11-02');
         INSERT INTO threadline.audit_changes
           (id, transaction_id, occurred_at, captured_at, table_hash, row_bucket, table_schema, table_name, table_pk, op, data_after)
         SELECT gen_random_uuid(), CASE n WHEN 0 THEN '00000000-0000-4000-8000-00000000000a'::uuid
                                          ELSE '00000000-0000-4000-8000-00000000000b' END, at, at,
                threadline.threadline_table_hash('public', 'orders'), 0, 'public', 'orders',
                jsonb_build_object('id', n::text), 'insert',
                jsonb_build_object('id', n, 'state', CASE WHEN n % 10000 = 0 THEN 'rare' ELSE 'common' END)
         FROM generate_series(0, 25000) AS n
         CROSS JOIN LATERAL (SELECT CASE n WHEN 0 THEN '2026-11-01'::timestamptz ELSE '2026-11-02' END AS at) AS times",
    )
    .await?;
    Ok(trail)
}

/// Checks that a search stops within a transaction of any size, and that the next page misses nothing.
#[sqlx::test(migrations = false)]
async fn search_of_large_transaction_stops_and_continues(pool: PgPool) -> Result {
    let trail = bulk(&pool).await?;
    let scope = Scope::unscoped();
    for pairs in [&[("value", "=rare")][..], &[("value", "RARE"), ("table", "orders")]] {
        let (filter, _) = Filter::from_pairs(pairs.iter().copied())?;
        let whole = trail.timeline_page(&scope, &filter, Position::Newest, 50).await?;
        assert_eq!((whole.entries.len(), whole.truncated_at), (3, None));
        let expected: Vec<String> = whole.entries.iter().map(word).collect();
        let hasty = trail.clone().search_time(Duration::ZERO);
        let (mut seen, mut stops, mut position) = (Vec::new(), 0, Position::Newest);
        let last = loop {
            let page = hasty.timeline_page(&scope, &filter, position, 50).await?;
            seen.extend(words(&page));
            stops += usize::from(page.truncated_at.is_some());
            match page.older {
                Some(cursor) => position = Position::OlderThan(cursor),
                None => break page,
            }
        };
        assert_eq!((&seen, stops), (&expected, 2), "a page searches 10,000 changes");
        let (mut back, mut newer) = (words(&last), last.newer);
        while let Some(cursor) = newer {
            let page = hasty.timeline_page(&scope, &filter, Position::NewerThan(cursor), 50).await?;
            back.splice(0..0, words(&page));
            newer = page.newer;
        }
        assert_eq!(back, expected);
        let mut snapshot = hasty.snapshot().await?;
        assert_eq!(snapshot.count(&scope, &filter, 10).await?, Count::Exact(3));
    }
    Ok(())
}

/// Checks that the changes of a large transaction are counted no longer than the search time, because the count of a rare value reads
/// all of them.
#[sqlx::test(migrations = false)]
async fn line_of_large_transaction_has_a_lower_bound_if_counting_takes_long(pool: PgPool) -> Result {
    let trail = bulk(&pool).await?;
    let (filter, _) = Filter::from_pairs([("value", "common")])?;
    let scope = Scope::unscoped();
    for (trail, count) in [
        (trail.clone(), Count::Truncated(10_000)),
        (trail.search_time(Duration::from_millis(1)), Count::Truncated(11)),
    ] {
        let page = trail.snapshot().await?.timeline_lines(&scope, &filter, Position::Newest, 1).await?;
        let [TimelineLine::Transaction(large)] = &page.entries[..] else {
            return Err(format!("{page:?}").into());
        };
        assert_eq!(large.count(), count);
    }
    Ok(())
}

/// Checks that a search through the transactions of an actor that takes too long continues by time.
#[sqlx::test(migrations = false)]
async fn search_of_changes_of_actor_ends_with_the_search_time(pool: PgPool) -> Result {
    let trail = bulk(&pool).await?;
    run(
        &pool,
        r#"UPDATE threadline.audit_transactions SET actor_ref = '{"type": "user", "id": "1"}', actor_type = 'user',
             actor_key = threadline.threadline_actor_key('user', '1')"#,
    )
    .await?;
    let (filter, _) = Filter::from_pairs([("value", "=rare"), ("actor", "user:1")])?;
    let scope = Scope::unscoped();
    let whole = trail.timeline_page(&scope, &filter, Position::Newest, 50).await?;
    assert_eq!((whole.entries.len(), whole.truncated_at), (3, None));
    let hasty = trail.search_time(Duration::ZERO);
    let page = hasty.timeline_page(&scope, &filter, Position::Newest, 50).await?;
    assert!(page.truncated_at.is_some(), "{} changes", page.entries.len());
    assert_eq!(hasty.snapshot().await?.count(&scope, &filter, 10).await?, Count::Exact(3));
    Ok(())
}
