//! Settings of the session, the role and the database, and locales of the server: a write records the same bytes under each,
//! and fails under none.

use sqlx::{PgConnection, PgPool};
use threadline::capture::{CaptureMode, TablePolicy};

use crate::cases::told_now;
use threadline_testkit::changes::forget;
use threadline_testkit::database::{Result, install, run, value};

/// A column for each kind of value whose text or reading depends on some setting. What jsonb cannot hold makes capture look
/// closer.
const TABLE: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'so so'); CREATE TYPE place AS (street text, since timestamptz, pair float8[]);
    CREATE TABLE v (id int PRIMARY KEY, at timestamptz, local timestamp, day date, clock timetz, span interval, raw bytea,
      half real, double double precision, spot point, period tstzrange, days datemultirange, moments timestamptz[],
      price money, class regclass, kind regtype, shape xml, words tsvector, body json, bodies json[], feeling mood,
      feelings mood[], place place, places place[], names text[], secret text, hidden bytea, net inet, number numeric);
    CREATE TABLE given (LIKE v);
    INSERT INTO given VALUES (1, '2024-10-27 00:30:00.123456+00', '2024-10-27 00:30:00', '2024-10-27', '12:00:00+03',
      make_interval(years => 1, months => -2, days => 3, secs => -4.5), decode('00ff5c27', 'hex'), 0.1, 0.1::float8 + 0.2,
      point(0.1, 1e-300), tstzrange('2024-01-01 00:00+00', NULL), '{[2024-01-01,2024-02-01)}',
      ARRAY['2024-01-01 00:00+00'::timestamptz, NULL], 1234.5::numeric::money, 'public.v'::regclass,
      'pg_catalog.timestamptz'::regtype, '<a/>'::xml, 'a:1'::tsvector,
      '{\"a\":\"x\\u0000y \\ud800 \\\\u0000\", \"b\": 1e400}', ARRAY['{\"a\": \"\\u0000\"}', '1', NULL]::json[], 'so so',
      ARRAY['sad', NULL]::mood[], '(\"a \"\"b\"\"\",2024-01-01 00:00+00,{0.1})', ARRAY['(a,,)'::place, NULL],
      ARRAY['NULL', NULL, 'a\\b \"c\" {d}'], 'secret', decode('00ff', 'hex'), '10.0.0.1/8', 1.50);";

const WRITES: [&str; 3] = [
    "INSERT INTO public.v SELECT * FROM public.given",
    "UPDATE public.v SET half = half * 3, at = at + make_interval(hours => 1), span = span * 2, body = bodies[1],
       feelings = NULL, secret = 'other', hidden = NULL, raw = raw || raw, names[3] = NULL",
    "DELETE FROM public.v",
];

/// These change what a host's own statement does: they forbid it or take triggers away.
const OTHER_MATTERS: [&str; 7] = [
    "allow_in_place_tablespaces",
    "default_transaction_read_only",
    "exit_on_error",
    "ignore_system_indexes",
    "session_replication_role",
    "transaction_read_only",
    "transaction_isolation",
];

/// Settings that are texts, with values that stand for all others.
const TEXTS: [(&str, &str); 27] = [
    ("TimeZone", "America/St_Johns"),
    ("TimeZone", "<+0545>-05:45"),
    ("DateStyle", "SQL, DMY"),
    ("DateStyle", "Postgres, MDY"),
    ("DateStyle", "German"),
    ("search_path", ""),
    ("search_path", "pg_catalog"),
    ("search_path", "public, pg_catalog"),
    ("search_path", "public, pg_temp, pg_catalog"),
    ("client_encoding", "LATIN1"),
    ("client_encoding", "SQL_ASCII"),
    ("client_encoding", "EUC_JP"),
    ("lc_messages", "C"),
    ("lc_monetary", "C"),
    ("lc_numeric", "POSIX"),
    ("lc_time", "POSIX"),
    ("plpgsql.extra_errors", "all"),
    ("plpgsql.extra_warnings", "all"),
    ("default_text_search_config", "pg_catalog.english"),
    ("timezone_abbreviations", "India"),
    ("default_tablespace", "pg_default"),
    ("temp_tablespaces", "pg_default"),
    ("application_name", "'); DROP TABLE v; --"),
    ("threadline.actor_ref", "not json"),
    ("threadline.actor_ref", "{\"type\": \"user\", \"id\": \"1\"}"),
    ("threadline.declared", "not json"),
    ("threadline.captured", "nothing"),
];

