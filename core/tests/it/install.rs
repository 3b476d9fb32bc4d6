//! Tests installation: the databases that it refuses, that a failure leaves nothing behind, and that it runs no hostile code.

use sqlx::PgPool;
use threadline::query::Filter;
use threadline::{AuditTrail, CaptureError, InstallError, Installation, Scope, StorageSchema};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::other_database::OtherDatabase;

const ELIXIR_TRAIL: &str = include_str!("query/reference.sql");
/// The number of objects in the database that do not belong to PostgreSQL, as a query.
const OBJECT_COUNT: &str =
    "SELECT (SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                               WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
                            + (SELECT count(*) FROM pg_namespace)";

#[sqlx::test(migrations = false)]
async fn hostile_search_path_executes_nothing_during_installation_and_capture(pool: PgPool) -> Result {
    // Sessions that begin later have the hostile path, and the pool may open another one at any time.
    let mut connection = pool.acquire().await?;
    run(
        &mut *connection,
        r#"CREATE TABLE t (id int PRIMARY KEY, note text); CREATE TABLE u (id int PRIMARY KEY);
           CREATE SCHEMA evil;
           DO $$
           DECLARE
             body CONSTANT text := 'BEGIN RAISE EXCEPTION ''hostile code ran''; END';
             type text;
             called text;
           BEGIN
             FOREACH type IN ARRAY ARRAY['name', 'text', 'bigint', 'int', 'boolean', 'oid', '"char"', 'bytea'] LOOP
               EXECUTE format('CREATE FUNCTION evil.compare(%1$s, %1$s) RETURNS boolean LANGUAGE plpgsql AS %2$L', type, body);
               EXECUTE format('CREATE OPERATOR evil.= (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = evil.compare)', type);
               EXECUTE format('CREATE OPERATOR evil.<> (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = evil.compare)', type);
             END LOOP;
             FOREACH called IN ARRAY ARRAY['now()', 'current_database()', 'current_setting(text)', 'to_regprocedure(text)',
               'pg_advisory_lock(bigint)', 'pg_advisory_xact_lock(bigint)', 'starts_with(text, text)', 'gen_random_uuid()',
               'has_table_privilege(oid, text)', 'has_schema_privilege(oid, text)', 'pg_backend_pid()'] LOOP
               EXECUTE format('CREATE FUNCTION evil.%s RETURNS text LANGUAGE plpgsql AS %L', called, body);
             END LOOP;
             EXECUTE format('ALTER DATABASE %I SET search_path = evil, pg_catalog, public', current_database());
           END $$"#,
    )
    .await?;
    let victim = PgPool::connect_with((*pool.connect_options()).clone()).await?;
    let ran = run(&victim, "SELECT now()").await.expect_err("the path is hostile").to_string();
    assert!(ran.contains("hostile code ran"), "{ran}");
    let trail = AuditTrail::new(victim.clone());
    assert_eq!(trail.installation().await?, Installation::Missing);
    trail.install().await?;
    trail.install().await?;
    assert_eq!(trail.installation().await?, Installation::Current);
    trail.capture(["t", "u"]).await?;
    trail.capture(["t", "u"]).await?;
    let count = "SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass";
    let triggers: i64 = value(&mut *connection, count).await?;
    assert_eq!(triggers, 4);
    victim.close().await;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn database_in_other_encoding_is_refused_and_unchanged(pool: PgPool) -> Result {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let other = OtherDatabase::create(&pool, encoding).await?;
        run(&other.pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
        let before: i64 = value(&other.pool, OBJECT_COUNT).await?;
        let trail = AuditTrail::new(other.pool.clone());
        let installing = trail.install().await.expect_err(encoding);
        assert!(matches!(installing, InstallError::Encoding { .. }), "{installing}");
        let capturing = trail.capture(["t"]).await.expect_err(encoding);
        assert!(matches!(capturing, CaptureError::Encoding { .. }), "{capturing}");
        for error in [installing.to_string(), capturing.to_string()] {
            assert!(error.contains(&format!("has the encoding {encoding}")), "{error}");
            assert!(error.contains("ENCODING 'UTF8'") && !error.contains(". "), "{error}");
        }
        assert_eq!(value::<i64>(&other.pool, OBJECT_COUNT).await?, before);
        other.drop().await?;
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn trail_of_another_version_is_detected_and_refuses_capture(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
    assert_eq!(trail.installation().await?, Installation::Current);
    let saved = "CREATE TABLE saved AS TABLE threadline.threadline_migrations";
    run(&pool, saved).await?;
    for (harm, state, words) in [
        (
            "DELETE FROM threadline.threadline_migrations WHERE version = (SELECT max(version) FROM saved)",
            Installation::Outdated,
            "holds no audit trail of this version: install it first",
        ),
        (
            "UPDATE threadline.threadline_migrations SET checksum = 'x' WHERE version = 1",
            Installation::Outdated,
            "holds no audit trail of this version: install it first",
        ),
        (
            "INSERT INTO threadline.threadline_migrations VALUES (9999, 'of the future', 'x')",
            Installation::Newer,
            "was made by a newer version of Threadline",
        ),
    ] {
        run(&pool, harm).await?;
        assert_eq!(trail.installation().await?, state, "{harm}");
        let refused = trail.capture(["t"]).await.expect_err(harm).to_string();
        assert!(refused.contains(words), "{refused}");
        run(&pool, "DELETE FROM threadline.threadline_migrations; INSERT INTO threadline.threadline_migrations TABLE saved")
            .await?;
        assert_eq!(trail.installation().await?, Installation::Current);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn installation_over_newer_or_unreleased_trail_is_refused(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "INSERT INTO threadline.threadline_migrations VALUES (9999, 'of the future', 'x')").await?;
    let newer = trail.install().await.expect_err("newer");
    assert!(matches!(newer, InstallError::Newer { version: 9999, .. }), "{newer}");
    run(
        &pool,
        "DELETE FROM threadline.threadline_migrations WHERE version = 9999;
         UPDATE threadline.threadline_migrations SET checksum = 'x' WHERE version = 1",
    )
    .await?;
    let changed = trail.install().await.expect_err("changed");
    assert!(matches!(changed, InstallError::Changed { version: 1, .. }), "{changed}");
    assert!(changed.to_string().contains("made by an unreleased version of Threadline"), "{changed}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn elixir_trail_is_readable_and_refuses_installation_and_capture(pool: PgPool) -> Result {
    run(&pool, ELIXIR_TRAIL).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
    let trail = AuditTrail::new(pool.clone()).storage_schema(StorageSchema::new("public")?);
    // The second case is a table that a failed installation of an earlier version left behind.
    for leftover in ["", "CREATE TABLE public.threadline_migrations (version bigint, checksum bytea)"] {
        run(&pool, leftover).await?;
        let before: i64 = value(&pool, OBJECT_COUNT).await?;
        assert_eq!(trail.installation().await?, Installation::Elixir);
        let installing = trail.install().await.expect_err("Elixir");
        assert!(matches!(installing, InstallError::ElixirTrail { .. }), "{installing}");
        let capturing = trail.capture(["t"]).await.expect_err("Elixir");
        assert!(matches!(capturing, CaptureError::ElixirTrail { .. }), "{capturing}");
        for error in [installing.to_string(), capturing.to_string()] {
            assert!(error.starts_with("schema public holds an audit trail of the Elixir library"), "{error}");
        }
        assert_eq!(value::<i64>(&pool, OBJECT_COUNT).await?, before);
        assert!(!trail.timeline(&Scope::unscoped(), &Filter::default(), 5).await?.is_empty());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn failed_installation_changes_nothing(pool: PgPool) -> Result {
    // A migration fails, because a table with the name that it uses exists already.
    run(&pool, "CREATE SCHEMA threadline; CREATE TABLE threadline.audit_actions (id int)").await?;
    let before: i64 = value(&pool, OBJECT_COUNT).await?;
    let trail = AuditTrail::new(pool.clone());
    let failed = trail.install().await.expect_err("the table is there");
    let text = failed.to_string();
    assert!(matches!(failed, InstallError::Migration { .. }), "{text}");
    assert!(text.contains("already exists (SQLSTATE 42P07)") && !text.contains("at line"), "{text}");
    assert_eq!(value::<i64>(&pool, OBJECT_COUNT).await?, before);
    assert_eq!(trail.installation().await?, Installation::Missing);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn concurrent_installations_create_one_trail(pool: PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    let installing = (0..4).map(|_| {
        tokio::spawn({
            let trail = trail.clone();
            async move { trail.install().await }
        })
    });
    for installed in installing.collect::<Vec<_>>() {
        installed.await??;
    }
    assert_eq!(trail.installation().await?, Installation::Current);
    Ok(())
}
