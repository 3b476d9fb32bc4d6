//! Tests the explanations of empty results: near values, excluding conditions, keys as they are typed, and their bounds.

use std::time::Duration;

use sqlx::PgPool;
use threadline::query::{Count, EmptyResult, Filter, KeyType, QueryError, RowKey, TypedKey};
use threadline::{AuditTrail, Predicate, Scope};
use threadline_testkit::database::{Result, install, run};

use super::plans::{Listener, Plan};
use super::{desk, install_for_made_up_rows};

async fn explain(trail: &AuditTrail, scope: &Scope, query: &str) -> Result<EmptyResult> {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let (filter, _) = Filter::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value)))?;
    Ok(trail.snapshot().await?.explain_empty(scope, &filter).await?)
}

/// Returns the suggestions of an explanation as `key=value count`, and the excluding conditions as `-key count`.
fn words(explained: &EmptyResult) -> Vec<String> {
    let number = |count: Option<Count>| match count {
        Some(Count::Exact(count)) => count.to_string(),
        Some(Count::Truncated(count)) => format!("{count}+"),
        None => "?".to_owned(),
    };
    let mut words = Vec::new();
    for unknown in &explained.unknown {
        let certain = if unknown.is_certain { "no" } else { "perhaps no" };
        words.push(format!("{certain} {}={}", unknown.key, unknown.typed));
        let near = unknown.suggestions.iter();
        words.extend(near.map(|near| format!("{}={} {}", unknown.key, near.value, number(near.count))));
    }
    let excluding = explained.excluding.iter();
    words.extend(excluding.map(|condition| format!("-{} {}", condition.key, number(Some(condition.count)))));
    words
}