/// The images that a session's writes leave, as one text.
async fn images(pool: &PgPool) -> Result<String> {
    let sql = "SELECT coalesce(string_agg(concat_ws(E'\\n', op, table_pk, data_after, changed_fields, changed_from), E'\\n'
                                          ORDER BY captured_at, id), '') FROM threadline.audit_changes";
    value(pool, sql).await
}

async fn write(connection: &mut PgConnection) -> Result {
    for write in WRITES {
        run(&mut *connection, write).await?;
    }
    Ok(())
}

/// Writes under a setting; answers how the images differ from the expected ones.
async fn difference(pool: &PgPool, setting: &str, to: &str, expected: &str) -> Result<Option<String>> {
    forget(pool).await?;
    let mut transaction = pool.begin().await?;
    let name = format!("{setting} = {to}");
    let set = format!("SET LOCAL {setting} = '{}'", to.replace('\'', "''"));
    if run(&mut *transaction, &set).await.is_err() {
        // Not every value that is listed is there: compression and the like depend on how the server was built.
        return Ok(None);
    }
    if let Err(error) = write(&mut transaction).await {
        return Ok(Some(format!("{name}: {error}")));
    }
    transaction.commit().await.map_err(|error| format!("{name}: {error}"))?;
    let found = images(pool).await?;
    Ok((found != expected).then(|| format!("{name}:\n{found}")))
}

fn policies(mode: CaptureMode) -> [TablePolicy; 2] {
    let whole = TablePolicy::new("v").mode(mode);
    [whole.clone(), whole.mask(["secret"]).exclude(["hidden"])]
}

