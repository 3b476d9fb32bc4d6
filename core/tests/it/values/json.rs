//! Tests values that json can hold and jsonb cannot: writes of them must not fail.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};

#[sqlx::test(migrations = false)]
async fn nul_character_is_replaced_and_escaped_backslash_is_not(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE DOMAIN document AS json; CREATE DOMAIN sealed AS document; CREATE TYPE pair AS (a int, b json)",
    )
    .await?;
    let mut problems = Vec::new();
    for mode in CaptureMode::ALL {
        for (data_type, given, stored) in [
            ("json", r#"'"a\u0000b"'"#, "\"a\u{fffd}b\""),
            ("json", r#"'"\u0000\u0000"'"#, "\"\u{fffd}\u{fffd}\""),
            ("json", r#"'"\\u0000"'"#, r#""\\u0000""#),
            ("json", r#"'"\\\u0000"'"#, "\"\\\\\u{fffd}\""),
            ("json", r#"'"\\\\u0000 \u0000"'"#, "\"\\\\\\\\u0000 \u{fffd}\""),
            ("json", r#"'{"k\u0000": ["\u00000"]}'"#, "{\"k\u{fffd}\": [\"\u{fffd}0\"]}"),
            ("json", r#"'"\u00e9 \ud83d\ude00"'"#, "\"é 😀\""),
            ("document", r#"'"\u0000"'"#, "\"\u{fffd}\""),
            ("sealed", r#"'"\u0000"'"#, "\"\u{fffd}\""),
            ("json[]", r#"ARRAY['"\u0000"'::json]"#, "[\"\u{fffd}\"]"),
            ("sealed[]", r#"ARRAY['"\u0000"'::sealed]"#, "[\"\u{fffd}\"]"),
            // A composite value is stored as text, in which nothing has to be replaced.
            ("pair", r#"ROW(1, '"\u0000"')"#, r#""(1,\"\"\"\\\\u0000\"\"\")""#),
            ("text", r"'\u0000'", r#""\\u0000""#),
        ] {
            run(&pool, "DROP TABLE IF EXISTS v").await?;
            empty_trail(&pool).await?;
            run(&pool, &format!("CREATE TABLE v (id int PRIMARY KEY, note text, value {data_type})")).await?;
            trail.capture([TablePolicy::new("v").mode(mode)]).await?;
            let write = format!(
                r"INSERT INTO v VALUES (1, 'a\u0000', {given}); UPDATE v SET note = 'b'; DELETE FROM v"
            );
            if let Err(error) = run(&pool, &write).await {
                problems.push(format!("{data_type} {given} ({}): {error}", mode.as_str()));
                continue;
            }
            let found: Vec<String> = value(
                &pool,
                "SELECT array_agg((coalesce(data_after, changed_from) -> 'value')::text ORDER BY captured_at, id)
                 FROM threadline.audit_changes",
            )
            .await?;
            if found != [stored; 3] {
                problems.push(format!("{data_type} {given} ({}): {found:?}", mode.as_str()));
            }
            let notes: Vec<String> = value(
                &pool,
                "SELECT array_agg(changed_from ->> 'note') FROM threadline.audit_changes WHERE op = 'update'",
            )
            .await?;
            assert_eq!(notes, [r"a\u0000"]);
            assert_eq!(violations(&pool).await?, Vec::<String>::new());
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Writes halves of surrogate pairs, which are not valid text: json does not check them, and jsonb refuses them.
#[sqlx::test(migrations = false)]
async fn unpaired_surrogate_is_replaced(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for (given, stored) in [
            (r#""\ud800""#, "\"\u{fffd}\""),
            (r#""\udc00x""#, "\"\u{fffd}x\""),
            (r#"["\ud83d", "\ud83d\ude00"]"#, "[\"\u{fffd}\", \"😀\"]"),
            (r#"{"\ud800": "\u0000"}"#, "{\"\u{fffd}\": \"\u{fffd}\"}"),
        ] {
            run(&pool, "DROP TABLE IF EXISTS v; CREATE TABLE v (id int PRIMARY KEY, note text, value json)")
                .await?;
            empty_trail(&pool).await?;
            trail.capture([TablePolicy::new("v").mode(mode)]).await?;
            run(
                &pool,
                &format!("INSERT INTO v VALUES (1, 'a', '{given}'); UPDATE v SET note = 'b'; DELETE FROM v"),
            )
            .await?;
            let found: Vec<String> = value(
                &pool,
                "SELECT array_agg((coalesce(data_after, changed_from) -> 'value')::text) FROM threadline.audit_changes",
            )
            .await?;
            assert_eq!(found, [stored; 3], "{given} ({})", mode.as_str());
        }
    }
    Ok(())
}

/// Checks that a value with a number that jsonb cannot hold is stored as text, and that the write succeeds.
#[sqlx::test(migrations = false)]
async fn number_beyond_numeric_is_recorded_as_text(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE v (id int PRIMARY KEY, value json)").await?;
    for mode in CaptureMode::ALL {
        trail.capture([TablePolicy::new("v").mode(mode)]).await?;
        for given in ["1e1000000", "[-1e-999999]"] {
            empty_trail(&pool).await?;
            run(&pool, &format!("INSERT INTO v VALUES (1, '{given}'); DELETE FROM v")).await?;
            let found: Vec<String> = value(
                &pool,
                "SELECT array_agg(coalesce(data_after, changed_from) ->> 'value') FROM threadline.audit_changes",
            )
            .await?;
            assert_eq!(found, [given; 2]);
        }
        run(&pool, "INSERT INTO v VALUES (1, '1e100000'); DELETE FROM v").await?;
    }
    Ok(())
}
