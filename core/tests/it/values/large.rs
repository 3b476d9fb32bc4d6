//! Tests long values, wide and narrow tables, and columns whose values PostgreSQL generates.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};

/// A value of a megabyte that cannot be compressed, so PostgreSQL stores it outside the row.
const LONG_VALUE: &str = "(SELECT string_agg(sha256((n || 'seed')::bytea)::text, '' ORDER BY n) FROM generate_series(1, 16000) AS n)";

#[sqlx::test(migrations = false)]
async fn long_value_unchanged_by_update_is_recorded_completely(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for storage in ["EXTENDED", "EXTERNAL"] {
            run(&pool, "DROP TABLE IF EXISTS t").await?;
            empty_trail(&pool).await?;
            run(
                &pool,
                &format!(
                    "CREATE TABLE t (id int PRIMARY KEY, note text, body text); ALTER TABLE t ALTER body SET STORAGE {storage};
                     INSERT INTO t VALUES (1, 'a', {LONG_VALUE})"
                ),
            )
            .await?;
            assert!(value::<i32>(&pool, "SELECT length(body) FROM t").await? > 1_000_000);
            trail.capture([TablePolicy::new("t").mode(mode)]).await?;
            for write in [
                "UPDATE t SET note = 'b'",
                "UPDATE t SET body = body || 'x'",
                "UPDATE t SET id = 2",
                "DELETE FROM t",
            ] {
                run(&pool, write).await?;
            }
            let found: Vec<String> = value(
                &pool,
                &format!(
                    "SELECT array_agg(concat_ws(' ', op, changed_fields::text, data_after ->> 'body' = body.before,
                                      data_after ->> 'body' = body.before || 'x',
                                      'was ' || (changed_from ->> 'body' = body.before)::text) ORDER BY captured_at, id)
                     FROM threadline.audit_changes, (SELECT {LONG_VALUE} AS before) AS body"
                ),
            )
            .await?;
            assert_eq!(
                found,
                ["update {note} t f", "update {body} f t was true", "update {id} f t", "delete was false"],
                "{} {storage}",
                mode.as_str()
            );
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn generated_and_identity_columns_are_recorded(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t").await?;
        empty_trail(&pool).await?;
        run(
            &pool,
            "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, no serial, net int,
                             gross int GENERATED ALWAYS AS (net * 2) STORED)",
        )
        .await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        run(&pool, "INSERT INTO t (net) VALUES (10), (20); UPDATE t SET net = 11 WHERE id = 1; DELETE FROM t WHERE id = 2")
            .await?;
        assert_eq!(
            changes(&pool).await?,
            [
                "insert t {id: 1} {id: 1, no: 1, net: 10, gross: 20}",
                "insert t {id: 2} {id: 2, no: 2, net: 20, gross: 40}",
                "update t {id: 1} {id: 1, no: 1, net: 11, gross: 22} {gross,net} was {net: 10, gross: 20}",
                "delete t {id: 2} was {id: 2, no: 2, net: 20, gross: 40}",
            ]
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn tables_of_one_and_300_columns_are_recorded(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let list = |item: &dyn Fn(i32) -> String| (1..=300).map(item).collect::<Vec<_>>().join(", ");
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS narrow, wide").await?;
        empty_trail(&pool).await?;
        let columns = list(&|n| format!("a_long_name_of_a_column_{n} int"));
        run(
            &pool,
            &format!(
                "CREATE TABLE narrow (id int PRIMARY KEY); CREATE TABLE wide (id int PRIMARY KEY, {columns})"
            ),
        )
        .await?;
        trail.capture(["narrow", "wide"].map(|table| TablePolicy::new(table).mode(mode))).await?;
        run(&pool, "INSERT INTO narrow VALUES (1); UPDATE narrow SET id = 2; UPDATE narrow SET id = 2; DELETE FROM narrow").await?;
        assert_eq!(
            changes(&pool).await?,
            [
                "insert narrow {id: 1} {id: 1}",
                "update narrow {id: 2} {id: 2} {id} was {id: 1}",
                "delete narrow {id: 2} was {id: 2}"
            ]
        );
        empty_trail(&pool).await?;
        let values = list(&|n| n.to_string());
        let every = list(&|n| format!("a_long_name_of_a_column_{n} = {n} + 1"));
        run(
            &pool,
            &format!(
                "INSERT INTO wide VALUES (1, {values}); UPDATE wide SET a_long_name_of_a_column_300 = 0;
                 UPDATE wide SET {every}; DELETE FROM wide"
            ),
        )
        .await?;
        let found: Vec<String> = value(
            &pool,
            "SELECT array_agg(concat_ws(' ', op, (SELECT count(*) FROM jsonb_object_keys(data_after)),
                                        cardinality(changed_fields), (SELECT count(*) FROM jsonb_object_keys(changed_from)))
                              ORDER BY captured_at, id) FROM threadline.audit_changes",
        )
        .await?;
        assert_eq!(found, ["insert 301 0", "update 301 1 1", "update 301 300 300", "delete 0 301"]);
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    Ok(())
}