#[sqlx::test(migrations = false)]
async fn every_setting_of_a_session_leaves_the_same_bytes(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, TABLE).await?;
    // Every value of a word, and both ends of a number.
    let settings: Vec<(String, Vec<String>)> = sqlx::query_as(
        "SELECT name, CASE vartype WHEN 'bool' THEN ARRAY['on', 'off'] WHEN 'enum' THEN enumvals ELSE ARRAY[min_val, max_val] END
         FROM pg_settings WHERE context IN ('user', 'superuser') AND vartype <> 'string' AND name <> ALL ($1) ORDER BY name",
    )
    .bind(&OTHER_MATTERS[..])
    .fetch_all(&pool)
    .await?;
    assert!(settings.len() > 150, "{}", settings.len());
    let settings: Vec<(&str, &str)> = settings
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())))
        .chain(TEXTS)
        .collect();
    let mut problems = Vec::new();
    for mode in CaptureMode::ALL {
        for policy in policies(mode) {
            let name = format!("{}, redacts: {}", mode.as_str(), policy.redacts());
            trail.capture([policy]).await?;
            forget(&pool).await?;
            write(&mut *pool.acquire().await?).await?;
            let expected = images(&pool).await?;
            assert!(expected.contains("2024-10-27T01:30:00.123456+00:00"), "{expected}");
            assert!(expected.contains("\"a\": \"x\u{fffd}y \u{fffd} "), "{expected}");
            for (setting, to) in &settings {
                problems
                    .extend(difference(&pool, setting, to, &expected).await?.map(|p| format!("{name}: {p}")));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    Ok(())
}

/// What a table that has changed since is captured by sets other settings.
#[sqlx::test(migrations = false)]
async fn settings_of_a_session_leave_the_same_bytes_after_the_table_has_changed(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, TABLE).await?;
    let mut problems = Vec::new();
    for mode in CaptureMode::ALL {
        for policy in policies(mode) {
            run(
                &pool,
                "ALTER TABLE v DROP COLUMN IF EXISTS later; ALTER TABLE given DROP COLUMN IF EXISTS later",
            )
            .await?;
            trail.capture([policy]).await?;
            run(&pool, "ALTER TABLE v ADD COLUMN later interval; ALTER TABLE given ADD COLUMN later interval DEFAULT '1 day 2 hours'")
                .await?;
            forget(&pool).await?;
            write(&mut *pool.acquire().await?).await?;
            let expected = images(&pool).await?;
            for (setting, to) in TEXTS.into_iter().chain([
                ("IntervalStyle", "iso_8601"),
                ("bytea_output", "escape"),
                ("extra_float_digits", "-15"),
                ("quote_all_identifiers", "on"),
                ("standard_conforming_strings", "off"),
                ("backslash_quote", "off"),
                ("array_nulls", "off"),
                ("xmloption", "document"),
            ]) {
                problems.extend(difference(&pool, setting, to, &expected).await?);
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    Ok(())
}

/// What a role or a database sets applies from the first statement on, also to the session that installs and captures.
#[sqlx::test(migrations = false)]
async fn settings_of_the_database_change_neither_installation_nor_capture(pool: PgPool) -> Result {
    let database: String = value(&pool, "SELECT quote_ident(current_database())").await?;
    for setting in [
        "DateStyle = 'German, DMY'",
        "IntervalStyle = 'sql_standard'",
        "TimeZone = 'Asia/Kathmandu'",
        "bytea_output = 'escape'",
        "standard_conforming_strings = off",
        "escape_string_warning = off",
        "quote_all_identifiers = on",
        "array_nulls = off",
        "extra_float_digits = -15",
        "default_transaction_isolation = 'serializable'",
        "search_path = ''",
        "plpgsql.variable_conflict = 'error'",
        "check_function_bodies = on",
        "transform_null_equals = on",
        "default_toast_compression = 'pglz'",
    ] {
        run(&pool, &format!("ALTER DATABASE {database} SET {setting}")).await?;
    }
    let sessions = sqlx::postgres::PgPoolOptions::new()
        .max_connections(4)
        .connect_with((*pool.connect_options()).clone())
        .await?;
    let trail = install(&sessions).await?;
    let mut connection = sessions.acquire().await?;
    run(&mut *connection, "SET standard_conforming_strings = on; SET array_nulls = on; SET DateStyle = ISO; SET search_path = public")
        .await?;
    run(&mut *connection, TABLE).await?;
    for mode in CaptureMode::ALL {
        for policy in policies(mode) {
            trail.capture([policy.clone()]).await?;
            forget(&pool).await?;
            write(&mut *sessions.acquire().await?).await?;
            let found = images(&pool).await?;
            for text in [
                "2024-10-27T01:30:00.123456+00:00",
                "10 mons 3 days -00:00:04.5",
                "\\\\x00ff5c27",
                "0.30000000000000004",
                "x\u{fffd}y",
            ] {
                assert!(found.contains(text), "{text} is not in\n{found}");
            }
            assert_eq!(found.contains("\"secret\": \"other\""), !policy.redacts());
        }
    }
    drop(connection);
    sessions.close().await;
    Ok(())
}

/// Turkish has another capital for i, and a collation may take different texts for equal.
#[sqlx::test(migrations = false)]
async fn locale_of_the_database_changes_no_name_and_hides_no_change(pool: PgPool) -> Result {
    let name = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    let with_icu: bool =
        value(&pool, "SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')").await?;
    let locale = if with_icu { "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'" } else { "LOCALE 'C'" };
    run(&pool, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {locale}")).await?;
    let options = (*pool.connect_options()).clone().database(&name);
    let turkish = sqlx::postgres::PgPoolOptions::new().max_connections(4).connect_with(options).await?;
    let played = play_in_turkish(&turkish, with_icu).await;
    turkish.close().await;
    run(&pool, &format!("DROP DATABASE {name} WITH (FORCE)")).await?;
    played
}

async fn play_in_turkish(pool: &PgPool, with_icu: bool) -> Result {
    let trail = install(pool).await?;
    let collation = if with_icu {
        run(
            pool,
            "CREATE COLLATION either (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        )
        .await?;
        "COLLATE either"
    } else {
        ""
    };
    for mode in CaptureMode::ALL {
        run(
            pool,
            &format!(
                "DROP TABLE IF EXISTS titles; CREATE TABLE titles (title text {collation} PRIMARY KEY, note text {collation}, id int)"
            ),
        )
        .await?;
        forget(pool).await?;
        trail.capture([TablePolicy::new("titles").mode(mode)]).await?;
        run(pool, "INSERT INTO titles VALUES ('Istanbul', 'iI', 1), ('izmir', 'i', 2)").await?;
        run(pool, "UPDATE titles SET note = 'II' WHERE id = 1").await?;
        run(pool, "UPDATE titles SET title = 'ISTANBUL' WHERE id = 1").await?;
        run(pool, "DELETE FROM titles WHERE id = 2").await?;
        for (row, expected) in [
            ("title=Istanbul", "became title=ISTANBUL"),
            ("title=ISTANBUL", "existed: {id: 1, note: \"II\", title: \"ISTANBUL\"}"),
            ("title=izmir", "was removed by delete"),
        ] {
            assert_eq!(told_now(pool, &trail, "titles", row).await?, expected, "{}", mode.as_str());
        }
        run(pool, "TRUNCATE titles").await?;
        assert_eq!(told_now(pool, &trail, "titles", "title=ISTANBUL").await?, "was removed by truncate");
    }
    Ok(())
}
