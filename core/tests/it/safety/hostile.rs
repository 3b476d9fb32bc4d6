//! Tests a writer who creates functions, operators, types, tables and casts where the trail's functions might find them.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::role::Role;

/// A function that records each call in a table, to which every user can write.
const TRAP: &str =
    "CREATE TABLE evil.ran (what text, by_whom name DEFAULT current_user); GRANT ALL ON evil.ran TO PUBLIC;
    GRANT USAGE ON SCHEMA evil TO PUBLIC;
    CREATE FUNCTION evil.spring(what text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO evil.ran VALUES (what);
      RAISE WARNING 'ran %', what;
    END $$;";

/// The names, arguments and results of functions that the trail's functions call.
const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("to_jsonb", "anyelement", "jsonb"),
    ("to_jsonb", "record", "jsonb"),
    ("row_to_json", "record", "json"),
    ("now", "", "timestamptz"),
    ("clock_timestamp", "", "timestamptz"),
    ("transaction_timestamp", "", "timestamptz"),
    ("lower", "text", "text"),
    ("to_hex", "bigint", "text"),
    ("lpad", "text, int, text", "text"),
    ("substr", "text, int", "text"),
    ("date_part", "text, timestamptz", "float8"),
    ("gen_random_uuid", "", "uuid"),
    ("pg_current_xact_id", "", "xid8"),
    ("current_setting", "text, bool", "text"),
    ("jsonb_build_object", "VARIADIC text[]", "jsonb"),
    ("jsonb_strip_nulls", "jsonb", "jsonb"),
    ("jsonb_object_keys", "jsonb", "text"),
    ("jsonb_typeof", "jsonb", "text"),
    ("unnest", "anyarray", "anyelement"),
    ("array_append", "anyarray, anyelement", "anyarray"),
    ("hashtextextended", "text, bigint", "bigint"),
    ("jsonb_hash_extended", "jsonb, bigint", "bigint"),
    ("pg_partition_root", "regclass", "regclass"),
    ("threadline_transaction_id", "", "uuid"),
    ("threadline_uuid_v7", "timestamptz", "uuid"),
    ("threadline_actor", "", "jsonb"),
];

/// The names, operands and results of built-in operators.
const OPERATORS: &[(&str, &str, &str, &str)] = &[
    ("=", "text", "text", "bool"),
    ("<>", "text", "text", "bool"),
    ("=", "jsonb", "jsonb", "bool"),
    ("<>", "jsonb", "jsonb", "bool"),
    ("=", "uuid", "uuid", "bool"),
    ("=", "timestamptz", "timestamptz", "bool"),
    ("||", "text", "text", "text"),
    ("||", "jsonb", "jsonb", "jsonb"),
    ("||", "text[]", "text", "text[]"),
    ("||", "text[]", "text[]", "text[]"),
    ("-", "jsonb", "text[]", "jsonb"),
    ("-", "jsonb", "text", "jsonb"),
    ("->", "jsonb", "text", "jsonb"),
    ("->>", "jsonb", "text", "text"),
    ("?", "jsonb", "text", "bool"),
    ("?&", "jsonb", "text[]", "bool"),
    ("+", "bigint", "bigint", "bigint"),
    ("*", "float8", "int", "float8"),
];

const TYPES: [&str; 9] =
    ["text", "jsonb", "uuid", "timestamptz", "bigint", "boolean", "xid8", "oid", "record"];

const TABLES: [&str; 9] = [
    "audit_changes",
    "audit_transactions",
    "new_rows",
    "old_rows",
    "pg_class",
    "pg_attribute",
    "pg_namespace",
    "pg_index",
    "threadline",
];

/// Returns the SQL that creates all of these in the schema `evil` and, as far as possible, as temporary objects.
fn hostile_objects() -> String {
    let mut sql = TRAP.to_owned();
    for (at, (name, arguments, result)) in FUNCTIONS.iter().enumerate() {
        for schema in ["evil", "pg_temp"] {
            sql += &format!(
                "CREATE FUNCTION {schema}.{name}({arguments}) RETURNS {result} LANGUAGE plpgsql
                 AS $$ BEGIN PERFORM evil.spring('function {at} {name}'); RETURN NULL; END $$;\n"
            );
        }
    }
    for (at, (name, left, right, result)) in OPERATORS.iter().enumerate() {
        sql += &format!(
            "CREATE FUNCTION evil.operator_{at}({left}, {right}) RETURNS {result} LANGUAGE plpgsql
             AS $$ BEGIN PERFORM evil.spring('operator {left} {name} {right}'); RETURN NULL; END $$;
             CREATE OPERATOR evil.{name} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = evil.operator_{at});\n"
        );
    }
    for name in TYPES {
        for schema in ["evil", "pg_temp"] {
            sql += &format!("CREATE DOMAIN {schema}.{name} AS pg_catalog.int4 CHECK (value < 0);\n");
        }
    }
    for name in TABLES {
        sql += &format!(
            "CREATE TABLE evil.{name} (id pg_catalog.int4);\nCREATE TEMP TABLE {name} (id pg_catalog.int4);\n"
        );
    }
    sql
}

