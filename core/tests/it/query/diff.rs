//! Tests the sources of old values, and the JSON of a change.

use serde_json::{Value, json};
use sqlx::PgPool;
use threadline::capture::TablePolicy;
use threadline::query::{FieldValue, Filter, OldValueSource, Operation};
use threadline::{AuditTrail, Predicate, Scope, query::Change};

use threadline_testkit::database::{Result, install, run};

/// Returns an insert, an update, an update of columns that are not stored, and a delete, newest first.
async fn changes(pool: &PgPool, policy: TablePolicy) -> Result<Vec<Change>> {
    let trail = install(pool).await?;
    run(pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, a text, b numeric)").await?;
    run(pool, "DELETE FROM threadline.audit_changes").await?;
    trail.capture([policy]).await?;
    for statement in [
        "INSERT INTO t VALUES (1, 'x', 1.50)",
        "UPDATE t SET a = NULL, b = 12345678901234567890.5",
        "UPDATE t SET b = 2",
        "DELETE FROM t",
    ] {
        run(pool, statement).await?;
    }
    let entries = trail.timeline(&Scope::unscoped(), &Filter::default(), 10).await?;
    Ok(entries.into_iter().map(|entry| entry.change).collect())
}

#[sqlx::test(migrations = false)]
async fn field_change_has_source_of_old_value(pool: PgPool) -> Result {
    let number = |text: &str| FieldValue::Number(text.to_owned());
    let kept = changes(&pool, TablePolicy::new("t")).await?;
    assert!(kept.iter().all(|change| !change.lacks_old_values()));
    let update = &kept[1].fields()[0];
    assert_eq!(
        (&update.before, update.before_source),
        (&number("12345678901234567890.5"), OldValueSource::Stored)
    );
    assert!(kept[3].fields().iter().all(|field| field.before_source == OldValueSource::Absent));

    let trail = threadline_testkit::database::trail(&pool);
    let mut policy = TablePolicy::new("t");
    policy.store_changed_from = false;
    policy.store_deleted_row = false;
    let mut bare = changes(&pool, policy).await?;
    assert_eq!(bare.iter().filter(|change| change.lacks_old_values()).count(), 3);
    let unknown = &bare[1].fields()[0];
    assert_eq!((&unknown.before, unknown.before_source), (&FieldValue::Omitted, OldValueSource::Unknown));
    assert!(bare[0].fields().is_empty());

    // A value that the scope hides stays unknown.
    trail.snapshot().await?.load_old_values(&Scope::nothing(), &mut bare).await?;
    assert_eq!(bare[1].fields()[0].before_source, OldValueSource::Unknown);
    trail.snapshot().await?.load_old_values(&Scope::unscoped(), &mut bare).await?;
    let found = &bare[1].fields()[0];
    assert_eq!(
        (&found.before, found.before_source),
        (&number("12345678901234567890.5"), OldValueSource::PreviousChange)
    );
    let deleted: Vec<_> = bare[0].fields().into_iter().map(|field| (field.name, field.before)).collect();
    assert_eq!(
        deleted,
        [("a".to_owned(), FieldValue::Null), ("b".to_owned(), number("2")), ("id".to_owned(), number("1")),]
    );
    Ok(())
}

/// Makes rows with unusual keys that are changed several times, removed uncaptured, truncated and inserted again, and 600 rows at once.
async fn bare_changes(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install(pool).await?;
    run(
        pool,
        r#"CREATE TABLE odd ("a ""b" text, "ü'\" text, n int, PRIMARY KEY ("a ""b", "ü'\"));
           CREATE TABLE even (LIKE odd INCLUDING ALL);
           CREATE TABLE many (id int PRIMARY KEY, n int)"#,
    )
    .await?;
    let bare = ["odd", "even", "many"].map(|table| {
        let mut policy = TablePolicy::new(table);
        policy.store_changed_from = false;
        policy.store_deleted_row = false;
        policy
    });
    trail.capture(bare).await?;
    for statement in [
        r#"INSERT INTO odd VALUES ('x"y', '\''', 1), ('{NULL,"', '', 1), ('🦀', ' ', 1)"#,
        r#"INSERT INTO even VALUES ('x"y', '\''', 10), ('', '🦀', 10)"#,
        "UPDATE odd SET n = 2",
        "UPDATE odd SET n = 3; UPDATE even SET n = 20; UPDATE odd SET n = 4; DELETE FROM odd WHERE n = 4",
        r#"INSERT INTO odd VALUES ('x"y', '\''', 5), ('🦀', ' ', 5)"#,
        "TRUNCATE odd",
        r#"INSERT INTO odd VALUES ('x"y', '\''', 6)"#,
        "UPDATE odd SET n = 7",
        // The insert of the row was not captured.
        "ALTER TABLE even DISABLE TRIGGER USER; TRUNCATE even; INSERT INTO even VALUES ('', 'new', 50);
         ALTER TABLE even ENABLE TRIGGER USER",
        "UPDATE even SET n = 60",
        "INSERT INTO many SELECT n, 0 FROM generate_series(1, 600) AS n",
        "UPDATE many SET n = -id",
        // Some changes move to other partitions.
        "UPDATE threadline.audit_changes SET captured_at = captured_at - CASE data_after ->> 'n'
                WHEN '1' THEN interval '3 years' ELSE interval '90 days' END
         WHERE data_after ->> 'n' IN ('1', '10')",
    ] {
        run(pool, statement).await?;
    }
    Ok(trail)
}

