//! Tests values that are too large for jsonb: no write fails, an excluded value is never converted, and a marker with the size and
//! the digest replaces a value that cannot be stored.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail};
use threadline_testkit::database::{Result, install, run, value};

/// The lock of the tests in this file, because each takes gigabytes of memory for a moment.
static MEMORY_LOCK: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A text whose conversion fails, because jsonb holds texts of up to 268,435,455 bytes.
const TOO_LONG_TEXT: &str = "repeat('0123456789', 27000000)";
/// A value whose text is too long, because it has two digits for each byte.
const TOO_LONG_BYTES: &str = "decode(repeat('ab', 140000000), 'hex')";

/// Creates a table with values that are too long. To copy a stored value takes a hundredth of the time to compute it.
async fn store_too_long_texts(pool: &PgPool) -> Result {
    run(pool, &format!("CREATE TABLE source AS SELECT {TOO_LONG_TEXT} AS old, {TOO_LONG_TEXT} || '1' AS new"))
        .await
}

#[sqlx::test(migrations = false)]
async fn redacted_value_of_any_size_is_never_converted(pool: PgPool) -> Result {
    let _guard = MEMORY_LOCK.lock().await;
    let trail = install(&pool).await?;
    store_too_long_texts(&pool).await?;
    for mode in CaptureMode::ALL {
        run(
            &pool,
            "DROP TABLE IF EXISTS docs; CREATE TABLE docs (id int PRIMARY KEY, title text, body text, secret text)",
        )
        .await?;
        empty_trail(&pool).await?;
        // The row exists before the table is captured, and must not become read-only by that.
        run(&pool, "INSERT INTO docs SELECT 1, 'x', old, old FROM source").await?;
        trail.capture([TablePolicy::new("docs").mode(mode).exclude(["body"]).mask(["secret"])]).await?;
        for write in [
            "UPDATE docs SET title = 'y'",
            "UPDATE docs SET secret = new FROM source",
            "UPDATE docs SET body = new FROM source",
            "UPDATE docs SET id = 2",
            "INSERT INTO docs SELECT 3, title, body, secret FROM docs",
            "DELETE FROM docs WHERE id = 2",
        ] {
            run(&pool, write).await.map_err(|error| format!("{}: {error}", mode.as_str()))?;
        }
        let found = changes(&pool).await?;
        assert_eq!(
            found,
            [
                "update docs {id: 1} {id: 1, title: y, secret: [REDACTED]} {title} was {title: x}",
                "update docs {id: 1} {id: 1, title: y, secret: [REDACTED]} {secret} was {secret: [REDACTED]}",
                "update docs {id: 1} {id: 1, title: y, secret: [REDACTED]}",
                "update docs {id: 2} {id: 2, title: y, secret: [REDACTED]} {id} was {id: 1}",
                "insert docs {id: 3} {id: 3, title: y, secret: [REDACTED]}",
                "delete docs {id: 2} was {id: 2, title: y, secret: [REDACTED]}",
            ],
            "{}",
            mode.as_str()
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn value_too_large_for_jsonb_is_replaced_by_marker(pool: PgPool) -> Result {
    let _guard = MEMORY_LOCK.lock().await;
    let trail = install(&pool).await?;
    for (mode, data_type, too_long, bytes) in [
        (CaptureMode::Statement, "text", TOO_LONG_TEXT, "convert_to(v, 'UTF8')"),
        (CaptureMode::Row, "bytea", TOO_LONG_BYTES, "v"),
    ] {
        run(
            &pool,
            &format!(
                "DROP TABLE IF EXISTS source, t;
                 CREATE TABLE source AS SELECT {too_long} AS v;
                 CREATE TABLE t (id int PRIMARY KEY, note text, v {data_type});
                 INSERT INTO t SELECT 1, 'a', v FROM source"
            ),
        )
        .await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        for write in ["UPDATE t SET note = 'b'", "UPDATE t SET v = 'small'", "DELETE FROM t"] {
            run(&pool, write).await.map_err(|error| format!("{data_type} ({}): {error}", mode.as_str()))?;
        }
        let marker: String = value(
            &pool,
            &format!(
                "SELECT jsonb_build_object('too_large', jsonb_build_object('bytes', length(bytes), 'sha256', encode(sha256(bytes), 'hex')))::text
                 FROM (SELECT {bytes} AS bytes FROM source OFFSET 0) AS source"
            ),
        )
        .await?;
        let marker = marker.replace('"', "");
        let small = if data_type == "bytea" { "\\\\x736d616c6c" } else { "small" };
        assert_eq!(
            changes(&pool).await?,
            [
                format!("update t {{id: 1}} {{v: {marker}, id: 1, note: b}} {{note}} was {{note: a}}"),
                format!("update t {{id: 1}} {{v: {small}, id: 1, note: b}} {{v}} was {{v: {marker}}}"),
                format!("delete t {{id: 1}} was {{v: {small}, id: 1, note: b}}"),
            ],
            "{data_type} ({})",
            mode.as_str()
        );
    }
    Ok(())
}

/// Writes values that fit into jsonb each, and do not fit together.
#[sqlx::test(migrations = false)]
async fn row_too_large_for_jsonb_is_recorded(pool: PgPool) -> Result {
    let _guard = MEMORY_LOCK.lock().await;
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, a text, b text, c text, d text[], e jsonb)").await?;
    trail.capture(["t"]).await?;
    let quarter = "repeat('0123456789', 7000000)";
    run(
        &pool,
        &format!("INSERT INTO t VALUES (1, 'small', {quarter}, {quarter}, ARRAY[{quarter}], to_jsonb({quarter})), (2, 'small', NULL, NULL, NULL, NULL)"),
    )
    .await?;
    run(&pool, "UPDATE t SET a = 'other' WHERE id = 1").await?;
    let found: Vec<String> = value(
        &pool,
        "SELECT array_agg(concat_ws(' ', op, table_pk ->> 'id', changed_fields, data_after ->> 'a') ORDER BY captured_at, id)
         FROM threadline.audit_changes",
    )
    .await?;
    assert_eq!(found, ["insert 1 small", "insert 2 small", "update 1 {a} other"]);
    let is_whole_or_marked: bool = value(
        &pool,
        "SELECT bool_and(octet_length(data_after ->> 'b') = 70000000 OR data_after -> 'b' ? 'too_large')
         FROM threadline.audit_changes WHERE table_pk ->> 'id' = '1'",
    )
    .await?;
    assert!(is_whole_or_marked);
    Ok(())
}
