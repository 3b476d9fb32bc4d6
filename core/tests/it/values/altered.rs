//! Tests tables that are altered while another session has cached plans of their capture function, and while a transaction has an
//! older snapshot.

use sqlx::{Connection, PgPool};
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail};
use threadline_testkit::database::{Result, install, run, value};

const ISOLATION_LEVELS: &[&str] = &["REPEATABLE READ", "SERIALIZABLE"];

/// Checks that the write is refused: PostgreSQL would permit it, but shows the transaction the old columns.
#[sqlx::test(migrations = false)]
async fn write_with_snapshot_before_alteration_is_refused(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let alterations = [
        ("ADD COLUMN extra int DEFAULT 7", "{id: 2, note: a, extra: 7}"),
        ("ALTER COLUMN note TYPE evil USING note::evil", "{id: 2, note: a}"),
        ("ADD COLUMN extra evil DEFAULT 'a'", "{id: 2, note: a, extra: a}"),
        ("ADD COLUMN extra json DEFAULT '[1]'", "{id: 2, note: a, extra: [1]}"),
    ];
    run(
        &pool,
        r#"CREATE TYPE evil AS ENUM ('a'); CREATE TABLE ran (what text);
           CREATE FUNCTION to_json(evil) RETURNS json LANGUAGE plpgsql
           AS $$ BEGIN INSERT INTO ran VALUES ('cast'); RETURN '"forged"'; END $$;
           CREATE CAST (evil AS json) WITH FUNCTION to_json(evil)"#,
    )
    .await?;
    for mode in CaptureMode::ALL {
        for isolation in ISOLATION_LEVELS {
            for (alteration, recorded) in alterations {
                let name = format!("{alteration} ({}, {isolation})", mode.as_str());
                run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
                trail.capture([TablePolicy::new("t").mode(mode)]).await?;
                let mut session = pool.acquire().await?;
                run(&mut *session, "INSERT INTO t (id, note) VALUES (1, 'a')").await?;
                empty_trail(&pool).await?;
                run(&mut *session, &format!("BEGIN ISOLATION LEVEL {isolation}; SELECT FROM ran")).await?;
                run(&pool, &format!("ALTER TABLE t {alteration}")).await?;
                let write = "INSERT INTO t (id, note) VALUES (2, 'a')";
                let error =
                    run(&mut *session, write).await.err().ok_or_else(|| format!("{name}: no error"))?;
                assert!(
                    error.to_string().contains("was altered after the transaction began"),
                    "{name}: {error}"
                );
                run(&mut *session, "ROLLBACK").await?;
                run(&mut *session, &format!("BEGIN ISOLATION LEVEL {isolation}; {write}; COMMIT")).await?;
                assert_eq!(changes(&pool).await?, [format!("insert t {{id: 2}} {recorded}")], "{name}");
                // A later write of the session at the default isolation level succeeds.
                run(&mut *session, "UPDATE t SET id = 3 WHERE id = 2").await?;
                assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM ran").await?, 0, "{name}");
            }
        }
    }
    Ok(())
}

