//! Tests a role without privileges on the storage schema.

use sqlx::{AssertSqlSafe, PgPool};
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::role::Role;

#[sqlx::test(migrations = false)]
async fn writes_of_role_without_privileges_are_captured(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    role.run_as_owner("CREATE TABLE t (id int PRIMARY KEY, note text); GRANT ALL ON t TO $role").await?;
    for mode in CaptureMode::ALL {
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        let mut connection = role.connect().await?;
        run(
            &mut connection,
            "INSERT INTO t VALUES (1, 'a'); UPDATE t SET note = 'b'; DELETE FROM t; TRUNCATE t",
        )
        .await?;
        assert_eq!(
            changes(&pool).await?,
            [
                "insert t {id: 1} {id: 1, note: a}",
                "update t {id: 1} {id: 1, note: b} {note} was {note: a}",
                "delete t {id: 1} was {id: 1, note: b}",
                "truncate t",
            ]
        );
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    role.drop().await
}

/// Checks a role that may use the schema, which must not be enough.
#[sqlx::test(migrations = false)]
async fn role_with_usage_of_schema_cannot_access_trail_tables(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    role.run_as_owner("CREATE TABLE t (id int PRIMARY KEY); GRANT USAGE ON SCHEMA threadline TO $role")
        .await?;
    trail.capture(["t"]).await?;
    run(&pool, "INSERT INTO t VALUES (1)").await?;
    let relations: Vec<String> = value(
        &pool,
        "SELECT array_agg(oid::regclass::text ORDER BY oid) FROM pg_class
         WHERE relnamespace = 'threadline'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')",
    )
    .await?;
    assert!(relations.len() > 15, "{relations:?}");
    let allowed: Vec<String> = value(
        &pool,
        &format!(
            "SELECT coalesce(array_agg(concat_ws(' ', privilege, oid::regclass)), '{{}}')
             FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS privilege
             WHERE relnamespace = 'threadline'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
               AND (has_any_column_privilege('{role}', oid, privilege) OR has_table_privilege('{role}', oid, 'DELETE')
                    OR has_table_privilege('{role}', oid, 'TRUNCATE') OR has_table_privilege('{role}', oid, 'TRIGGER'))",
            role = role.name
        ),
    )
    .await?;
    assert_eq!(allowed, Vec::<String>::new());
    let mut connection = role.connect().await?;
    for relation in relations {
        for attempt in [
            format!("SELECT * FROM {relation}"),
            format!("INSERT INTO {relation} DEFAULT VALUES"),
            format!("DELETE FROM {relation}"),
            format!("TRUNCATE {relation}"),
            format!("COPY {relation} TO STDOUT"),
            format!("ALTER TABLE {relation} DISABLE TRIGGER ALL"),
            format!("DROP TABLE {relation}"),
            format!("CREATE TABLE child () INHERITS ({relation})"),
        ] {
            let error = sqlx::raw_sql(AssertSqlSafe(attempt.clone()))
                .execute(&mut connection)
                .await
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("permission denied") || error.contains("must be owner"),
                "{attempt}: {error}"
            );
        }
    }
    let error = run(&mut connection, "CREATE TABLE threadline.mine ()").await.unwrap_err().to_string();
    assert!(error.contains("permission denied"), "{error}");
    role.drop().await
}

