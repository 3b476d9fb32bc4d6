//! Tests which updates are changes.

use sqlx::PgPool;
use threadline::AuditTrail;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::empty_trail;
use threadline_testkit::database::{Result, install, run, value};

const DEFINITIONS: &str = "CREATE EXTENSION IF NOT EXISTS citext; CREATE DOMAIN document AS jsonb;
    CREATE DOMAIN sealed AS document; CREATE TYPE pair AS (a text, b jsonb); CREATE TYPE mood AS ENUM ('a', 'b')";

/// Updates a value, and returns whether the update was recorded as a change of it.
async fn is_change(
    trail: &AuditTrail,
    pool: &PgPool,
    mode: CaptureMode,
    data_type: &str,
    before: &str,
    after: &str,
) -> Result<bool> {
    run(pool, "DROP TABLE IF EXISTS v").await?;
    run(
        pool,
        &format!(
            "CREATE TABLE v (id int PRIMARY KEY, value {data_type}); INSERT INTO v VALUES (1, {before})"
        ),
    )
    .await?;
    trail.capture([TablePolicy::new("v").mode(mode)]).await?;
    empty_trail(pool).await?;
    run(pool, &format!("UPDATE v SET value = {after}")).await?;
    let fields: Option<Vec<String>> =
        value(pool, "SELECT array_agg(array_to_string(changed_fields, ',')) FROM threadline.audit_changes")
            .await?;
    match fields.as_deref() {
        None => Ok(false),
        Some([fields]) if fields == "value" => Ok(true),
        other => Err(format!("{data_type} {before} -> {after}: {other:?}").into()),
    }
}

#[sqlx::test(migrations = false)]
async fn update_to_distinguishable_value_is_recorded_as_change(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, DEFINITIONS).await?;
    for mode in CaptureMode::ALL {
        for (data_type, before, after) in [
            ("numeric", "1.0", "1.00"),
            ("numeric", "'NaN'", "'Infinity'"),
            ("numeric", "9007199254740993", "9007199254740992"),
            ("float8", "0.1", "0.1 + 2e-17"),
            ("text", "'a'", "'a '"),
            ("text", "''", "NULL"),
            ("text", "NULL", "'null'"),
            ("text", "E'\\u00e9'", "E'e\\u0301'"),
            ("citext", "'A'", "'a'"),
            ("interval", "'1 day'", "'24 hours'"),
            ("interval", "'1 month'", "'30 days'"),
            ("timetz", "'12:00+00'", "'13:00+01'"),
            ("bit varying", "B'1'", "B'10'"),
            ("bytea", "'\\x00'", "'\\x0000'"),
            ("inet", "'10.0.0.1/8'", "'10.0.0.1/16'"),
            ("mood", "'a'", "'b'"),
            ("int[]", "'{1}'", "'{{1}}'"),
            ("int[]", "'{}'", "NULL"),
            ("text[]", "'{NULL}'", "'{\"NULL\"}'"),
            ("int4range", "'empty'", "'(,)'"),
            ("tstzrange", "'[2024-01-01,2024-02-01)'", "'[2024-01-01,2024-02-01]'"),
            ("jsonb", "'1'", "'\"1\"'"),
            ("jsonb", "'true'", "'\"true\"'"),
            ("jsonb", "'null'", "'\"null\"'"),
            ("jsonb", "'\"\"'", "NULL"),
            ("jsonb", "'1.0'", "'1.00'"),
            ("jsonb", "'{\"a\": 1}'", "'{\"a\": \"1\"}'"),
            ("jsonb", "'[1]'", "'\"[1]\"'"),
            ("jsonb", "'{\"a\": null}'", "'{}'"),
            ("jsonb[]", "ARRAY['1'::jsonb]", "ARRAY['\"1\"'::jsonb]"),
            ("json", "'1'", "'\"1\"'"),
            ("json", "'{\"a\": [true]}'", "'{\"a\": [\"true\"]}'"),
            ("document", "'1'", "'\"1\"'"),
            ("sealed", "'false'", "'\"false\"'"),
            ("pair", "ROW('a', '1')", "ROW('a', '\"1\"')"),
            ("pair", "ROW(NULL, NULL)", "NULL"),
        ] {
            assert!(
                is_change(&trail, &pool, mode, data_type, before, after).await?,
                "{data_type} {before} -> {after} ({})",
                mode.as_str()
            );
        }
    }
    Ok(())
}

/// Updates values to others with the same jsonb, which is not a change, because the trail stores rows as jsonb.
#[sqlx::test(migrations = false)]
async fn update_to_value_with_same_jsonb_is_not_recorded_as_change(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, DEFINITIONS).await?;
    for mode in CaptureMode::ALL {
        for (data_type, before, after) in [
            ("float8", "'0'", "'-0'"),
            ("float8", "1", "1.0"),
            ("jsonb", "NULL", "'null'"),
            ("jsonb", "'{\"a\": 1, \"b\": 2}'", "'{\"b\": 2, \"a\": 1}'"),
            ("json", "'{\"a\":1}'", "'{ \"a\" : 1 }'"),
            ("json", "'{\"a\": 0, \"a\": 1}'", "'{\"a\": 1}'"),
            ("int[]", "'{5,6}'", "'[0:1]={5,6}'"),
            ("char(3)", "'a'", "'a '"),
            ("timestamptz", "'2024-01-01 12:00+00'", "'2024-01-01 13:00+01'"),
            ("inet", "'10.0.0.1'", "'10.0.0.1/32'"),
        ] {
            assert!(
                !is_change(&trail, &pool, mode, data_type, before, after).await?,
                "{data_type} {before} -> {after} ({})",
                mode.as_str()
            );
        }
    }
    Ok(())
}