/// Checks that each change gets the previous change of its own row if the scope shows it, in batches of any size.
#[sqlx::test(migrations = false)]
async fn load_old_values_finds_previous_change_of_every_row(pool: PgPool) -> Result {
    let trail = bare_changes(&pool).await?;
    let all = trail.timeline(&Scope::unscoped(), &Filter::default(), 10_000).await?;
    let all: Vec<Change> = all.into_iter().map(|entry| entry.change).collect();
    let first = all.iter().rev().find(|change| change.operation == Operation::Update).ok_or("no update")?;
    type IsVisible<'a> = &'a dyn Fn(&Change) -> bool;
    let cases: [(Scope, IsVisible<'_>, usize); 4] = [
        (Scope::unscoped(), &|_| true, 615),
        (Scope::new(Predicate::since(first.captured_at)), &|one| one.captured_at >= first.captured_at, 610),
        (Scope::tables(["odd"]), &|one| one.table == "odd".into(), 13),
        (Scope::nothing(), &|_| false, 0),
    ];
    for (scope, is_visible, expected) in cases {
        let mut changes = all.clone();
        trail.snapshot().await?.load_old_values(&scope, &mut changes).await?;
        for (position, change) in changes.iter().enumerate() {
            let mut earlier =
                all[position + 1..].iter().filter(|one| one.table == change.table && one.key == change.key);
            let previous = earlier.next().filter(|one| change.lacks_old_values() && is_visible(one));
            let found =
                [&change.previous, &previous.and_then(|one| one.after.clone())].map(|row| format!("{row:?}"));
            assert_eq!(found[0], found[1], "{scope:?} {change:?}");
        }
        assert_eq!(changes.iter().filter(|change| change.previous.is_some()).count(), expected, "{scope:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn change_serializes_as_diff_and_as_row(pool: PgPool) -> Result {
    let kept = changes(&pool, TablePolicy::new("t")).await?;
    let diff_json =
        |change: &Change, expand| -> Result<Value> { Ok(serde_json::to_value(change.diff(expand))?) };
    let exact = |text: &str| -> Result<Value> { Ok(serde_json::from_str(text)?) };
    let update = diff_json(&kept[2], false)?;
    assert_eq!(update["schema_version"], 1);
    assert_eq!((&update["before_values"], &update["op"]), (&json!("sparse"), &json!("update")));
    assert_eq!((&update["table_schema"], &update["table_pk"]), (&json!("public"), &json!({ "id": "1" })));
    let fields = r#"[{"name":"a","after":null,"before":"x"},{"name":"b","after":12345678901234567890.5,"before":1.50}]"#;
    assert_eq!(update["field_changes"], exact(fields)?);
    assert!(
        serde_json::to_string(&kept[2].diff(false))?
            .contains(r#""after":12345678901234567890.5,"before":1.50}"#)
    );

    assert_eq!(diff_json(&kept[3], false)?["field_changes"], json!([]));
    assert_eq!(diff_json(&kept[3], false)?["before_values"], "none");
    let inserted = r#"[{"name":"a","after":"x","kind":"set"},{"name":"b","after":1.50,"kind":"set"},{"name":"id","after":1,"kind":"set"}]"#;
    assert_eq!(diff_json(&kept[3], true)?["field_changes"], exact(inserted)?);
    assert_eq!(diff_json(&kept[0], true)?["field_changes"], json!([]));
    assert_eq!(diff_json(&kept[0], true)?["data_after"], Value::Null);

    let mut sparse = kept[2].clone();
    sparse.before.as_mut().ok_or("no old values")?.remove("b");
    let omitted = exact(
        r#"[{"name":"a","after":null,"before":"x"},{"name":"b","after":12345678901234567890.5,"prior_state":"omitted"}]"#,
    )?;
    assert_eq!(diff_json(&sparse, false)?["field_changes"], omitted);
    sparse.before = None;
    let none = exact(r#"[{"name":"a","after":null},{"name":"b","after":12345678901234567890.5}]"#)?;
    assert_eq!(
        (diff_json(&sparse, false)?["field_changes"].clone(), sparse.operation),
        (none, Operation::Update)
    );

    let row = serde_json::to_value(&kept[3])?;
    let names: Vec<&String> = row.as_object().ok_or("no object")?.keys().collect();
    let expected =
        ["captured_at", "changed_fields", "changed_from", "data_after", "id", "op", "table_name", "table_pk"];
    assert!(expected.iter().all(|name| names.iter().any(|found| found == name)), "{names:?}");
    assert_eq!(
        (&row["op"], &row["changed_fields"], &row["changed_from"]),
        (&json!("insert"), &json!([]), &json!({}))
    );
    Ok(())
}
