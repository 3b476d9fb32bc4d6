//! Tests settings of the session and the database, and locales of the server: a write records the same bytes with each of them,
//! and fails with none.

use sqlx::{PgConnection, PgPool};
use threadline::capture::{CaptureMode, TablePolicy};

use crate::cases::state_now;
use threadline_testkit::changes::empty_trail;
use threadline_testkit::database::{Result, install, run, value};

/// A table with a column for each kind of value whose text or input depends on a setting. Some values are json that jsonb cannot
/// hold, because capture converts those in another way.
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

/// The settings that are not tested, because they change the host's own statements: they forbid writes or disable triggers.
const SKIPPED_SETTINGS: [&str; 7] = [
    "allow_in_place_tablespaces",
    "default_transaction_read_only",
    "exit_on_error",
    "ignore_system_indexes",
    "session_replication_role",
    "transaction_read_only",
    "transaction_isolation",
];

/// The settings that are texts, each with values that represent all others.
const TEXT_SETTINGS: [(&str, &str); 27] = [
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

/// Returns the rows that a session's writes have recorded, as one text.
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

/// Writes with a setting, and returns the recorded rows if they differ from the expected ones.
async fn difference(pool: &PgPool, setting: &str, to: &str, expected: &str) -> Result<Option<String>> {
    empty_trail(pool).await?;
    let mut transaction = pool.begin().await?;
    let name = format!("{setting} = {to}");
    let set = format!("SET LOCAL {setting} = '{}'", to.replace('\'', "''"));
    if run(&mut *transaction, &set).await.is_err() {
        // Some values that are listed cannot be set, such as compression methods that the server was built without.
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
async fn session_setting_does_not_change_recorded_bytes(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, TABLE).await?;
    // An enumeration is tested with every value, and a number with its minimum and maximum.
    let settings: Vec<(String, Vec<String>)> = sqlx::query_as(
        "SELECT name, CASE vartype WHEN 'bool' THEN ARRAY['on', 'off'] WHEN 'enum' THEN enumvals ELSE ARRAY[min_val, max_val] END
         FROM pg_settings WHERE context IN ('user', 'superuser') AND vartype <> 'string' AND name <> ALL ($1) ORDER BY name",
    )
    .bind(&SKIPPED_SETTINGS[..])
    .fetch_all(&pool)
    .await?;
    assert!(settings.len() > 150, "{}", settings.len());
    let settings: Vec<(&str, &str)> = settings
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())))
        .chain(TEXT_SETTINGS)
        .collect();
    let mut problems = Vec::new();
    for mode in CaptureMode::ALL {
        for policy in policies(mode) {
            let name = format!("{}, redacts: {}", mode.as_str(), policy.redacts());
            trail.capture([policy]).await?;
            empty_trail(&pool).await?;
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

/// Alters the table first, because an altered table is captured by other statements, which set other settings.
#[sqlx::test(migrations = false)]
async fn session_setting_does_not_change_recorded_bytes_of_altered_table(pool: PgPool) -> Result {
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
            empty_trail(&pool).await?;
            write(&mut *pool.acquire().await?).await?;
            let expected = images(&pool).await?;
            for (setting, to) in TEXT_SETTINGS.into_iter().chain([
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

/// Installs and captures with settings of the database, which apply from the first statement of each session.
#[sqlx::test(migrations = false)]
async fn database_settings_do_not_change_installation_or_capture(pool: PgPool) -> Result {
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
            empty_trail(&pool).await?;
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

/// Uses Turkish, which has another capital letter for i, and a collation that treats different texts as equal.
#[sqlx::test(migrations = false)]
async fn turkish_locale_does_not_change_names_or_hide_changes(pool: PgPool) -> Result {
    let name = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    let has_icu: bool =
        value(&pool, "SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')").await?;
    let locale = if has_icu { "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'" } else { "LOCALE 'C'" };
    run(&pool, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {locale}")).await?;
    let options = (*pool.connect_options()).clone().database(&name);
    let turkish = sqlx::postgres::PgPoolOptions::new().max_connections(4).connect_with(options).await?;
    let result = write_titles(&turkish, has_icu).await;
    turkish.close().await;
    run(&pool, &format!("DROP DATABASE {name} WITH (FORCE)")).await?;
    result
}

/// Writes to a table of titles, and checks what the trail reports of its rows.
async fn write_titles(pool: &PgPool, has_icu: bool) -> Result {
    let trail = install(pool).await?;
    let collation = if has_icu {
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
        empty_trail(pool).await?;
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
            assert_eq!(state_now(pool, &trail, "titles", row).await?, expected, "{}", mode.as_str());
        }
        run(pool, "TRUNCATE titles").await?;
        assert_eq!(state_now(pool, &trail, "titles", "title=ISTANBUL").await?, "was removed by truncate");
    }
    Ok(())
}