#[sqlx::test(migrations = false)]
async fn hostile_objects_are_never_used(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    role.run_as_owner(
        "CREATE SCHEMA evil AUTHORIZATION $role; CREATE TABLE t (id int PRIMARY KEY, note text, secret text, hidden text);
         CREATE TABLE p (id int, body json, PRIMARY KEY (id)) PARTITION BY RANGE (id);
         CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (99);
         GRANT ALL ON t, p TO $role",
    )
    .await?;
    let mut connection = role.connect().await?;
    run(&mut connection, &hostile_objects()).await?;
    // This checks that a hostile operator which is found is recorded.
    run(
        &mut connection,
        "SET search_path = evil, pg_temp, pg_catalog; SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text",
    )
    .await?;
    assert_eq!(
        value::<Vec<String>>(&pool, "SELECT array_agg(what) FROM evil.ran").await?,
        ["operator text = text"]
    );

    for mode in CaptureMode::ALL {
        empty_trail(&pool).await?;
        run(&pool, "DELETE FROM evil.ran").await?;
        trail
            .capture([
                TablePolicy::new("t").mode(mode).mask(["secret"]).exclude(["hidden"]),
                TablePolicy::new("p").mode(mode),
            ])
            .await?;
        for path in ["evil, pg_temp, pg_catalog", "pg_temp, evil, pg_catalog", "pg_catalog, evil"] {
            run(&mut connection, &format!("SET search_path = {path}")).await?;
            empty_trail(&pool).await?;
            // The writes have no conditions, which would rightly use the writer's own operators.
            for write in [
                "INSERT INTO public.t VALUES (1, 'a', 's', 'h'), (2, 'b', 's', 'h')",
                "UPDATE public.t SET note = 'x', secret = 'y', hidden = 'z'",
                "UPDATE public.t SET hidden = 'zz'",
                "DELETE FROM public.t",
                "TRUNCATE public.t",
                "INSERT INTO public.p VALUES (1, '{\"a\": 1}')",
                "UPDATE public.p SET id = 11",
                "DELETE FROM public.p",
            ] {
                run(&mut connection, write).await?;
            }
            let mut expected = vec![
                "insert t {id: 1} {id: 1, note: a, secret: [REDACTED]}",
                "insert t {id: 2} {id: 2, note: b, secret: [REDACTED]}",
                "update t {id: 1} {id: 1, note: x, secret: [REDACTED]} {note,secret} was {note: a, secret: [REDACTED]}",
                "update t {id: 2} {id: 2, note: x, secret: [REDACTED]} {note,secret} was {note: b, secret: [REDACTED]}",
                "update t {id: 1} {id: 1, note: x, secret: [REDACTED]}",
                "update t {id: 2} {id: 2, note: x, secret: [REDACTED]}",
                "delete t {id: 1} was {id: 1, note: x, secret: [REDACTED]}",
                "delete t {id: 2} was {id: 2, note: x, secret: [REDACTED]}",
                "truncate t",
                "insert p {id: 1} {id: 1, body: {a: 1}}",
            ];
            let moved: &[&str] = match mode {
                CaptureMode::Statement => &["update p {id: 11} {id: 11, body: {a: 1}} {id} was {id: 1}"],
                CaptureMode::Row => &[
                    "delete p {id: 1} was {id: 1, body: {a: 1}}",
                    "insert p {id: 11} {id: 11, body: {a: 1}}",
                ],
            };
            expected.extend(moved);
            expected.push("delete p {id: 11} was {id: 11, body: {a: 1}}");
            assert_eq!(changes(&pool).await?, expected, "{path} ({})", mode.as_str());
            assert_eq!(violations(&pool).await?, Vec::<String>::new());
        }
        let ran: Vec<String> =
            value(&pool, "SELECT coalesce(array_agg(DISTINCT what), '{}') FROM evil.ran").await?;
        assert_eq!(ran, Vec::<String>::new(), "{}", mode.as_str());
    }
    drop(connection);
    role.drop().await
}

