//! Tests types of extensions and of users: capture never calls their casts to json, because a cast may lose a part of the value,
//! fail, or reveal a secret in its error.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};

/// A base type like text, and types of every other kind, each with a cast to json that fails with the value in its error. The cast
/// of the type `lossy` keeps the first word only, so values that differ in the second one are equal for it.
const DEFINITIONS: &str = "
    CREATE TYPE shape;
    CREATE FUNCTION shape_in(cstring) RETURNS shape LANGUAGE internal IMMUTABLE STRICT AS 'textin';
    CREATE FUNCTION shape_out(shape) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
    CREATE FUNCTION shape_receive(internal) RETURNS shape LANGUAGE internal STABLE STRICT AS 'textrecv';
    CREATE FUNCTION shape_send(shape) RETURNS bytea LANGUAGE internal STABLE STRICT AS 'textsend';
    CREATE TYPE shape (INPUT = shape_in, OUTPUT = shape_out, RECEIVE = shape_receive, SEND = shape_send, LIKE = text);
    CREATE TYPE mood AS ENUM ('sad', 'glad', 'so, so');
    CREATE TYPE place AS (street text, outline shape, tags text[]);
    CREATE TYPE span AS RANGE (subtype = float8);
    CREATE TYPE lossy;
    CREATE FUNCTION lossy_in(cstring) RETURNS lossy LANGUAGE internal IMMUTABLE STRICT AS 'textin';
    CREATE FUNCTION lossy_out(lossy) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
    CREATE FUNCTION lossy_receive(internal) RETURNS lossy LANGUAGE internal STABLE STRICT AS 'textrecv';
    CREATE FUNCTION lossy_send(lossy) RETURNS bytea LANGUAGE internal STABLE STRICT AS 'textsend';
    CREATE TYPE lossy (INPUT = lossy_in, OUTPUT = lossy_out, RECEIVE = lossy_receive, SEND = lossy_send, LIKE = text);
    CREATE FUNCTION to_json(lossy) RETURNS json LANGUAGE sql AS $$ SELECT to_json(split_part($1::text, ' ', 1)) $$;
    CREATE CAST (lossy AS json) WITH FUNCTION to_json(lossy);
    CREATE FUNCTION refuse(what text) RETURNS json LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'cannot cast % to json', what; END $$;
    CREATE FUNCTION to_json(shape) RETURNS json LANGUAGE sql AS $$ SELECT refuse($1::text) $$;
    CREATE FUNCTION to_json(mood) RETURNS json LANGUAGE sql AS $$ SELECT refuse($1::text) $$;
    CREATE FUNCTION to_json(place) RETURNS json LANGUAGE sql AS $$ SELECT refuse($1::text) $$;
    CREATE FUNCTION to_json(span) RETURNS json LANGUAGE sql AS $$ SELECT refuse($1::text) $$;
    CREATE CAST (shape AS json) WITH FUNCTION to_json(shape);
    CREATE CAST (mood AS json) WITH FUNCTION to_json(mood);
    CREATE CAST (place AS json) WITH FUNCTION to_json(place);
    CREATE CAST (span AS json) WITH FUNCTION to_json(span);
    CREATE DOMAIN outline AS shape CHECK (value::text <> '');
    CREATE DOMAIN outlines AS shape[];
    CREATE DOMAIN feeling AS mood;";