#[sqlx::test(migrations = false)]
async fn empty_result_names_near_values_and_the_excluding_condition(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let everything = Scope::unscoped();
    for (query, expected) in [
        ("table=Tickets", &["no table=Tickets", "table=tickets 6", "-table 10"][..]),
        ("table=ticket&key=id%3D1", &["no table=ticket", "table=tickets 3", "-table 10"]),
        ("table=nonsense", &["no table=nonsense", "-table 10"]),
        ("table=tickets&field=Priority", &["no field=Priority", "field=priority 1", "-field 6"]),
        ("field=assigne", &["no field=assigne", "field=assignee 1", "-field 10"]),
        // The field exists and was never changed.
        ("table=tickets&field=customer", &["-field 6"]),
        ("action=assigned", &["no action=assigned", "action=ticket.assigned 1", "-action 10"]),
        ("action=Ticket.Opened", &["no action=Ticket.Opened", "action=ticket.opened 3", "-action 10"]),
        ("actor=user:Ann", &["no actor=user:Ann", "actor=user:ann 3", "-actor 10"]),
        ("actor=admin:ann", &["no actor=admin:ann", "actor=user:ann 3", "-actor 10"]),
        ("actor=user:nobody", &["no actor=user:nobody", "-actor 10"]),
        ("table=tickets&key=id%3D99", &["no key=id=99", "-key 6"]),
        ("correlation_id=case-9", &["no correlation_id=case-9", "-correlation_id 10"]),
        // Of several values, each that does not exist is named. One that exists leaves the other conditions to blame.
        (
            "table=Tickets,account",
            &["no table=Tickets", "table=tickets 6", "no table=account", "table=accounts 2", "-table 10"],
        ),
        (
            "actor=user:Ann,user:nobody&table=-lines",
            &["no actor=user:Ann", "actor=user:ann 2", "no actor=user:nobody", "-actor 8"],
        ),
        ("actor=user:bob,user:nobody&table=accounts", &["no actor=user:nobody", "-actor 2", "-table 1"]),
        ("table=-tickets,-accounts,-lines", &["-table 10"]),
        ("actor=none&operation=truncate", &["-actor 1", "-operation 2"]),
        ("on_behalf_of=user:ann&field=priority", &["-on_behalf_of 1"]),
        // Every value exists, and each condition alone is to blame.
        ("table=accounts&actor=user:bob&from=2020-01-01T00:00", &["-actor 2", "-table 1"]),
        ("action=ticket.opened&to=2020-01-01T00:00", &["-window 3"]),
        ("operation=insert&field=priority", &["-field 6", "-operation 1"]),
        // Two conditions are to blame, so no single one is.
        ("table=accounts&operation=delete&actor=user:ann", &[]),
        ("action=x.y&actor=user:nobody", &["no actor=user:nobody", "no action=x.y"]),
    ] {
        let explained = explain(&trail, &everything, query).await?;
        assert_eq!(words(&explained), expected, "{query}");
        assert!(!explained.truncated, "{query}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn suggestions_keep_the_other_conditions(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let others = Filter::from_readable_pairs([("key", "id=1"), ("operation", "update"), ("actor", "robot")]);
    let everything = Scope::unscoped();
    for (key, typed, expected) in [
        ("table", "Ticket", &["tickets"][..]),
        ("actor", "ann", &["user:ann"]),
        ("actor", "User:ann", &["user:ann"]),
        ("actor", "user: ann", &["user:ann"]),
        ("actor", "users", &["user"]),
        ("operation", "Update", &["update"]),
        ("action", "opened", &["ticket.opened"]),
        ("field", "PRIORITY", &["priority"]),
        ("actor", "job, -users", &["user"]),
        ("from", "yesterday", &[]),
        ("nonsense", "x", &[]),
    ] {
        let near = trail.snapshot().await?.suggest(&everything, key, typed, &others).await?;
        let values: Vec<&str> = near.suggestions.iter().map(|near| near.value.as_str()).collect();
        assert_eq!(values, expected, "{key} {typed}");
        for near in near.suggestions {
            assert_eq!(near.filter.key, others.key, "{key} {typed}");
            let pairs = near.filter.to_pairs();
            assert!(
                pairs.contains(&(if key == "operation" { key } else { "operation" }, "update".to_owned()))
            );
            let written = if typed == "job, -users" { "job,-user" } else { &near.value };
            assert!(pairs.iter().any(|(name, value)| (*name, value.as_str()) == (key, written)), "{pairs:?}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn typed_key_is_read_by_the_types_of_its_columns(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    run(
        &pool,
        "CREATE DOMAIN ticket_id AS bigint;
         CREATE TABLE typed (id ticket_id PRIMARY KEY); CREATE TABLE words (word text PRIMARY KEY);
         CREATE TABLE things (id uuid PRIMARY KEY);",
    )
    .await?;
    trail.capture(["typed", "words", "things"]).await?;
    run(&pool, "INSERT INTO words VALUES ('Ann'), ('05041'); INSERT INTO typed VALUES (8841)").await?;
    let everything = Scope::unscoped();
    let key = |column: &str, value: &str| TypedKey::Key(RowKey::from([(column, value)]));
    for (table, text, expected) in [
        ("tickets", "#0,001", key("id", "1")),
        ("tickets", "#1", key("id", "1")),
        ("tickets", "id: 1", key("id", "1")),
        ("tickets", "id=#1", key("id", "1")),
        ("tickets", "ID=1", key("id", "1")),
        ("tickets", "Id = #1", key("id", "1")),
        ("typed", "#5,041", key("id", "5041")),
        ("words", "05041", key("word", "05041")),
        ("words", "a=b", TypedKey::OtherColumns { columns: vec!["word".to_owned()] }),
        ("things", "0193C2AA00007000800000000000008D", key("id", "0193c2aa-0000-7000-8000-00000000008d")),
        ("lines", "ticket=#1, line=01", TypedKey::Key(RowKey::from([("ticket", 1), ("line", 1)]))),
        ("lines", "1", TypedKey::OtherColumns { columns: vec!["line".to_owned(), "ticket".to_owned()] }),
        ("tickets", "nr=1", TypedKey::OtherColumns { columns: vec!["id".to_owned()] }),
    ] {
        let read = trail.snapshot().await?.read_key(&everything, &table.into(), text).await?;
        assert_eq!(read, expected, "{table} {text}");
    }
    for (text, nearest) in
        [("abc", None), ("Invoice 8841", Some("8841")), ("Invoice 8842", None), ("9e18", None)]
    {
        let read = trail.snapshot().await?.read_key(&everything, &"typed".into(), text).await?;
        let TypedKey::WrongType { column, value, expected, nearest: found } = read else {
            return Err(format!("{text}: {read:?}").into());
        };
        assert_eq!((column.as_str(), value.as_str()), ("id", text));
        assert_eq!(expected, KeyType::Integer(i64::MIN, i64::MAX));
        assert_eq!(found, nearest.map(|id| RowKey::from([("id", id)])), "{text}");
    }
    let mut snapshot = trail.snapshot().await?;
    for (word, expected) in [("ann", None), ("ANN", None), (" Ann", Some("Ann")), ("word: Ann", Some("Ann"))]
    {
        let other =
            snapshot.other_spelling(&everything, &"words".into(), &RowKey::from([("word", word)])).await?;
        assert_eq!(other, expected.map(|word| RowKey::from([("word", word)])), "{word}");
    }
    for (scope, table) in [
        (everything, "nowhere"),
        (Scope::tables(["lines"]), "tickets"),
        (Scope::tables(["lines"]), "nowhere"),
    ] {
        let error = trail.snapshot().await?.read_key(&scope, &table.into(), "1").await.unwrap_err();
        assert!(matches!(error, QueryError::NotCaptured { .. }), "{error}");
    }
    Ok(())
}

/// A value that only hidden changes have is answered as one that no change has, with the same work.
/// The key of a record that was recorded before its column became a number is no mistake.
#[sqlx::test(migrations = false)]
async fn key_recorded_before_its_column_changed_type_is_taken_literally(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE items (code text PRIMARY KEY)").await?;
    trail.capture(["items"]).await?;
    run(&pool, "INSERT INTO items VALUES ('abc'), ('007'), ('8')").await?;
    run(&pool, "DELETE FROM items WHERE code IN ('abc', '007')").await?;
    run(&pool, "ALTER TABLE items ALTER COLUMN code TYPE bigint USING code::bigint").await?;
    for (text, expected) in [("abc", "abc"), ("007", "007"), ("#8", "8")] {
        let read = trail.snapshot().await?.read_key(&Scope::unscoped(), &"items".into(), text).await?;
        assert_eq!(read, TypedKey::Key(RowKey::from([("code", expected)])), "{text}");
    }
    let read = trail.snapshot().await?.read_key(&Scope::unscoped(), &"items".into(), "xyz").await?;
    assert!(matches!(read, TypedKey::WrongType { .. }), "{read:?}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hidden_values_are_explained_as_absent_ones(pool: PgPool) -> Result {
    desk(&pool).await?;
    let listener = Listener::default();
    let _guard = tracing::subscriber::set_default(listener.clone());
    let trail = AuditTrail::new(Listener::pool(&pool).await?).search_time(Duration::MAX);
    let of_lines = Scope::tables(["lines"]);
    let of_customer = Scope::new(Predicate::tables(["tickets"]).and(Predicate::field("customer", "7")));
    assert!(trail.snapshot().await?.has_changes(&of_lines).await?);
    for (scope, hidden, absent) in [
        (&of_lines, "table=ticket", "table=xicket"),
        (&of_lines, "table=tickets", "table=xickets"),
        (&of_lines, "field=Priority", "field=Xriority"),
        (&of_lines, "field=priority", "field=xriority"),
        (&of_lines, "action=ticket.deleted", "action=xicket.xeleted"),
        (&of_lines, "action=deleted", "action=xeleted"),
        (&of_lines, "actor=user:bob", "actor=user:xob"),
        (&of_lines, "actor=user:Bob", "actor=user:Xob"),
        (&of_customer, "table=tickets&key=id%3D2", "table=tickets&key=id%3D9"),
        (&of_customer, "action=ticket.deleted", "action=xicket.xeleted"),
        (&of_customer, "actor=job:sweeper", "actor=job:xweeper"),
        (&of_customer, "table=line", "table=xine"),
    ] {
        listener.take()?;
        let mut results = Vec::new();
        for query in [hidden, absent] {
            let explained = words(&explain(&trail, scope, query).await?);
            let rows: usize = listener.take()?.iter().map(Plan::rows).sum();
            let typed = query.rsplit_once('=').map_or(query, |(_, typed)| typed).replace("%3D", "=");
            results
                .push((explained.iter().map(|word| word.replace(&typed, "TYPED")).collect::<Vec<_>>(), rows));
        }
        let key = |word: &String| word.replace("id=2", "KEY").replace("id=9", "KEY");
        let normal =
            |(words, rows): &(Vec<String>, usize)| (words.iter().map(key).collect::<Vec<_>>(), *rows);
        assert_eq!(normal(&results[0]), normal(&results[1]), "{hidden} in {scope:?}");
        assert!(!results[0].0.is_empty(), "{hidden}");
    }
    // Without a scope the same values are found.
    let shown = explain(&trail, &Scope::unscoped(), "field=Priority").await?;
    assert!(words(&shown).contains(&"field=priority 1".to_owned()), "{shown:?}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn explanation_stops_when_the_search_time_ends(pool: PgPool) -> Result {
    let trail = desk(&pool).await?.search_time(Duration::ZERO);
    let mut snapshot = trail.snapshot().await?;
    let (filter, _) = Filter::from_pairs([("table", "Tickets"), ("action", "x")])?;
    let explained = snapshot.explain_empty(&Scope::unscoped(), &filter).await?;
    assert!(explained.truncated, "{explained:?}");
    assert!(explained.excluding.is_empty(), "{explained:?}");
    assert!(explained.unknown.iter().all(|unknown| !unknown.is_certain && unknown.suggestions.is_empty()));
    // The snapshot can be used further.
    assert!(snapshot.has_changes(&Scope::unscoped()).await?);
    Ok(())
}

/// The names of all actions are read with one index lookup each.
#[sqlx::test(migrations = false)]
async fn names_of_actions_are_read_with_one_lookup_each(pool: PgPool) -> Result {
    install_for_made_up_rows(&pool).await?;
    run(
        &pool,
        "INSERT INTO threadline.audit_actions (id, name, actor_ref, inserted_at)
         SELECT lpad(n::text, 32, '0')::uuid, 'action.' || n, '{\"type\": \"user\", \"id\": \"ann\"}', now() FROM generate_series(1, 20) AS n;
         INSERT INTO threadline.audit_transactions (id, txid, occurred_at, action_id, action_name)
         SELECT gen_random_uuid(), n, now() - n * interval '1 second', lpad((n % 20 + 1)::text, 32, '0')::uuid,
                'action.' || (n % 20 + 1)
         FROM generate_series(1, 20000) AS n",
    )
    .await?;
    run(&pool, "VACUUM (ANALYZE) threadline.audit_transactions").await?;
    let listener = Listener::default();
    let _guard = tracing::subscriber::set_default(listener.clone());
    let trail = AuditTrail::new(Listener::pool(&pool).await?).search_time(Duration::MAX);
    let (filter, _) = Filter::from_pairs([("action", "Action.7")])?;
    trail.snapshot().await?.has_changes(&Scope::unscoped()).await?;
    listener.take()?;
    let explained = trail.snapshot().await?.explain_empty(&Scope::unscoped(), &filter).await?;
    assert_eq!(words(&explained)[..2], ["no action=Action.7", "action=action.7 0"], "{explained:?}");
    let plans = listener.take()?;
    let rows: usize = plans.iter().map(Plan::rows).sum();
    let text = plans.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(rows < 2_500, "{rows} rows were read:\n{text}");
    Ok(())
}