/// Checks that capture uses no casts, also if the type is a part of another one. `to_jsonb()` would use a cast to json, a cast to
/// text would be used likewise, and the owner of the type can create both at any time.
#[sqlx::test(migrations = false)]
async fn cast_of_type_owner_never_runs_and_value_is_recorded_as_text(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    role.run_as_owner("CREATE SCHEMA evil AUTHORIZATION $role").await?;
    let mut connection = role.connect().await?;
    run(&mut connection, TRAP).await?;
    run(
        &mut connection,
        "CREATE TYPE evil.mood AS ENUM ('fine', 'bad'); CREATE TYPE evil.span AS RANGE (subtype = int4);
         CREATE TYPE evil.pair AS (mood evil.mood);
         CREATE FUNCTION evil.cast_it(evil.mood) RETURNS json LANGUAGE plpgsql
         AS $$ BEGIN PERFORM evil.spring('cast'); RETURN '\"forged\"'; END $$;
         CREATE CAST (evil.mood AS json) WITH FUNCTION evil.cast_it(evil.mood);
         CREATE FUNCTION evil.text_of(evil.mood) RETURNS text LANGUAGE plpgsql
         AS $$ BEGIN PERFORM evil.spring('text'); RETURN 'forged'; END $$;
         CREATE CAST (evil.mood AS text) WITH FUNCTION evil.text_of(evil.mood) AS IMPLICIT",
    )
    .await?;
    run(
        &pool,
        "CREATE DOMAIN mood_domain AS evil.mood; CREATE DOMAIN moods_domain AS evil.mood[]; CREATE TYPE box_of_moods AS (a int, m evil.mood);
         CREATE TYPE boxes AS (b box_of_moods[]); CREATE TYPE moods AS RANGE (subtype = evil.mood)",
    )
    .await?;
    let types = [
        ("evil.mood", "fine", r#""fine""#),
        ("evil.mood[]", "{fine,NULL,bad}", r#"["fine", null, "bad"]"#),
        ("evil.span", "[1,3)", r#""[1,3)""#),
        ("evil.span_multirange", "{[1,3)}", r#""{[1,3)}""#),
        ("evil.pair", "(fine)", r#""(fine)""#),
        ("mood_domain", "fine", r#""fine""#),
        ("mood_domain[]", "{fine}", r#"["fine"]"#),
        ("moods_domain", "{fine}", r#"["fine"]"#),
        ("box_of_moods", "(1,fine)", r#""(1,fine)""#),
        ("boxes", "(\"{\"\"(1,fine)\"\"}\")", r#""(\"{\"\"(1,fine)\"\"}\")""#),
        ("moods", "[fine,bad]", r#""[fine,bad]""#),
        ("moods_multirange", "{[fine,bad]}", r#""{[fine,bad]}""#),
    ];
    for mode in CaptureMode::ALL {
        for (data_type, given, recorded) in types {
            run(
                &pool,
                &format!("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, m {data_type})"),
            )
            .await?;
            role.run_as_owner("GRANT ALL ON t TO $role").await?;
            trail.capture([TablePolicy::new("t").mode(mode)]).await?;
            empty_trail(&pool).await?;
            run(&pool, &format!("INSERT INTO t VALUES (1, '{given}'); UPDATE t SET m = NULL; DELETE FROM t"))
                .await?;
            let values: Vec<String> = value(
                &pool,
                "SELECT array_agg(coalesce(data_after -> 'm', changed_from -> 'm')::text ORDER BY captured_at, id)
                 FROM threadline.audit_changes WHERE op <> 'delete'",
            )
            .await?;
            assert_eq!(values, [recorded, "null"], "{data_type}");
            let back = "SELECT changed_from ->> 'm' FROM threadline.audit_changes WHERE op = 'update'";
            assert!(value::<String>(&pool, back).await?.contains(if data_type.contains("span") {
                "1"
            } else {
                "fine"
            }));
        }
        // The table gets such a column after it was captured.
        run(&pool, "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY)").await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        run(&pool, "ALTER TABLE t ADD COLUMN m evil.mood").await?;
        empty_trail(&pool).await?;
        run(&pool, "INSERT INTO t VALUES (1, 'fine'); UPDATE t SET m = 'bad'; DELETE FROM t").await?;
        assert_eq!(
            changes(&pool).await?,
            [
                "insert t {id: 1} {m: fine, id: 1}",
                "update t {id: 1} {m: bad, id: 1} {m} was {m: fine}",
                "delete t {id: 1} was {m: bad, id: 1}"
            ]
        );
    }
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM evil.ran").await?, 0);
    drop(connection);
    run(&pool, "DROP TABLE t; DROP TYPE boxes, box_of_moods CASCADE; DROP DOMAIN mood_domain, moods_domain; DROP TYPE moods").await?;
    role.drop().await
}