/// Checks that no cached plan keeps the name of a table or of its schema after it has changed.
#[sqlx::test(migrations = false)]
async fn renamed_table_and_schema_are_recorded_under_new_names(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let steps = [
        ("", "a.t"),
        ("ALTER TABLE a.t RENAME TO u", "a.u"),
        ("ALTER TABLE a.u RENAME TO t", "a.t"),
        ("ALTER SCHEMA a RENAME TO b", "b.t"),
        ("CREATE SCHEMA a; CREATE TABLE a.t (id int PRIMARY KEY, n int)", "b.t"),
        ("ALTER TABLE b.t SET SCHEMA public", "public.t"),
        ("DROP SCHEMA a CASCADE; ALTER SCHEMA b RENAME TO a; ALTER TABLE t SET SCHEMA a", "a.t"),
    ];
    for mode in CaptureMode::ALL {
        for is_partitioned in [false, true] {
            run(
                &pool,
                if is_partitioned {
                    "DROP SCHEMA IF EXISTS a CASCADE; CREATE SCHEMA a;
                     CREATE TABLE a.t (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
                     CREATE TABLE a.p PARTITION OF a.t DEFAULT"
                } else {
                    "DROP SCHEMA IF EXISTS a CASCADE; CREATE SCHEMA a; CREATE TABLE a.t (id int PRIMARY KEY, n int)"
                },
            )
            .await?;
            trail.capture([TablePolicy::new("a.t").mode(mode)]).await?;
            let mut session = pool.acquire().await?;
            for (ddl, recorded) in steps {
                run(&pool, ddl).await?;
                empty_trail(&pool).await?;
                run(&mut *session, &format!("INSERT INTO {recorded} VALUES (1, 1); DELETE FROM {recorded}"))
                    .await?;
                let found: Vec<String> = value(
                    &pool,
                    "SELECT array_agg(DISTINCT table_schema || '.' || table_name) FROM threadline.audit_changes
                     WHERE table_hash = threadline.threadline_table_hash(table_schema, table_name)",
                )
                .await?;
                assert_eq!(found, [recorded], "{ddl} ({}, partitioned: {is_partitioned})", mode.as_str());
            }
        }
    }
    Ok(())
}

/// Checks that the plans of a capture function are not used for another table that gets the name of its own.
#[sqlx::test(migrations = false)]
async fn tables_that_swap_names_are_recorded_under_new_names(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(
            &pool,
            "DROP TABLE IF EXISTS t, u; CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE u (id int PRIMARY KEY, b text)",
        )
        .await?;
        trail.capture([TablePolicy::new("t").mode(mode), TablePolicy::new("u").mode(mode)]).await?;
        let mut session = pool.acquire().await?;
        run(&mut *session, "INSERT INTO t VALUES (1, 1); INSERT INTO u VALUES (1, 'x')").await?;
        run(
            &pool,
            "BEGIN; ALTER TABLE t RENAME TO v; ALTER TABLE u RENAME TO t; ALTER TABLE v RENAME TO u; COMMIT",
        )
        .await?;
        empty_trail(&pool).await?;
        run(&mut *session, "INSERT INTO t VALUES (2, 'y'); INSERT INTO u VALUES (2, 2)").await?;
        run(&mut *session, "UPDATE t SET b = 'z' WHERE id = 2; UPDATE u SET a = 3 WHERE id = 2").await?;
        assert_eq!(
            changes(&pool).await?,
            [
                "insert t {id: 2} {b: y, id: 2}",
                "insert u {id: 2} {a: 2, id: 2}",
                "update t {id: 2} {b: z, id: 2} {b} was {b: y}",
                "update u {id: 2} {a: 3, id: 2} {a} was {a: 2}",
            ],
            "{}",
            mode.as_str()
        );
    }
    Ok(())
}

/// Alters the table between the writes of one transaction, and rolls the alteration back to a savepoint.
#[sqlx::test(migrations = false)]
async fn table_altered_in_same_transaction_is_recorded_with_current_columns(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for isolation in ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] {
            run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, a int)").await?;
            trail.capture([TablePolicy::new("t").mode(mode)]).await?;
            empty_trail(&pool).await?;
            let mut session = pool.acquire().await?;
            let mut transaction = session.begin().await?;
            run(&mut *transaction, &format!("SET TRANSACTION ISOLATION LEVEL {isolation}")).await?;
            run(&mut *transaction, "INSERT INTO t VALUES (1, 1)").await?;
            run(&mut *transaction, "SAVEPOINT s; ALTER TABLE t ADD COLUMN b text DEFAULT 'x'").await?;
            run(&mut *transaction, "UPDATE t SET b = 'y' WHERE id = 1").await?;
            run(&mut *transaction, "ROLLBACK TO s; UPDATE t SET a = 2 WHERE id = 1").await?;
            transaction.commit().await?;
            assert_eq!(
                changes(&pool).await?,
                ["insert t {id: 1} {a: 1, id: 1}", "update t {id: 1} {a: 2, id: 1} {a} was {a: 1}"],
                "{} {isolation}",
                mode.as_str()
            );
        }
    }
    Ok(())
}
