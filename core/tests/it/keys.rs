//! Tests which columns can identify a row, the text that is stored for each, and the errors for all others.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::{CaptureError, Config, TableName};
use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};

const DEFINITIONS: &str = "CREATE EXTENSION IF NOT EXISTS citext;
    CREATE TYPE mood AS ENUM ('sad', 'so so'); CREATE DOMAIN mood_domain AS mood; CREATE DOMAIN number AS int;
    CREATE DOMAIN small_number AS number; CREATE DOMAIN span AS interval; CREATE DOMAIN document AS jsonb;
    CREATE TYPE pair AS (a int, b int);";

/// Session settings that differ from those of the trail as much as possible.
const UNUSUAL_SETTINGS: &str =
    "SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'German, DMY'; SET IntervalStyle = 'sql_standard';
    SET bytea_output = 'escape'; SET extra_float_digits = -15; SET quote_all_identifiers = on;";

/// The types, each with a value as ISO text and the text that is stored for it in every session.
const KEYS: &[(&str, &str, &str)] = &[
    ("smallint", "-32768", "-32768"),
    ("integer", "2147483647", "2147483647"),
    ("bigint", "9007199254740993", "9007199254740993"),
    ("numeric", "12345678901234567890.10", "12345678901234567890.10"),
    ("numeric(10,2)", "1", "1.00"),
    ("text", "a \"b\" \\ ж", "a \"b\" \\ ж"),
    ("text", "", ""),
    ("varchar(10)", "a ", "a "),
    ("char(4)", "ab", "ab  "),
    ("\"char\"", "x", "x"),
    ("name", "n", "n"),
    ("citext", "AbC", "AbC"),
    ("uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("boolean", "yes", "true"),
    ("date", "2024-02-29", "2024-02-29"),
    ("date", "0044-03-15 BC", "0044-03-15 BC"),
    ("date", "infinity", "infinity"),
    ("timestamp", "2024-10-27 00:30:00.5", "2024-10-27T00:30:00.5"),
    ("timestamptz", "2024-10-27 02:30:00+02", "2024-10-27T00:30:00+00:00"),
    ("timestamptz", "-infinity", "-infinity"),
    ("bytea", "\\x00ff", "\\x00ff"),
    ("inet", "10.0.0.1/32", "10.0.0.1"),
    ("inet", "::1/64", "::1/64"),
    ("cidr", "10.0.0.0/8", "10.0.0.0/8"),
    ("macaddr", "08-00-2B-01-02-03", "08:00:2b:01:02:03"),
    ("macaddr8", "08-00-2b-01-02-03-04-05", "08:00:2b:01:02:03:04:05"),
    ("oid", "4294967295", "4294967295"),
    ("mood", "so so", "so so"),
    ("mood_domain", "sad", "sad"),
    ("number", "7", "7"),
    ("small_number", "7", "7"),
];

#[sqlx::test(migrations = false)]
async fn key_of_each_type_has_same_text_with_unusual_settings(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, DEFINITIONS).await?;
    for mode in CaptureMode::ALL {
        for (data_type, given, stored) in KEYS {
            run(&pool, "DROP TABLE IF EXISTS t, given").await?;
            empty_trail(&pool).await?;
            run(
                &pool,
                &format!(
                    "CREATE TABLE t (id {data_type} PRIMARY KEY, note text);
                     SET LOCAL DateStyle = 'ISO, YMD'; CREATE TABLE given AS SELECT '{given}'::{data_type} AS id"
                ),
            )
            .await?;
            trail.capture([TablePolicy::new("t").mode(mode)]).await?;
            run(
                &pool,
                &format!(
                    "BEGIN; {} INSERT INTO t SELECT id, 'a' FROM given; UPDATE t SET note = 'b'; DELETE FROM t; COMMIT",
                    UNUSUAL_SETTINGS.replace("SET", "SET LOCAL")
                ),
            )
            .await?;
            let keys: Vec<String> = value(
                &pool,
                "SELECT array_agg(table_pk ->> 'id' ORDER BY captured_at, id) FROM threadline.audit_changes",
            )
            .await?;
            assert_eq!(keys, [*stored; 3], "{data_type} {given} ({})", mode.as_str());
            assert_eq!(violations(&pool).await?, Vec::<String>::new());
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn key_of_several_columns_keeps_column_order(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let many: Vec<String> = (1..=32).map(|n| format!("c{n}")).collect();
    for mode in CaptureMode::ALL {
        for (columns, primary_key, declared, expected) in [
            ("a int, b int", "PRIMARY KEY (a, b)", None, vec!["a", "b"]),
            ("a int, b int", "PRIMARY KEY (b, a)", None, vec!["b", "a"]),
            ("a int, b int", "PRIMARY KEY (b) INCLUDE (a)", None, vec!["b"]),
            ("a int, b int", "PRIMARY KEY (b, a) DEFERRABLE INITIALLY DEFERRED", None, vec!["b", "a"]),
            ("a int NOT NULL, b int NOT NULL", "UNIQUE (a, b)", Some(vec!["b", "a"]), vec!["b", "a"]),
            ("a int NOT NULL, b int", "UNIQUE (a) INCLUDE (b)", Some(vec!["a"]), vec!["a"]),
            (
                &many.iter().map(|name| format!("{name} int DEFAULT 0")).collect::<Vec<_>>().join(", "),
                &format!("PRIMARY KEY ({})", many.join(", ")),
                None,
                many.iter().map(String::as_str).collect(),
            ),
        ] {
            run(&pool, "DROP TABLE IF EXISTS t").await?;
            empty_trail(&pool).await?;
            run(&pool, &format!("CREATE TABLE t ({columns}, note text, {primary_key})")).await?;
            let policy = TablePolicy::new("t").mode(mode);
            let policy = match declared {
                Some(declared) => policy.primary_key(declared),
                None => policy,
            };
            let plan = trail.capture([policy]).await?;
            assert_eq!(plan.tables[0].key, expected, "{primary_key}");
            run(&pool, "INSERT INTO t VALUES (1, 2); UPDATE t SET note = 'b'; DELETE FROM t").await?;
            let same: bool = value(
                &pool,
                &format!(
                    "SELECT bool_and(table_pk = (SELECT jsonb_object_agg(column_name, image ->> column_name)
                                                 FROM unnest(ARRAY['{}']) AS column_name)) AND count(*) = 3
                     FROM (SELECT table_pk, CASE op WHEN 'delete' THEN changed_from ELSE data_after END AS image
                           FROM threadline.audit_changes) AS change",
                    expected.join("', '")
                ),
            )
            .await?;
            assert!(same, "{primary_key} ({}): {:#?}", mode.as_str(), changes(&pool).await?);
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn unsupported_key_type_is_refused_with_table_column_and_type(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, DEFINITIONS).await?;
    for (data_type, named) in [
        ("real", "real"),
        ("double precision", "double precision"),
        ("interval", "interval"),
        ("jsonb", "jsonb"),
        ("integer[]", "integer[]"),
        ("mood[]", "mood[]"),
        ("int4range", "int4range"),
        ("int4multirange", "int4multirange"),
        ("pair", "pair"),
        ("timetz", "time with time zone"),
        ("money", "money"),
        ("tsvector", "tsvector"),
        ("span", "span"),
        ("document", "document"),
    ] {
        run(&pool, &format!("DROP TABLE IF EXISTS odd; CREATE TABLE odd (fine int, peculiar {data_type}, PRIMARY KEY (fine, peculiar))"))
            .await?;
        let error = trail.capture(["odd"]).await.unwrap_err();
        assert!(matches!(error, CaptureError::UnsupportedKeyType { .. }), "{data_type}: {error}");
        let text = error.to_string();
        for word in ["peculiar", "odd", named] {
            assert!(text.contains(word), "{data_type}: {text}");
        }
        assert!(!text.contains("fine"), "{text}");
    }
    Ok(())
}

/// Declares key columns whose types have no index.
#[sqlx::test(migrations = false)]
async fn declared_key_without_possible_index_is_refused(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE odd (peculiar json NOT NULL, place point NOT NULL)").await?;
    for column in ["peculiar", "place"] {
        let error =
            trail.capture([TablePolicy::new("odd").primary_key([column])]).await.unwrap_err().to_string();
        assert!(error.contains("odd") && error.contains(column), "{error}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn table_without_primary_key_is_refused_with_candidate_key(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE SCHEMA billing").await?;
    for (table, columns, candidate) in [
        (TableName::from("events"), "a int", None),
        (TableName::from("events"), "a int UNIQUE", None),
        (TableName::from("events"), "a int NOT NULL UNIQUE DEFERRABLE", None),
        (TableName::from("events"), "a float8 NOT NULL UNIQUE", None),
        (TableName::from("events"), "a int NOT NULL UNIQUE", Some(vec!["a"])),
        (TableName::from("events"), "a float8 NOT NULL UNIQUE, b int NOT NULL UNIQUE", Some(vec!["b"])),
        (
            TableName::from("billing.events"),
            "a int NOT NULL, b text NOT NULL, c int, UNIQUE (b, a) INCLUDE (c)",
            Some(vec!["b", "a"]),
        ),
        (TableName::new("public", "odd \"events\"."), "\"a \"\"b\" int NOT NULL UNIQUE", Some(vec!["a \"b"])),
    ] {
        let name = format!("\"{}\".\"{}\"", table.schema(), table.name().replace('"', "\"\""));
        run(&pool, &format!("DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({columns})")).await?;
        let error = trail.capture([TablePolicy::new(table.clone())]).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("table {table} has no primary key")), "{text}");
        let CaptureError::NoPrimaryKey { candidate: found, .. } = error else {
            return Err(format!("{columns}: {text}").into());
        };
        let candidate = candidate.map(|columns| columns.into_iter().map(str::to_owned).collect());
        assert_eq!(found, candidate, "{columns}");
        if let Some(candidate) = candidate {
            // The table can be captured after the hint is pasted into the file.
            let line = text.split_once("at the file's top ").ok_or("no line to paste")?.1;
            let policy = Config::from_toml(line)?.policy(table);
            assert_eq!(policy.primary_key, Some(candidate));
            trail.capture([policy]).await?;
        } else {
            assert!(text.contains("add one"), "{text}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn declared_key_without_matching_unique_index_is_refused(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    const COLUMNS: &str = "a int NOT NULL, b int NOT NULL, c int, d text NOT NULL";
    for (index, declared, reason) in [
        ("", &["a"][..], "no unique index"),
        ("CREATE INDEX plain ON events (a)", &["a"], "no unique index"),
        ("CREATE UNIQUE INDEX only_some ON events (a) WHERE b > 0", &["a"], "partial"),
        ("CREATE UNIQUE INDEX made ON events (lower(d))", &["d"], "expression"),
        ("CREATE UNIQUE INDEX made ON events (a, abs(b))", &["a"], "expression"),
        ("CREATE UNIQUE INDEX maybe ON events (c)", &["c"], "NULL"),
        ("CREATE UNIQUE INDEX maybe ON events (c) NULLS NOT DISTINCT", &["c"], "NULL"),
        ("ALTER TABLE events ADD CONSTRAINT late UNIQUE (a) DEFERRABLE", &["a"], "deferrable"),
        ("CREATE UNIQUE INDEX more ON events (a, b)", &["a"], "other columns"),
        ("CREATE UNIQUE INDEX less ON events (a)", &["a", "b"], "other columns"),
        ("CREATE UNIQUE INDEX another ON events (d)", &["a"], "other columns"),
        ("CREATE UNIQUE INDEX covering ON events (a) INCLUDE (b)", &["a", "b"], "other columns"),
        (
            "CREATE UNIQUE INDEX broken ON events (a); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass",
            &["a"],
            "not valid",
        ),
    ] {
        run(&pool, &format!("DROP TABLE IF EXISTS events; CREATE TABLE events ({COLUMNS}); {index}")).await?;
        let error =
            trail.capture([TablePolicy::new("events").primary_key(declared.to_vec())]).await.unwrap_err();
        assert!(matches!(error, CaptureError::KeyNotUnique { .. }), "{index}: {error}");
        let text = error.to_string();
        assert!(
            text.contains("table events") && text.contains(&declared.join(", ")) && text.contains(reason),
            "{index}: {text}"
        );
        let named = index.split(' ').skip_while(|word| !["INDEX", "CONSTRAINT"].contains(word)).nth(1);
        if let Some(name) = named.filter(|_| reason != "no unique index") {
            assert!(text.contains(name), "{index}: {text}");
        }
    }
    // One suitable index among several unsuitable ones is enough.
    run(
        &pool,
        &format!(
            "DROP TABLE events; CREATE TABLE events ({COLUMNS}); CREATE UNIQUE INDEX x ON events (a, b) WHERE c > 0;
             CREATE UNIQUE INDEX y ON events (b, a); CREATE UNIQUE INDEX z ON events (a)"
        ),
    )
    .await?;
    let plan = trail.capture([TablePolicy::new("events").primary_key(["a", "b"])]).await?;
    assert_eq!(plan.tables[0].key, ["a", "b"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_policy_is_refused_with_table_and_columns(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE SCHEMA billing; CREATE TABLE billing.lines (no int, pos int, note text, PRIMARY KEY (no, pos));
         CREATE TABLE good (id int PRIMARY KEY)",
    )
    .await?;
    let lines = || TablePolicy::new("billing.lines");
    for (policy, words) in [
        (lines().primary_key(["no", "pos"]), &["billing.lines", "(no, pos)", "remove primary_key"][..]),
        (lines().primary_key(["note"]), &["billing.lines", "(no, pos)", "remove primary_key"]),
        (lines().primary_key(["nope"]), &["primary_key", "billing.lines", "nope", "no, pos, note"]),
        (lines().mask(["pos"]), &["key column pos", "billing.lines", "mask"]),
        (lines().exclude(["pos", "no"]), &["key column no, pos", "billing.lines", "exclude"]),
        (lines().mask(["nope"]), &["mask", "billing.lines", "nope", "no, pos, note"]),
        (lines().exclude(["NOTE"]), &["exclude", "billing.lines", "NOTE"]),
        (lines().except_columns(["nope"]), &["except_columns", "billing.lines", "nope"]),
    ] {
        // The good table comes first and is still not captured.
        let error = trail.capture([TablePolicy::new("good"), policy.clone()]).await.unwrap_err();
        assert!(!matches!(error, CaptureError::Database(_)), "{error}");
        let text = error.to_string();
        for word in words {
            assert!(text.contains(word), "{policy:?}: {text} lacks {word}");
        }
    }
    assert_eq!(
        value::<i64>(&pool, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'threadline\\_audit\\_%'")
            .await?,
        0
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn outdated_capture_plan_is_refused_and_changes_nothing(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for (ddl, words) in [
            ("ALTER TABLE t DROP CONSTRAINT t_pkey", "no longer identified by (id)"),
            ("ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (no)", "no longer identified by (id)"),
            (
                "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, no)",
                "no longer identified by (id)",
            ),
            ("ALTER TABLE t RENAME id TO number", "has no column id"),
            ("ALTER TABLE t DROP COLUMN secret", "has no column secret"),
        ] {
            run(
                &pool,
                "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, no int NOT NULL, secret text)",
            )
            .await?;
            let plan = trail.capture_plan([TablePolicy::new("t").mode(mode).mask(["secret"])]).await?;
            run(&pool, ddl).await?;
            let error = run(&pool, &plan.up).await.unwrap_err().to_string();
            assert!(error.contains(words), "{ddl}: {error}");
            assert_eq!(
                value::<i64>(
                    &pool,
                    "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'threadline\\_audit\\_%'"
                )
                .await?,
                0
            );
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn declared_key_of_partitioned_table_identifies_rows(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE p (a int NOT NULL, b text NOT NULL, note text, UNIQUE (b, a)) PARTITION BY LIST (a);
         CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p_2 PARTITION OF p FOR VALUES IN (2)",
    )
    .await?;
    for mode in CaptureMode::ALL {
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("p").mode(mode).primary_key(["a", "b"])]).await?;
        run(&pool, "INSERT INTO p VALUES (1, 'x'); INSERT INTO p_2 VALUES (2, 'y'); DELETE FROM p WHERE a = 1; DELETE FROM p_2").await?;
        assert_eq!(
            changes(&pool).await?,
            [
                "insert p {a: 1, b: x} {a: 1, b: x, note: null}",
                "insert p {a: 2, b: y} {a: 2, b: y, note: null}",
                "delete p {a: 1, b: x} was {a: 1, b: x, note: null}",
                "delete p {a: 2, b: y} was {a: 2, b: y, note: null}",
            ]
        );
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    Ok(())
}
