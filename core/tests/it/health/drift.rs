//! Tests redaction drift.

use sqlx::PgPool;
use threadline::health::{DriftState, Schemas, TableRedaction};
use threadline::{AuditTrail, Config};

use threadline_testkit::database::{Result, install, run, value};

const CANARY: &str = "canary-4711";

async fn drift(trail: &AuditTrail, toml: &str) -> Result<Vec<TableRedaction>> {
    let tables = trail.redaction(&Config::from_toml(toml)?, &Schemas::All).await?;
    assert!(!format!("{tables:?}").contains(CANARY), "a value of a row is in the report");
    Ok(tables)
}

#[sqlx::test(migrations = false)]
async fn changed_file_is_drift_until_triggers_are_generated(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE users (id int PRIMARY KEY, email text, phone text, pin text); CREATE TABLE plain (id int PRIMARY KEY)",
    )
    .await?;
    run(&pool, &format!("INSERT INTO users VALUES (1, '{CANARY}', '{CANARY}', '{CANARY}')")).await?;
    let before = "[capture.tables.users]\nmask = ['phone', 'email']\nexclude = ['pin']";
    let config = Config::from_toml(before)?;
    trail.capture([config.policy("users"), config.policy("plain")]).await?;
    run(&pool, "UPDATE users SET phone = phone || '!'").await?;
    let recorded =
        "SELECT bool_or(concat(changed_from, data_after) LIKE '%canary%') FROM threadline.audit_changes";
    assert!(!value::<bool>(&pool, recorded).await?);
    let same = drift(&trail, before).await?;
    assert!(
        same.iter().all(|table| table.state == DriftState::ConfigMatchesDeployed && table.remedy.is_none())
    );

    let after = "[capture.tables.users]\nmask = ['pin', 'email']\nmask_placeholder = '-'\nmask_null = true\n\
                 [capture.tables.plain]\nmask = ['gone']\n[capture.tables.nowhere]\nmask = ['a']";
    let drifted = drift(&trail, after).await?;
    let [plain, users] = drifted.as_slice() else { return Err(format!("{drifted:?}").into()) };
    assert_eq!((users.state, plain.state), (DriftState::DriftDetected, DriftState::DriftDetected));
    assert_eq!(plain.diff.mask_only_in_config, ["gone"]);
    let diff = &users.diff;
    assert_eq!(
        (&diff.exclude_only_in_deployed[..], &diff.exclude_only_in_config[..]),
        (&["pin".to_owned()][..], &[][..])
    );
    assert_eq!(
        (&diff.mask_only_in_config[..], &diff.mask_only_in_deployed[..]),
        (&["pin".to_owned()][..], &["phone".to_owned()][..])
    );
    assert!(diff.placeholder_mismatch && diff.mask_null_mismatch);
    assert_eq!(
        users.remedy.as_ref().ok_or("no remedy")?.to_string(),
        "threadline gen triggers --tables users --apply"
    );

    trail.capture([Config::from_toml(after)?.policy("users")]).await?;
    assert_eq!(drift(&trail, after).await?[1].state, DriftState::ConfigMatchesDeployed);
    run(&pool, "DROP TABLE plain; CREATE TABLE plain (id int PRIMARY KEY)").await?;
    let dropped = drift(&trail, after).await?;
    assert_eq!(dropped[0].warning.as_deref(), Some("no deployed trigger"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn altered_function_is_reported_until_triggers_are_generated(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE users (id int PRIMARY KEY, email text)").await?;
    for harm in [
        "CREATE OR REPLACE FUNCTION threadline.threadline_capture_changes_users() RETURNS trigger LANGUAGE plpgsql
         SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'",
        "COMMENT ON FUNCTION threadline.threadline_capture_changes_users() IS NULL",
        "COMMENT ON FUNCTION threadline.threadline_capture_changes_users() IS 'forged'",
    ] {
        trail.capture(["users"]).await?;
        assert_eq!(drift(&trail, "").await?[0].state, DriftState::ConfigMatchesDeployed);
        run(&pool, harm).await?;
        let found = drift(&trail, "").await?;
        assert_eq!((found[0].state, &found[0].deployed), (DriftState::CouldNotIntrospect, &None), "{harm}");
        assert!(found[0].warning.is_some() && found[0].remedy.is_some());
    }
    Ok(())
}