#[sqlx::test(migrations = false)]
async fn role_with_usage_of_schema_cannot_call_functions(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    role.run_as_owner(
        "CREATE TABLE by_statement (id int PRIMARY KEY); CREATE TABLE by_row (id int PRIMARY KEY);
         GRANT USAGE ON SCHEMA threadline TO $role; CREATE SCHEMA own AUTHORIZATION $role",
    )
    .await?;
    trail
        .capture([TablePolicy::new("by_row").mode(CaptureMode::Row), TablePolicy::new("by_statement")])
        .await?;
    let callable: Vec<String> = value(
        &pool,
        &format!(
            "SELECT coalesce(array_agg(proname::text ORDER BY proname), '{{}}') FROM pg_proc
             WHERE pronamespace = 'threadline'::regnamespace AND has_function_privilege('{}', oid, 'EXECUTE')",
            role.name
        ),
    )
    .await?;
    assert_eq!(callable, Vec::<String>::new());

    let mut connection = role.connect().await?;
    run(&mut connection, "CREATE TABLE own.t (id int PRIMARY KEY)").await?;
    for attempt in [
        "SELECT threadline.threadline_record_transaction(threadline.threadline_transaction_id(), true)",
        "SELECT threadline.threadline_advance_clock(1, 1, 1)",
        "SELECT setval('threadline.threadline_clock', 1)",
        "SELECT nextval('threadline.threadline_clock')",
        "SELECT threadline.threadline_remember_redacted('own.t', '{}')",
        "SELECT threadline.threadline_drop_triggers('own.t', '{}')",
        "SELECT threadline.threadline_ensure_partitions(1)",
        "SELECT threadline.threadline_capture_changes_by_row()",
        "SELECT threadline.threadline_capture_truncate()",
        "CREATE TRIGGER x AFTER INSERT ON own.t FOR EACH ROW EXECUTE FUNCTION threadline.threadline_capture_changes_by_row()",
        "CREATE TRIGGER x AFTER INSERT ON own.t REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
         EXECUTE FUNCTION threadline.threadline_capture_changes_by_statement()",
        "CREATE TRIGGER x AFTER TRUNCATE ON own.t EXECUTE FUNCTION threadline.threadline_capture_truncate()",
        "DROP FUNCTION threadline.threadline_capture_changes_by_row()",
        "ALTER FUNCTION threadline.threadline_capture_changes_by_row() RESET ALL",
        "COMMENT ON FUNCTION threadline.threadline_capture_changes_by_row() IS 'forged'",
        "CREATE OR REPLACE FUNCTION threadline.threadline_capture_changes_by_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "ALTER TABLE by_row DISABLE TRIGGER ALL",
        "DROP TRIGGER threadline_audit_by_row ON by_row",
        "SET session_replication_role = replica",
    ] {
        let error = sqlx::query(attempt).execute(&mut connection).await.unwrap_err().to_string();
        assert!(error.contains("permission denied") || error.contains("must be owner"), "{attempt}: {error}");
    }
    drop(connection);
    role.drop().await
}

#[sqlx::test(migrations = false)]
async fn security_definer_functions_pin_search_path(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE t (id int PRIMARY KEY, secret text); CREATE TABLE p (id int PRIMARY KEY, body json) PARTITION BY LIST (id)",
    )
    .await?;
    for mode in CaptureMode::ALL {
        trail
            .capture([TablePolicy::new("t").mode(mode).mask(["secret"]), TablePolicy::new("p").mode(mode)])
            .await?;
        let functions: Vec<String> = value(
            &pool,
            "SELECT array_agg(concat_ws(' ', proname, proconfig::text) ORDER BY proname) FROM pg_proc
             WHERE pronamespace = 'threadline'::regnamespace AND prosecdef",
        )
        .await?;
        assert!(functions.len() >= 4, "{functions:?}");
        for function in functions {
            assert!(function.contains("\"search_path=pg_catalog, pg_temp\""), "{function}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn forged_setting_does_not_change_transaction_of_change(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    role.run_as_owner("CREATE TABLE t (id int PRIMARY KEY); GRANT ALL ON t TO $role").await?;
    for (at, mode) in CaptureMode::ALL.into_iter().enumerate() {
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        let mut connection = role.connect().await?;
        run(&mut connection, &format!("INSERT INTO t VALUES ({at}0)")).await?;
        let earlier: Vec<String> = value(
            &pool,
            "SELECT ARRAY[id::text, txid::text, occurred_at::text] FROM threadline.audit_transactions",
        )
        .await?;
        run(&mut connection, "BEGIN").await?;
        for name in [
            "transaction_id",
            "txid",
            "transaction",
            "id",
            "occurred_at",
            "captured_at",
            "moment",
            "source",
            "current_transaction",
        ] {
            for forged in &earlier {
                run(
                    &mut connection,
                    &format!("SELECT set_config('threadline.{name}', '{forged}', false), set_config('threadline.{name}', '{forged}', true)"),
                )
                .await?;
            }
        }
        run(&mut connection, &format!("INSERT INTO t VALUES ({at}1); TRUNCATE t")).await?;
        let txid: i64 = value(&mut connection, "SELECT pg_current_xact_id()::text::bigint").await?;
        run(&mut connection, "COMMIT").await?;
        let belongs: bool = value(
            &pool,
            &format!(
                "SELECT count(*) = 2 AND bool_and(t.txid = {txid}) FROM threadline.audit_changes AS c
                 JOIN threadline.audit_transactions AS t ON t.id = c.transaction_id AND t.occurred_at = c.occurred_at
                 WHERE c.transaction_id <> '{}'",
                earlier[0]
            ),
        )
        .await?;
        assert!(belongs, "{}", mode.as_str());
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    role.drop().await
}
