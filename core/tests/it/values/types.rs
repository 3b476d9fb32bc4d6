//! Tests every built-in type with its extreme values.

use sqlx::PgPool;
use threadline::AuditTrail;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};

const DEFINITIONS: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'so so', 'it''s \"fine\"');
    CREATE TYPE address AS (street text, number int, tags text[], since timestamptz);
    CREATE DOMAIN positive AS numeric CHECK (value > 0);
    CREATE DOMAIN small_positive AS positive CHECK (value < 10);
    CREATE DOMAIN document AS json;
    CREATE DOMAIN documents AS document[];
    CREATE TYPE float_range AS RANGE (subtype = float8);";

/// The types, each with literals that are stored, read back and compared with the row.
const TYPES: &[(&str, &[&str])] = &[
    ("smallint", &["-32768", "32767"]),
    ("integer", &["-2147483648", "2147483647"]),
    ("bigint", &["-9223372036854775808", "9223372036854775807", "9007199254740993"]),
    (
        "numeric",
        &[
            "12345678901234567890123456789.1234567890123456789",
            "9007199254740993",
            "1.0",
            "1.00",
            "-0.000",
            "1e-400",
            "1e400",
            "NaN",
            "Infinity",
            "-Infinity",
        ],
    ),
    ("numeric(10,2)", &["1", "-99999999.99"]),
    ("numeric(5,-3)", &["12345678"]),
    ("real", &["3.4028235e38", "1e-45", "0.1", "NaN", "-Infinity"]),
    (
        "double precision",
        &["1.7976931348623157e308", "5e-324", "2.2250738585072011e-308", "0.1", "NaN", "Infinity"],
    ),
    ("money", &["-92233720368547758.08", "1234.5"]),
    (
        "text",
        &[
            "",
            " ",
            "\t\n\r",
            "\"quoted\" \\u0041 \\",
            "é 日本 😀 \u{feff}\u{202e}",
            "\u{1}\u{7f}",
            "null",
            "{}",
        ],
    ),
    ("varchar(3)", &["abc", ""]),
    ("char(5)", &["ab", "ab   "]),
    ("\"char\"", &["x", ""]),
    ("name", &["a name"]),
    ("bytea", &["\\x", "\\x00ff5c27", "\\xdeadbeef"]),
    ("boolean", &["true", "false"]),
    ("date", &["4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "5874897-12-31", "infinity", "-infinity"]),
    (
        "timestamp",
        &[
            "4713-01-01 00:00:00 BC",
            "294276-12-31 23:59:59.999999",
            "12345-01-02 03:04:05.6",
            "infinity",
            "-infinity",
        ],
    ),
    (
        "timestamptz",
        &[
            "4713-01-02 00:00:00+00 BC",
            "294276-12-31 23:59:59.999999+00",
            "2024-10-27 02:30:00.123456+02",
            "1883-11-18 12:03:58+00",
            "infinity",
            "-infinity",
        ],
    ),
    ("time", &["00:00:00", "24:00:00", "12:34:56.000001"]),
    ("timetz", &["00:00:00+15:59", "24:00:00-15:59", "12:34:56.5-03:30"]),
    (
        "interval",
        &[
            "-178000000 years",
            "1 year -2 mons +3 days -04:05:06.000007",
            "0",
            "36 hours",
            "-1 mon +1 day",
            "1.5 days",
        ],
    ),
    ("uuid", &["00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"]),
    ("inet", &["10.1.2.3/8", "::1", "::ffff:1.2.3.4/96"]),
    ("cidr", &["10.0.0.0/8", "2001:db8::/32"]),
    ("macaddr", &["08:00:2b:01:02:03"]),
    ("macaddr8", &["08:00:2b:01:02:03:04:05"]),
    ("bit(5)", &["00000", "10101"]),
    ("bit varying", &["", "0001"]),
    ("point", &["(1e300,-5e-324)", "(0.1,Infinity)"]),
    ("line", &["{1,-1,0.5}"]),
    ("lseg", &["[(0,0),(0.1,1)]"]),
    ("box", &["(1,1),(0,0)"]),
    ("path", &["[(0,0),(1,1)]", "((0,0),(1,1))"]),
    ("polygon", &["((0,0),(1,1),(1,0))"]),
    ("circle", &["<(0,0),1.5>"]),
    (
        "jsonb",
        &[
            "{\"b\": [1, {\"c\": null}], \"a\": \"x\"}",
            "[]",
            "\"text\"",
            "12345678901234567890.10",
            "true",
            "{\"\": {\"deep\": [[[[0]]]]}}",
        ],
    ),
    ("xml", &["<a b=\"c\">&amp;<!-- d --></a>", "text alone"]),
    ("tsvector", &["'a':1A,2B 'fat cat':3"]),
    ("tsquery", &["'fat' <-> 'cat' & !'rat':*"]),
    ("jsonpath", &["$.\"a\"[*] ? (@ > 1.50)"]),
    ("oid", &["4294967295"]),
    ("regclass", &["pg_catalog.pg_class", "-"]),
    ("regtype", &["timestamp with time zone", "mood"]),
    ("regproc", &["now"]),
    ("regprocedure", &["abs(numeric)"]),
    ("regnamespace", &["pg_catalog"]),
    ("pg_lsn", &["FFFFFFFF/FFFFFFFF", "0/0"]),
    ("xid8", &["18446744073709551615"]),
    ("tid", &["(4294967295,65535)"]),
    ("pg_snapshot", &["10:20:10,14,15"]),
    ("int2vector", &["1 2 3"]),
    ("int4range", &["empty", "[1,5)", "(,)", "[7,)"]),
    ("numrange", &["[1.0,2.00]", "(1e-30,1e30)"]),
    ("daterange", &["[-infinity,infinity]", "[2024-02-29,)"]),
    ("tsrange", &["[2024-01-01 00:00:00.5,infinity]"]),
    ("tstzrange", &["[2024-01-01 00:00+03,2024-06-01 00:00+03)"]),
    ("int4multirange", &["{}", "{[1,3),[7,)}"]),
    ("tstzmultirange", &["{[2024-01-01 00:00+03,2024-06-01 00:00+03)}"]),
    ("float_range", &["[0.1,0.30000000000000004]"]),
    ("integer[]", &["{}", "{1,NULL,3}", "{{1,2},{3,4}}", "{{{1},{NULL}}}"]),
    ("text[]", &["{\"\",NULL,\"NULL\",\"a,b\",\"{}\",\"\\\"\"}"]),
    ("numeric[]", &["{1.0,NaN,12345678901234567890.10}"]),
    ("bytea[]", &["{\"\\\\x00ff\"}"]),
    ("timestamptz[]", &["{\"2024-10-27 02:30:00+02\",infinity}"]),
    ("interval[]", &["{\"1 year -2 mons\"}"]),
    ("jsonb[]", &["{\"{\\\"a\\\": [1, \\\"1\\\"]}\",NULL}"]),
    ("date[]", &["{4713-01-01 BC,infinity}"]),
    ("address", &["(\"Main \"\"St\"\"\",5,\"{a,\"\"b c\"\"}\",\"2024-01-01 00:00:00+03\")", "(,,,)"]),
    ("address[]", &["{\"(a,1,{x},)\",NULL}"]),
    ("positive", &["1.50"]),
    ("small_positive", &["9.990"]),
    ("small_positive[]", &["{1.0,2.00}"]),
    ("mood", &["sad", "so so", "it's \"fine\""]),
    ("mood[]", &["{sad,\"so so\"}"]),
];

/// The settings of the session that compares the stored values with the row.
const PINNED_SETTINGS: &str =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';
    SET extra_float_digits = 1; SET search_path = pg_catalog";

/// Session settings that differ from those of the trail as much as possible.
const UNUSUAL_SETTINGS: &str =
    "SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'German, DMY'; SET IntervalStyle = 'sql_standard';
    SET bytea_output = 'escape'; SET extra_float_digits = -15; SET search_path = public";

const DEFAULT_SETTINGS: &str = "RESET TimeZone; RESET DateStyle; RESET IntervalStyle; RESET bytea_output; RESET extra_float_digits; RESET search_path";

/// Writes values of a type in a session with unusual settings, and returns how the trail differs from the rows.
async fn store(
    trail: &AuditTrail,
    pool: &PgPool,
    mode: CaptureMode,
    data_type: &str,
    values: &[&str],
) -> Result<Vec<String>> {
    run(pool, "DROP TABLE IF EXISTS v").await?;
    empty_trail(pool).await?;
    run(pool, &format!("CREATE TABLE v (id int PRIMARY KEY, value {data_type})")).await?;
    trail.capture([TablePolicy::new("v").mode(mode)]).await?;
    let rows: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(at, value)| format!("({at}, '{}')", value.replace('\'', "''")))
        .collect();
    let mut connection = pool.acquire().await?;
    // The literals are read with the default settings, so that they mean the same for every type.
    run(
        &mut *connection,
        &format!(
            "CREATE TEMP TABLE given AS TABLE v; INSERT INTO given VALUES {}, (-1, NULL)",
            rows.join(", ")
        ),
    )
    .await?;
    run(&mut *connection, UNUSUAL_SETTINGS).await?;
    run(
        &mut *connection,
        "INSERT INTO v SELECT * FROM given ORDER BY id; UPDATE v SET id = id + 1000; DELETE FROM v",
    )
    .await?;
    run(&mut *connection, PINNED_SETTINGS).await?;
    let restored = "(jsonb_populate_record(NULL::public.v, stored)).value";
    // `to_jsonb` converts composite values to objects, while the trail stores texts of every type that is not PostgreSQL's own.
    let own_text = match data_type {
        "address" | "public.hstore" => "|| jsonb_build_object('value', given.value::text)",
        "address[]" | "small_positive[]" => "|| jsonb_build_object('value', given.value::text[])",
        _ => "",
    };
    let problems: Vec<String> = value(
        &mut *connection,
        &format!("SELECT coalesce(array_agg(format('%s %s of %s: stored %s, the row is %s', given.value, op, table_pk, stored, expected)), '{{}}')
         FROM pg_temp.given
         CROSS JOIN LATERAL (VALUES ('insert', given.id), ('update', given.id + 1000), ('delete', given.id + 1000)) AS op (op, id)
         CROSS JOIN LATERAL (SELECT to_jsonb(given) {own_text} || jsonb_build_object('id', op.id) AS expected) AS row_as_it_was
         LEFT JOIN threadline.audit_changes AS c USING (op)
         CROSS JOIN LATERAL (SELECT CASE op WHEN 'delete' THEN changed_from ELSE data_after END AS stored) AS image
         WHERE c.table_pk = jsonb_build_object('id', op.id::text)
           AND (stored::text <> expected::text
                OR op = 'update' AND (changed_fields <> '{{id}}' OR changed_from <> jsonb_build_object('id', given.id))
                OR {restored}::text <> given.value::text OR {restored}::text IS NULL AND given.value::text IS NOT NULL)"),
    )
    .await?;
    run(&mut *connection, &format!("{DEFAULT_SETTINGS}; DROP TABLE given")).await?;
    let stored: i64 = value(pool, "SELECT count(*) FROM threadline.audit_changes").await?;
    let expected = 3 * (i64::try_from(values.len())? + 1);
    let missing = (stored != expected).then(|| format!("{stored} changes, expected {expected}"));
    Ok(problems.into_iter().chain(missing).chain(violations(pool).await?).collect())
}

#[sqlx::test(migrations = false)]
async fn extreme_value_of_every_type_is_recorded_and_restored(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, DEFINITIONS).await?;
    let mut problems = Vec::new();
    for mode in CaptureMode::ALL {
        for (data_type, values) in TYPES {
            let found = store(&trail, &pool, mode, data_type, values).await?;
            problems
                .extend(found.iter().map(|problem| format!("{data_type} ({}): {problem}", mode.as_str())));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Checks that every type that a column can have is in one of the lists here or above.
#[sqlx::test(migrations = false)]
async fn every_built_in_type_is_tested(pool: PgPool) -> Result {
    run(&pool, DEFINITIONS).await?;
    let names: Vec<String> = TYPES.iter().map(|(data_type, _)| (*data_type).to_owned()).collect();
    let missing: Vec<String> = sqlx::query_scalar(
        "SELECT typname::text FROM pg_type
         WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A'
           AND oid <> ALL (SELECT name::regtype FROM unnest($1) AS name) ORDER BY 1",
    )
    .bind(names)
    .fetch_all(&pool)
    .await?;
    let elsewhere = [
        // These are of the same kind as one in the list above.
        "cid",
        "datemultirange",
        "gtsvector",
        "int8multirange",
        "int8range",
        "nummultirange",
        "oidvector",
        "refcursor",
        "regcollation",
        "regconfig",
        "regdictionary",
        "regoper",
        "regoperator",
        "regrole",
        "tsmultirange",
        "txid_snapshot",
        "xid",
        "aclitem",
        "json",
        // Only the server creates values of these.
        "pg_brin_bloom_summary",
        "pg_brin_minmax_multi_summary",
        "pg_dependencies",
        "pg_mcv_list",
        "pg_ndistinct",
        "pg_node_tree",
    ];
    let missing: Vec<&String> = missing.iter().filter(|name| !elsewhere.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn value_of_extension_type_is_recorded_and_restored(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for (extension, data_type, values) in [
        ("citext", "public.citext", &["Ab", ""][..]),
        ("hstore", "public.hstore", &["\"a\"=>\"1\", \"b c\"=>NULL"]),
        ("ltree", "public.ltree", &["Top.Science"]),
        ("cube", "public.cube", &["(1,2),(3,4)"]),
    ] {
        // This fails on a server without PostgreSQL's own extensions, which the package postgresql-contrib contains.
        run(&pool, &format!("CREATE EXTENSION {extension}")).await?;
        for mode in CaptureMode::ALL {
            assert_eq!(
                store(&trail, &pool, mode, data_type, values).await?,
                Vec::<String>::new(),
                "{extension}"
            );
        }
    }
    Ok(())
}

/// Checks texts that must not depend on how `to_jsonb()` is implemented.
#[sqlx::test(migrations = false)]
async fn recorded_text_of_value_is_stable(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for (data_type, given, stored) in [
            ("numeric", "12345678901234567890.10", "12345678901234567890.10"),
            ("bigint", "9007199254740993", "9007199254740993"),
            ("double precision", "0.1", "0.1"),
            ("double precision", "-0", "0"),
            ("double precision", "NaN", r#""NaN""#),
            ("timestamptz", "2024-10-27 02:30:00.5+02", r#""2024-10-27T00:30:00.5+00:00""#),
            ("timestamptz", "0044-03-15 12:00:00+00 BC", r#""0044-03-15T12:00:00+00:00 BC""#),
            ("timestamp", "infinity", r#""infinity""#),
            ("date", "12345-06-07", r#""12345-06-07""#),
            ("interval", "1 year -2 mons +3 days -04:05:06", r#""10 mons 3 days -04:05:06""#),
            ("bytea", "\\x00ff", r#""\\x00ff""#),
            ("char(3)", "a", r#""a  ""#),
            ("integer[]", "{{1,NULL},{3,4}}", "[[1, null], [3, 4]]"),
            ("int4range", "[1,5]", r#""[1,6)""#),
            ("json", r#"{"b" : 1, "a":2, "b":3}"#, r#"{"a": 2, "b": 3}"#),
        ] {
            run(&pool, "DROP TABLE IF EXISTS v").await?;
            empty_trail(&pool).await?;
            run(&pool, &format!("CREATE TABLE v (id int PRIMARY KEY, value {data_type})")).await?;
            trail.capture([TablePolicy::new("v").mode(mode)]).await?;
            run(&pool, &format!("INSERT INTO v VALUES (1, '{given}')")).await?;
            let found: String =
                value(&pool, "SELECT (data_after -> 'value')::text FROM threadline.audit_changes").await?;
            assert_eq!(found, stored, "{data_type} {given}");
        }
    }
    Ok(())
}