/// The types, each with two values.
const TYPES: &[[&str; 3]] = &[
    ["lossy", "same first", "same second"],
    ["lossy[]", r#"{"same first",NULL}"#, r#"{"same second",NULL}"#],
    ["shape", "circle 1", "circle 2"],
    ["shape", "", r#"{"not": json, \ "quoted" ''}"#],
    ["shape[]", r#"{circle,"a \"b\", c"}"#, r#"{{circle,NULL},{"","NULL"}}"#],
    ["outline", "square", "line"],
    ["outlines", "{square}", "{}"],
    ["mood", "sad", "so, so"],
    ["mood[]", r#"{sad,"so, so"}"#, "{NULL}"],
    ["feeling", "sad", "glad"],
    ["feeling[]", "{sad}", "{glad}"],
    ["place", r#"("a ""b""",circle,"{x,""y z""}")"#, "(,,)"],
    ["place[]", r#"{"(a,circle,{x})"}"#, r#"{"(a,square,{x})",NULL}"#],
    ["span", "[0.1,0.3)", "(,0.1]"],
    ["span[]", r#"{"[0.1,0.3)"}"#, "{empty}"],
    ["span_multirange", "{[0.1,0.2),[0.3,0.4)}", "{}"],
];

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[sqlx::test(migrations = false)]
async fn value_of_type_with_json_cast_is_recorded_and_restored(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, DEFINITIONS).await?;
    for mode in CaptureMode::ALL {
        for [data_type, one, other] in TYPES {
            let name = format!("{data_type} ({})", mode.as_str());
            run(
                &pool,
                &format!(
                    "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text, v {data_type})"
                ),
            )
            .await?;
            empty_trail(&pool).await?;
            trail.capture([TablePolicy::new("t").mode(mode)]).await?;
            let [one, other] = [quoted(one), quoted(other)];
            for write in [
                &format!("INSERT INTO t VALUES (1, 'a', {one}), (2, 'a', NULL)"),
                &format!("UPDATE t SET v = {other} WHERE id = 1"),
                "UPDATE t SET note = 'b' WHERE id = 1",
                "UPDATE t SET note = 'b' WHERE id = 2",
                "DELETE FROM t WHERE id = 1",
                "DELETE FROM t WHERE id = 2",
            ] {
                run(&pool, write).await.map_err(|error| format!("{name}: {error}"))?;
            }
            let recorded: Vec<String> = value(
                &pool,
                "SELECT array_agg(concat_ws(' ', op, table_pk ->> 'id', changed_fields) ORDER BY captured_at, id)
                 FROM threadline.audit_changes",
            )
            .await?;
            assert_eq!(
                recorded,
                [
                    "insert 1",
                    "insert 2",
                    "update 1 {v}",
                    "update 1 {note}",
                    "update 2 {note}",
                    "delete 1",
                    "delete 2"
                ],
                "{name}"
            );
            let restored: Vec<bool> = value(
                &pool,
                &format!(
                    "SELECT array_agg((jsonb_populate_record(NULL::t, image)).v::text IS NOT DISTINCT FROM expected::text
                                      ORDER BY captured_at, id)
                     FROM (SELECT *, row_number() OVER (ORDER BY captured_at, id) AS n,
                                  coalesce(data_after, changed_from) AS image FROM threadline.audit_changes) AS c
                     JOIN (VALUES (1, {one}::{data_type}), (2, NULL), (3, {other}), (4, {other}), (5, NULL), (6, {other}), (7, NULL))
                       AS expected (n, expected) USING (n)"
                ),
            )
            .await?;
            assert_eq!(restored, [true; 7], "{name}");
            let old: bool = value(
                &pool,
                &format!(
                    "SELECT (jsonb_populate_record(NULL::t, changed_from)).v::text = {one}::{data_type}::text
                     FROM threadline.audit_changes WHERE changed_fields = '{{v}}'"
                ),
            )
            .await?;
            assert!(old, "{name}");
            assert_eq!(violations(&pool).await?, Vec::<String>::new(), "{name}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn redacted_value_of_type_with_json_cast_is_never_converted(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, DEFINITIONS).await?;
    for mode in CaptureMode::ALL {
        for [data_type, one, other] in TYPES {
            let name = format!("{data_type} ({})", mode.as_str());
            run(
                &pool,
                &format!(
                    "DROP TABLE IF EXISTS t;
                     CREATE TABLE t (id int PRIMARY KEY, note text, hidden {data_type}, secret {data_type})"
                ),
            )
            .await?;
            empty_trail(&pool).await?;
            trail.capture([TablePolicy::new("t").mode(mode).exclude(["hidden"]).mask(["secret"])]).await?;
            let [one, other] = [quoted(one), quoted(other)];
            for write in [
                &format!("INSERT INTO t VALUES (1, 'a', {one}, {one})"),
                &format!("UPDATE t SET secret = {other}"),
                &format!("UPDATE t SET hidden = {other}"),
                "UPDATE t SET note = 'b'",
                "DELETE FROM t",
            ] {
                run(&pool, write).await.map_err(|error| format!("{name}: {error}"))?;
            }
            assert_eq!(
                changes(&pool).await?,
                [
                    "insert t {id: 1} {id: 1, note: a, secret: [REDACTED]}",
                    "update t {id: 1} {id: 1, note: a, secret: [REDACTED]} {secret} was {secret: [REDACTED]}",
                    "update t {id: 1} {id: 1, note: a, secret: [REDACTED]}",
                    "update t {id: 1} {id: 1, note: b, secret: [REDACTED]} {note} was {note: a}",
                    "delete t {id: 1} was {id: 1, note: b, secret: [REDACTED]}",
                ],
                "{name}"
            );
        }
    }
    Ok(())
}

/// Gives a column such a type after the table was captured.
#[sqlx::test(migrations = false)]
async fn type_changed_after_capture_is_recorded_as_text(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, DEFINITIONS).await?;
    for mode in CaptureMode::ALL {
        for policy in [TablePolicy::new("t").mode(mode), TablePolicy::new("t").mode(mode).mask(["secret"])] {
            run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, secret text, v text)")
                .await?;
            empty_trail(&pool).await?;
            trail.capture([policy]).await?;
            run(&pool, "INSERT INTO t VALUES (1, 's', 'sad')").await?;
            for data_type in ["mood", "lossy", "shape"] {
                run(&pool, &format!("ALTER TABLE t ALTER v TYPE {data_type} USING v::text::{data_type}"))
                    .await?;
                run(&pool, "UPDATE t SET v = 'glad'; UPDATE t SET v = 'sad'").await?;
            }
            run(&pool, "ALTER TABLE t ADD COLUMN w shape; UPDATE t SET w = 'circle'; DELETE FROM t").await?;
            let found = changes(&pool).await?;
            assert_eq!(found.len(), 9, "{found:#?}");
            assert!(found[8].contains("v: sad") && found[8].contains("w: circle"), "{found:#?}");
        }
    }
    Ok(())
}

/// Tests both kinds: PostgreSQL 18 makes generated columns virtual by default, and triggers read NULL from them.
#[sqlx::test(migrations = false)]
async fn virtual_generated_column_is_omitted_and_stored_one_is_recorded(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let version: i32 = value(&pool, "SELECT current_setting('server_version_num')::int").await?;
    let kinds: &[&str] = if version >= 180_000 { &["STORED", "VIRTUAL", ""] } else { &["STORED"] };
    for mode in CaptureMode::ALL {
        for kind in kinds {
            run(
                &pool,
                &format!(
                    "DROP TABLE IF EXISTS inv; CREATE TABLE inv (id int PRIMARY KEY, secret text, net numeric,
                                                                 gross numeric GENERATED ALWAYS AS (net * 2) {kind})"
                ),
            )
            .await?;
            for policy in [TablePolicy::new("inv"), TablePolicy::new("inv").mask(["secret"])] {
                empty_trail(&pool).await?;
                let is_masked = policy.redacts();
                let plan = trail.capture([policy.mode(mode)]).await?;
                let is_warned = plan.tables[0].warnings.iter().any(|warning| warning.contains("gross"));
                run(
                    &pool,
                    "INSERT INTO inv (id, net) VALUES (1, 100); UPDATE inv SET net = 50; DELETE FROM inv",
                )
                .await?;
                let expected = if *kind == "STORED" {
                    [
                        "insert inv {id: 1} {id: 1, net: 100, gross: 200, secret: null}",
                        "update inv {id: 1} {id: 1, net: 50, gross: 100, secret: null} {gross,net} was {net: 100, gross: 200}",
                        "delete inv {id: 1} was {id: 1, net: 50, gross: 100, secret: null}",
                    ]
                } else {
                    [
                        "insert inv {id: 1} {id: 1, net: 100, secret: null}",
                        "update inv {id: 1} {id: 1, net: 50, secret: null} {net} was {net: 100}",
                        "delete inv {id: 1} was {id: 1, net: 50, secret: null}",
                    ]
                };
                assert_eq!(changes(&pool).await?, expected, "{kind} masked: {is_masked} ({})", mode.as_str());
                assert_eq!(is_warned, *kind != "STORED", "{:?}", plan.tables[0].warnings);
            }
        }
    }
    Ok(())
}
